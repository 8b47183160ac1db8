"""The active release and the candidate in numbers: each measure before and after, and how sure the difference is. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from training.evaluate.measured import Measured
from training.gate import Abstaining, Paired
from training.job.judging import compared
from training.significance import RESAMPLES, Interval, bootstrap, difference, share_change

__all__ = ["Figure", "figures_of", "gains_of"]

LATENCY = "95th percentile, ms"


@dataclass(frozen=True, slots=True)
class Figure:
    name: str
    before: float
    after: float
    gain: Interval | None = None
    """Paired bootstrap over groups of questions; None: of this one there is none."""
    questions: int = 0
    """0: it is not one of each question."""
    share: bool = True
    """From 0 to 1, the more the better."""


def figures_of(before: Measured, after: Measured, latency_ms: Any, confidence: float) -> tuple[Figure, ...]:
    """latency_ms: as the run keeps it, [before, after] of the same questions; None: they were not timed."""
    found = compared("ndcg", before, after, _timed(latency_ms))
    paired = (found.primary, *found.others, *found.general)
    figures = [_figure(one, confidence) for one in paired if len(one.before)]
    figures += _words(before, after)
    figures += _abstaining(found.abstaining, confidence)
    if found.latency_ms:
        figures.append(Figure(LATENCY, *found.latency_ms, share=False))
    return tuple(figures)


def gains_of(before: Measured, after: Measured) -> tuple[float, ...]:
    """What each test question gained in nDCG@10, ascending."""
    differences = after.column("ndcg") - before.column("ndcg")
    return tuple(sorted(differences[~np.isnan(differences)].tolist()))


def _figure(pair: Paired, confidence: float) -> Figure:
    gain = bootstrap(pair.columns, pair.groups, difference, confidence, RESAMPLES)
    return Figure(
        pair.measure, float(np.mean(pair.before)), float(np.mean(pair.after)), gain, len(pair.before)
    )


def _words(before: Measured, after: Measured) -> list[Figure]:
    """Of all answers as one text, and of all routes: there is none of each question."""
    named = [("BLEU / 100", before.bleu / 100, after.bleu / 100)]
    routes = (before.figures.get("router_f1", math.nan), after.figures.get("router_f1", math.nan))
    named.append(("Routes, macro F1", *routes))
    return [Figure(name, a, b) for name, a, b in named if not math.isnan(a + b)]


def _abstaining(found: Abstaining | None, confidence: float) -> list[Figure]:
    """Precision: of the abstentions, the share that was right. Recall: of what to abstain from, the share it did."""
    if found is None:
        return []
    should, before, after = (np.asarray(one, float) for one in (found.should, found.before, found.after))
    parts = {"precision": (before, after), "recall": (should, should)}
    figures = []
    for name, (whole_before, whole_after) in parts.items():
        columns = np.column_stack([should * before, whole_before, should * after, whole_after])
        a, all_a, b, all_b = columns.sum(axis=0)
        if all_a and all_b:
            gain = bootstrap(columns, found.groups, share_change, confidence, RESAMPLES)
            figures.append(
                Figure(f"Abstention {name}", float(a / all_a), float(b / all_b), gain, len(should))
            )
    return figures


def _timed(latency_ms: Any) -> tuple[Sequence[float], Sequence[float]] | None:
    if not isinstance(latency_ms, list) or len(latency_ms) != 2:
        return None
    return latency_ms[0], latency_ms[1]
