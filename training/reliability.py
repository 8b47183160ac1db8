"""Does a confidence hold what it says? Bins, expected calibration error, coverage at a precision, and a plot of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag_core.errors import NotReady

__all__ = [
    "Bin",
    "calibration_error",
    "coverage_at_precision",
    "log_loss",
    "reliability_bins",
    "reliability_plot",
]

BINS = 10
_LINE, _DIAGONAL = "#2563eb", "#9ca3af"


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers whose confidence lies in [low, high), the last bin with its end."""

    low: float
    high: float
    count: int
    confidence: float
    """Their mean."""
    right: float
    """Their share of right answers, or their mean where answers are more or less right."""


def reliability_bins(confidences: Sequence[float], right: Sequence[float], bins: int = BINS) -> list[Bin]:
    """Bins of equal width over 0 to 1, those without an answer left out.

    right: 0 to 1 for each confidence, in the same order.
    """
    p, y = _checked(confidences, right)
    owner = np.minimum((p * bins).astype(int), bins - 1)
    return [
        Bin(i / bins, (i + 1) / bins, int(inside.sum()), float(p[inside].mean()), float(y[inside].mean()))
        for i in range(bins)
        if (inside := owner == i).any()
    ]


def calibration_error(confidences: Sequence[float], right: Sequence[float], bins: int = BINS) -> float:
    """Expected calibration error (Naeini et al. 2015): the mean distance of confidence from the share of right answers,
    over the bins, each by its number of answers. 0.0 where there are none."""
    found = reliability_bins(confidences, right, bins)
    total = sum(b.count for b in found)
    return sum(b.count * abs(b.confidence - b.right) for b in found) / total if total else 0.0


def coverage_at_precision(confidences: Sequence[float], right: Sequence[float], precision: float) -> float:
    """The largest share of all questions that can be answered, the surest first, with this share of them right.

    Questions of the same confidence are answered together or not at all. right: False also where no answer exists.
    """
    p, y = _checked(confidences, right)
    order = np.argsort(-p, kind="stable")
    answered = np.arange(1, len(p) + 1)
    precise = np.cumsum(y[order]) >= precision * answered - 1e-9
    whole = np.append(p[order][1:] < p[order][:-1], True)[: len(p)]
    return float(answered[precise & whole].max(initial=0) / max(len(p), 1))


def log_loss(
    confidences: Sequence[float], right: Sequence[float], weights: Sequence[float] | None = None
) -> float:
    """Mean negative log likelihood. right: 0 to 1."""
    p, y = _checked(confidences, right)
    p = np.clip(p, 1e-6, 1 - 1e-6)
    return float(np.average(-(y * np.log(p) + (1 - y) * np.log(1 - p)), weights=weights))


def reliability_plot(
    confidences: Sequence[float],
    right: Sequence[float],
    path: Path,
    *,
    title: str = "Reliability",
    before: Sequence[float] | None = None,
) -> None:
    """Write a plot of the share of right answers over confidence, with how many answers each bin has: an SVG, or
    what the path's suffix says.

    before: confidences of the same answers to draw beside these, as they were before a calibration.

    Raises:
        NotReady: there is no answer to draw, or matplotlib is not installed.
    """
    if not len(confidences):
        raise NotReady(f"There is no answer to draw in {path}: ask questions first.")
    try:
        from matplotlib import rc_context
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise NotReady(
            "Plots need matplotlib, which comes with the extra: pip install 'answerloop[train]'."
        ) from None
    # A figure of its own, and no pyplot: that one keeps state for the whole process and looks for a display.
    figure = Figure(figsize=(5.2, 5.6), layout="constrained")
    FigureCanvasAgg(figure)
    upper, lower = figure.subplots(2, 1, height_ratios=[4, 1], sharex=True)
    upper.plot([0, 1], [0, 1], color=_DIAGONAL, linewidth=1, linestyle="--", label="as sure as right")
    if before is not None:
        _draw(upper, before, right, _DIAGONAL, "before")
    _draw(upper, confidences, right, _LINE, "answers" if before is None else "after")
    upper.set(xlim=(0, 1), ylim=(0, 1), ylabel="share of right answers")
    upper.set_title(f"{title} · calibration error {calibration_error(confidences, right):.3f}", fontsize=11)
    upper.legend(frameon=False, loc="upper left", fontsize=9)
    bins = reliability_bins(confidences, right)
    lower.bar([(b.low + b.high) / 2 for b in bins], [b.count for b in bins], 0.09, color=_LINE, alpha=0.5)
    lower.set(xlabel="confidence", ylabel="answers")
    for axes in (upper, lower):
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=9)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Without the date, and with names that are not drawn at random, the same answers make the same file.
    with rc_context({"svg.hashsalt": "answerloop"}):
        figure.savefig(path, facecolor="white", metadata={"Date": None} if path.suffix == ".svg" else None)


def _draw(axes: Any, confidences: Sequence[float], right: Sequence[float], colour: str, label: str) -> None:
    """Larger points for more answers, each with the 95% range that its number of answers leaves open (Wilson 1927)."""
    bins = reliability_bins(confidences, right)
    x, y = [b.confidence for b in bins], [b.right for b in bins]
    low, high = np.transpose([_range(b.right, b.count) for b in bins])
    axes.vlines(x, low, high, color=colour, linewidth=1, alpha=0.5)
    sizes = [12 + 120 * b.count / len(confidences) for b in bins]
    axes.plot(x, y, color=colour, linewidth=1.5)
    axes.scatter(x, y, s=sizes, color=colour, zorder=3, label=label)


def _range(share: float, count: int, z: float = 1.96) -> tuple[float, float]:
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z * np.sqrt(share * (1 - share) / count + z * z / (4 * count * count)) / (1 + z * z / count)
    return float(middle - half), float(middle + half)


def _checked(
    confidences: Sequence[float], right: Sequence[float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if len(confidences) != len(right):
        raise ValueError(f"{len(confidences)} confidences, but {len(right)} outcomes; each answer has one.")
    return np.asarray(confidences, float), np.asarray(right, float)
