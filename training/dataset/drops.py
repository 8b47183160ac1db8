"""What is left out of a dataset, each example with a sentence that says why; and the table of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from training.dataset.rows import Example

__all__ = ["Count", "Dropped", "summary"]

SHOWN = 3
LONGEST = 120


@dataclass(frozen=True, slots=True)
class Dropped:
    reason: str
    """The same words for the same reason: examples are counted by them."""
    example: Example


@dataclass(frozen=True, slots=True)
class Count:
    """A row of the table."""

    reason: str
    count: int
    examples: tuple[str, ...]
    """Some of the questions, cut where they are long; none of what may not be kept."""


def summary(dropped: Iterable[Dropped], shown: int = SHOWN) -> tuple[Count, ...]:
    """By reason, the commonest first. shown: questions given with each."""
    questions: defaultdict[str, list[str]] = defaultdict(list)
    for one in dropped:
        questions[one.reason].append(one.example.question)
    rows = (
        Count(
            reason,
            len(found),
            tuple(_short(question) for question in dict.fromkeys(found) if question)[:shown],
        )
        for reason, found in questions.items()
    )
    return tuple(sorted(rows, key=lambda row: (-row.count, row.reason)))


def _short(question: str) -> str:
    line = " ".join(question.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1].rstrip()}…"
