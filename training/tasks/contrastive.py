"""Questions among the passages of their batch: what a batch holds, what may count as wrong in it, and the loss."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.dataset.rows import Example, Text

__all__ = ["Batch", "Rows", "batches", "contrast", "rows_of"]

SHARD = 4_096
"""Pairs among which near questions are looked for: their likeness is a table of the square of it."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Distinct questions and passages by number, and which goes with which."""

    questions: tuple[str, ...]
    passages: tuple[str, ...]
    right: tuple[frozenset[int], ...]
    """Of each question: the passages that answer it."""
    wrong: tuple[tuple[int, ...], ...]
    """Of each question: those that do not, what people judged first."""
    spared: tuple[frozenset[int], ...]
    """Of each question: those that are not taken for wrong because they are beside a right one in its document."""

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """Question and right passage; as many for a question as it has of these."""
        return [(n, passage) for n, right in enumerate(self.right) for passage in sorted(right)]


@dataclass(frozen=True, slots=True)
class Batch:
    questions: tuple[int, ...]
    passages: tuple[int, ...]
    """The right one of each question in their order, then hard negatives; each once."""
    masked: NDArray[np.bool_]
    """(questions, passages): not wrong for the question, though not the one it is paired with."""


def rows_of(examples: Sequence[Example]) -> Rows:
    """Examples that have a right passage; those of one question, but for case and space, are one. Equal texts are one."""
    asked: dict[str, list[Example]] = {}
    for example in examples:
        if example.right:
            asked.setdefault(" ".join(example.question.lower().split()), []).append(example)
    passages: dict[str, int] = {}
    documents: dict[str, set[int]] = {}
    right = [frozenset(_numbered([e.right for e in same], passages, documents)) for same in asked.values()]
    wrong = [
        # what people judged comes first
        _numbered([*(e.wrong for e in same), *(e.mined for e in same)], passages, documents)
        for same in asked.values()
    ]
    wrong = [[n for n in some if n not in fine] for some, fine in zip(wrong, right, strict=True)]
    beside = [{text.document for e in same for text in e.right} for same in asked.values()]
    spared = [frozenset(n for name in names for n in documents[name]) for names in beside]
    return Rows(
        tuple(same[0].question for same in asked.values()),
        tuple(passages),
        tuple(right),
        tuple(map(tuple, wrong)),
        tuple(fine - set(some) for fine, some in zip(spared, wrong, strict=True)),
    )


def _numbered(
    texts: Sequence[Sequence[Text]], passages: dict[str, int], documents: dict[str, set[int]]
) -> list[int]:
    """The numbers of these texts, each once; new ones are added to both tables."""
    numbers = []
    for text in (text for some in texts for text in some):
        numbers.append(passages.setdefault(text.text, len(passages)))
        documents.setdefault(text.document, set()).add(numbers[-1])
    return list(dict.fromkeys(numbers))


def batches(
    rows: Rows, size: int, hard: int, near: int, vectors: NDArray[np.float32], seed: int
) -> Iterator[Batch]:
    """One epoch: each pair once, no question and no right passage twice in a batch.

    hard: negatives of its own that each question brings, at most. near: pairs whose questions are like each other come
    in groups of so many, so that one's passage is a hard negative of the next at no cost (Hofstätter et al. 2021,
    topic-aware sampling); 1: at random. vectors: of the questions, (questions, dimension). Pure; the seed decides.
    """
    chance = random.Random(seed)
    waiting = _grouped(rows.pairs, near, vectors, chance)
    while waiting:
        chosen, left = _without_duplicates(waiting, size)
        yield _batch(rows, chosen, hard, chance)
        waiting = left


def contrast(
    questions: Any, passages: Any, masked: Any, temperature: float, dimensions: Sequence[int] = ()
) -> Any:
    """InfoNCE in both directions (van den Oord et al. 2018): each question's passage, and each passage's question.

    questions (q, d); passages (p, d), the first q the right ones in order; masked (q, p), bool. dimensions: also of the
    vectors' first so many numbers, all weighing the same (Matryoshka, Kusupati et al. 2022).
    """
    import torch

    if dimensions:
        shorter = [contrast(questions[:, :d], passages[:, :d], masked, temperature) for d in dimensions]
        return torch.stack([contrast(questions, passages, masked, temperature), *shorter]).mean()
    unit = torch.nn.functional.normalize
    scores = unit(questions, dim=-1) @ unit(passages, dim=-1).T / temperature
    scores = scores.masked_fill(masked, -torch.inf)
    target = torch.arange(len(questions), device=scores.device)
    there = torch.nn.functional.cross_entropy(scores, target)
    back = torch.nn.functional.cross_entropy(scores[:, : len(questions)].T, target)
    return (there + back) / 2


def _grouped(
    pairs: Sequence[tuple[int, int]], near: int, vectors: NDArray[np.float32], chance: random.Random
) -> list[tuple[int, int]]:
    """Groups of near pairs, in random order one behind the other."""
    mixed = chance.sample(list(pairs), len(pairs))
    if near < 2:
        return mixed
    groups = []
    for start in range(0, len(mixed), SHARD):
        shard = mixed[start : start + SHARD]
        of = vectors[[question for question, _ in shard]]
        groups += [[shard[n] for n in group] for group in _neighbourhoods(of @ of.T, near)]
    chance.shuffle(groups)
    return [pair for group in groups for pair in group]


def _neighbourhoods(likeness: NDArray[np.float32], near: int) -> Iterator[list[int]]:
    """Each row in one group, with the nearest of those that are left."""
    left = np.ones(len(likeness), bool)
    for n in range(len(likeness)):
        if left[n]:
            left[n] = False
            nearest = np.argsort(np.where(left, -likeness[n], np.inf), kind="stable")[: near - 1]
            group = [n, *(int(other) for other in nearest if left[other])]
            left[group] = False
            yield group


def _without_duplicates(
    waiting: Sequence[tuple[int, int]], size: int
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """The first pairs that share neither question nor passage; and those that are left for later batches."""
    chosen: list[tuple[int, int]] = []
    questions: set[int] = set()
    passages: set[int] = set()
    passed: list[tuple[int, int]] = []
    for at, (question, passage) in enumerate(waiting):
        if len(chosen) == size:
            return chosen, passed + list(waiting[at:])
        if question in questions or passage in passages:
            passed.append((question, passage))
        else:
            chosen.append((question, passage))
            questions.add(question)
            passages.add(passage)
    return chosen, passed


def _batch(rows: Rows, pairs: Sequence[tuple[int, int]], hard: int, chance: random.Random) -> Batch:
    passages = dict.fromkeys(passage for _, passage in pairs)
    for question, _ in pairs:
        wrong = rows.wrong[question]
        passages |= dict.fromkeys(chance.sample(wrong, min(hard, len(wrong))))
    columns = list(passages)
    masked = np.zeros((len(pairs), len(columns)), bool)
    for n, (question, own) in enumerate(pairs):
        fine = (rows.right[question] | rows.spared[question]) - {own}
        masked[n] = [passage in fine for passage in columns]
    return Batch(tuple(question for question, _ in pairs), tuple(columns), masked)
