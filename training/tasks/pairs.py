"""Questions with what was found for them -> pairs that a cross-encoder learns from, and how well it orders them. Pure."""

from __future__ import annotations

import random
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.evaluate import ndcg

__all__ = [
    "WEIGHTS",
    "Judged",
    "Probabilities",
    "Recipe",
    "Row",
    "best_weight",
    "combined_ndcg",
    "crossed_ndcg",
    "held_out",
    "rows_of",
    "schedule",
]

WEIGHTS = tuple(round(n / 20, 2) for n in range(21))
"""Shares of the model's probability that are tried against the fused score."""
Probabilities = Sequence[NDArray[np.float32]]
"""The model's, of each question's first passages."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What can be varied."""

    base: str = "sentence-transformers/all-MiniLM-L6-v2"
    """Any encoder; its output layer is replaced."""
    rows: int = 6_000
    """Pairs trained on in one epoch, at most."""
    negatives: int = 3
    """Pairs that do not answer, for each that does."""
    spared: int = 2
    """The best so many unjudged passages are not taken as negatives: they may answer after all."""
    epochs: float = 1.0
    learning_rate: float = 1e-4
    warm_up: float = 0.1
    weight_decay: float = 0.01
    batch_size: int = 16
    frozen_layers: int = 2
    """Lower layers, with the embeddings below them, that stay as they are."""
    window: int = 192
    """Tokens of question and passage together."""
    evaluations: int = 3
    """In each epoch."""
    patience: int = 2
    """Evaluations without a gain before it stops early."""
    validated: int = 80
    """Held-out questions of each evaluation."""
    depth: int = 20
    """Passages reordered in validation; as many negatives are drawn from."""
    bf16: bool = False
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Judged:
    """A question with what retrieval finds for it and what is known to answer it."""

    question: str
    documents: tuple[str, ...]
    """Of the passages found, best first; where passages were judged, their own ids."""
    passages: tuple[str, ...]
    """As the model reads them."""
    fused: tuple[float, ...]
    relevant: Mapping[str, int]
    """document -> grade above 0; also of those that were not found"""
    group: str = ""
    """The set; each weighs the same in validation."""
    right: str = ""
    """A passage that answers it, for where none of those found does; '': there is none."""
    wrong: tuple[str, ...] = ()
    """Passages that do not answer it, found or not, those that people judged first."""
    unsure: frozenset[str] = frozenset()
    """Of the documents found, those that are no negatives though nobody judged them to answer."""


@dataclass(frozen=True, slots=True)
class Row:
    """One pair to learn from."""

    question: str
    passage: str
    label: float


def held_out(judged: Sequence[Judged], share: float, seed: int) -> tuple[list[Judged], list[Judged]]:
    """Training and validation, divided by document: questions that one document answers stay together."""
    cluster: dict[str, int] = {}
    clusters: dict[int, set[str]] = {}
    for n, question in enumerate(judged):
        names = {f"{question.group} {document}" for document in question.relevant}
        for old in {cluster[name] for name in names if name in cluster}:
            names |= clusters.pop(old)
        clusters[n] = names
        cluster |= dict.fromkeys(names, n)
    order = sorted(clusters)
    random.Random(seed).shuffle(order)
    chosen = set(order[: round(len(order) * share)])
    parts: tuple[list[Judged], list[Judged]] = ([], [])
    for question in judged:
        owner = cluster[f"{question.group} {next(iter(question.relevant))}"]
        parts[owner in chosen].append(question)
    return parts


def rows_of(judged: Sequence[Judged], recipe: Recipe) -> list[Row]:
    """One row that answers and `negatives` that do not, for each question that has both, until `rows`.

    What people judged wrong comes first among those that do not; the others are drawn from what was found.
    """
    rng = random.Random(recipe.seed)
    rows: list[Row] = []
    for question in rng.sample(list(judged), len(judged)):
        right, wrong = _sides(question, recipe)
        if not right or not (question.wrong or wrong) or len(rows) + 1 + recipe.negatives > recipe.rows:
            continue
        given = question.wrong[: recipe.negatives]
        drawn = rng.sample(wrong, min(recipe.negatives - len(given), len(wrong)))
        rows.append(Row(question.question, right, 1.0))
        rows += [Row(question.question, passage, 0.0) for passage in (*given, *drawn)]
    return rng.sample(rows, len(rows))


def _sides(question: Judged, recipe: Recipe) -> tuple[str, list[str]]:
    """What answers, '' where nothing does; and of what was found that which does not and was not judged wrong already."""
    found = list(zip(question.documents, question.passages, strict=True))[: recipe.depth]
    # Of a long document the passage that was found first is taken for the one that answers.
    right = next((passage for document, passage in found if document in question.relevant), question.right)
    other = [(d, p) for d, p in found if d not in question.relevant and p not in question.wrong]
    return right, [passage for document, passage in other[recipe.spared :] if document not in question.unsure]


def schedule(rows: Sequence[Row], recipe: Recipe) -> list[Row]:
    """All rows of all epochs in the order in which they are learned, each epoch in another; the seed decides."""
    order: list[Row] = []
    wanted = round(len(rows) * recipe.epochs)
    while len(order) < wanted:
        order += random.Random(f"{recipe.seed} {len(order)}").sample(list(rows), len(rows))
    return order[:wanted]


def combined_ndcg(judged: Sequence[Judged], probabilities: Probabilities, weight: float) -> float:
    """nDCG@10 of the served order, mean over the sets."""
    return _mean(judged, [_ndcg(*one, weight) for one in zip(judged, probabilities, strict=True)])


def best_weight(judged: Sequence[Judged], probabilities: Probabilities) -> float:
    """That with the best order; of equals the highest."""
    return max((combined_ndcg(judged, probabilities, weight), weight) for weight in WEIGHTS)[1]


def crossed_ndcg(judged: Sequence[Judged], probabilities: Probabilities) -> float:
    """The same where each half of the questions is ordered with the weight that is best for the other: a weight that was
    chosen on what it is measured on makes gains of chance."""
    scores = [0.0] * len(judged)
    for half in (0, 1):
        weight = best_weight(judged[1 - half :: 2], probabilities[1 - half :: 2])
        for n in range(half, len(judged), 2):
            scores[n] = _ndcg(judged[n], probabilities[n], weight)
    return _mean(judged, scores)


def _ndcg(question: Judged, p: NDArray[np.float32], weight: float) -> float:
    scores = (1 - weight) * np.array(question.fused)
    scores[: len(p)] += weight * p
    order = np.argsort(-scores, kind="stable")
    return ndcg(list(dict.fromkeys(question.documents[i] for i in order)), question.relevant)


def _mean(judged: Sequence[Judged], scores: Sequence[float]) -> float:
    by_group: dict[str, list[float]] = {}
    for question, score in zip(judged, scores, strict=True):
        by_group.setdefault(question.group, []).append(score)
    return statistics.fmean(statistics.fmean(values) for values in by_group.values())
