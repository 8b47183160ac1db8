"""What a router learns from and how well it does: questions with their routes, thresholds, measures. Pure; no torch."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag_core.routing import ANSWER
from training.dataset.rows import Example, Part

__all__ = [
    "EVIDENCE",
    "PRECISION",
    "RoutedQuestion",
    "built_in",
    "folds",
    "learnable",
    "measures",
    "questions_of",
    "thresholds",
]

PRECISION = 0.9
"""Of the questions that take a detour, the share that must belong there."""
EVIDENCE = 3
"""Questions that must have been sent rightly before a route is open at all."""
FLOOR = 0.8
"""No threshold is lower: what the team never asked about looks a little like everything. At 0.5, of 279 such questions
(train and dev splits of medquad, squad_dev, mtrag_human) 48 were sent elsewhere, at 0.8 two; all 24 of small talk that is
not built in were recognised at either."""
FOLDS = 5
_ASKED = ("review", "golden", "standard")


@dataclass(frozen=True, slots=True)
class RoutedQuestion:
    question: str
    label: str
    group: str
    """Of one group all are trained on, or none."""
    part: Part
    built_in: bool = False
    """Whether it comes from small_talk.txt and was never asked."""


def built_in() -> list[tuple[str, str]]:
    """Texts with their labels: small talk, as teams rarely label theirs, and questions, so that it can be told from them."""
    lines = Path(__file__).with_name("small_talk.txt").read_text(encoding="utf-8").splitlines()
    texts, label = [], ""
    for line in lines:
        if line.startswith("["):
            label = line.strip("[]")
        elif line and not line.startswith("#"):
            texts.append((line, label))
    return texts


def questions_of(examples: Sequence[Example]) -> list[RoutedQuestion]:
    """Those with a route, of the parts for training and validation, with what is built in.

    A question without a label that passages answer is one to answer. Of what is built in every fifth is held out, and what
    an example asks with the same words is left out, so that nothing of the test part is learned.
    """
    asked = {_folded(example.question) for example in examples}
    unasked = [row for row in built_in() if _folded(row[0]) not in asked]
    return [
        RoutedQuestion(e.question, _label(e), e.group or e.question, e.part)
        for e in examples
        if _label(e) and e.part != "test"
    ] + [
        RoutedQuestion(text, label, f"built in {n}", "train" if n % FOLDS else "validation", built_in=True)
        for n, (text, label) in enumerate(unasked)
    ]


def _label(example: Example) -> str:
    if example.route:
        return example.route
    return ANSWER if example.right and example.origin.source in _ASKED else ""


def _folded(text: str) -> str:
    return " ".join("".join(c if c.isalnum() else " " for c in text.casefold()).split())


def learnable(questions: Sequence[RoutedQuestion], least: int) -> tuple[str, ...]:
    """The labels with at least so many questions, 'answer' first. Small talk that is built in counts, questions do not: a
    router is of use where it knows what the team asks."""
    counts = Counter(q.label for q in questions if q.label != ANSWER or not q.built_in)
    return tuple(sorted((name for name, n in counts.items() if n >= least), key=lambda n: (n != ANSWER, n)))


def folds(questions: Sequence[RoutedQuestion], seed: int) -> NDArray[np.int64]:
    """(n,) the number of each question's fold, 0 to 4: groups stay whole, and each label is in all folds alike."""
    label_of = {question.group: question.label for question in questions}
    groups = sorted(label_of)
    random.Random(seed).shuffle(groups)
    groups.sort(key=label_of.__getitem__)
    fold_of = {group: n % FOLDS for n, group in enumerate(groups)}
    return np.array([fold_of[question.group] for question in questions], np.int64)


def thresholds(
    labels: Sequence[str], probabilities: NDArray[np.float32], truth: Sequence[str]
) -> dict[str, float]:
    """label -> the lowest probability from which on PRECISION is kept; no entry where none keeps it.

    probabilities: (n, labels), each row from an output layer that did not learn from it. truth: (n,).
    """
    best = probabilities.argmax(1)
    found = {}
    for n, label in enumerate(labels):
        rows = np.flatnonzero(best == n)
        rows = rows[np.argsort(-probabilities[rows, n], kind="stable")]
        right = np.cumsum([truth[row] == label for row in rows.tolist()])
        kept = np.flatnonzero((right >= EVIDENCE) & (right >= PRECISION * np.arange(1, len(rows) + 1)))
        if label != ANSWER and len(kept):
            found[label] = max(FLOOR, float(probabilities[rows[kept[-1]], n]))
    return found


def measures(labels: Sequence[str], truth: Sequence[str], given: Sequence[str]) -> Mapping[str, float]:
    """'accuracy', 'macro F1', and 'precision LABEL' and 'recall LABEL' of each label that occurs."""
    said = Counter(given)
    there = Counter(truth)
    hits = Counter(a for a, b in zip(truth, given, strict=True) if a == b)
    figures = {"accuracy": sum(hits.values()) / len(truth)}
    scores = []
    for label in labels:
        if said[label] or there[label]:
            scores.append(2 * hits[label] / (said[label] + there[label]))
            figures[f"precision {label}"] = hits[label] / max(1, said[label])
            figures[f"recall {label}"] = hits[label] / max(1, there[label])
    return figures | {"macro F1": float(np.mean(scores))}
