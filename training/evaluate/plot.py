"""Draws how far confidence can be relied on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag_core.errors import NotReady
from training.reliability import calibration_error, reliability_bins

__all__ = ["SUFFIXES", "answers_plot", "needs_matplotlib", "risk_at_coverage"]

SUFFIXES = (".svg", ".png", ".pdf")
_LINE, _GUIDE = "#2563eb", "#9ca3af"
_RISKS = (0.1, 0.2)


def risk_at_coverage(
    confidences: Sequence[float], right: Sequence[bool]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Shares of questions answered, the surest first, and the share of wrong answers among them (El-Yaniv and Wiener 2010).

    One point for each confidence there is, since equally sure ones are answered together; coverage ascending, ending at 1.
    """
    p, y = np.asarray(confidences, float), np.asarray(right, float)
    order = np.argsort(-p, kind="stable")
    answered = np.arange(1, len(p) + 1)
    risk = 1 - np.cumsum(y[order]) / answered
    last = np.append(p[order][1:] < p[order][:-1], True)
    return (answered / len(p))[last], risk[last]


def answers_plot(
    confidences: Sequence[float], right: Sequence[bool], threshold: float, path: Path, title: str
) -> None:
    """A reliability diagram, and risk over coverage, on white so that it reads on light and dark pages.

    threshold: marked in both. path: ends in one of SUFFIXES; its folder is made where it is missing.

    Raises:
        NotReady: there is nothing to draw, or matplotlib is not installed.
    """
    if not len(confidences):
        raise NotReady(f"There is no answer to draw in {path}: the set tells of none whether it is right.")
    figure = _figure()
    left, other = figure.subplots(1, 2)
    figure.suptitle(title, fontsize=11)
    _draw_reliability(left, confidences, right, threshold)
    _draw_risk(other, confidences, right, threshold)
    for axes in (left, other):
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=9)
        axes.legend(frameon=False, loc="upper left", fontsize=9)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Text stays text, and the same answers give the same file.
    from matplotlib import rc_context

    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "answerloop"}):
        metadata = {"Date": None} if path.suffix == ".svg" else None
        figure.savefig(path, dpi=150, facecolor="white", metadata=metadata)


def needs_matplotlib() -> None:
    """
    Raises:
        NotReady: matplotlib is not installed; better said before an hour's questions than after.
    """
    _figure()


def _figure() -> Any:
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise NotReady(
            "Plots need matplotlib, which comes with the extra: pip install 'answerloop[train]'."
        ) from None
    figure = Figure(
        figsize=(9.6, 4.6), layout="constrained"
    )  # not pyplot: that keeps state and looks for a display
    FigureCanvasAgg(figure)
    return figure


def _draw_reliability(
    axes: Any, confidences: Sequence[float], right: Sequence[bool], threshold: float
) -> None:
    bins = reliability_bins(confidences, right)
    axes.plot([0, 1], [0, 1], color=_GUIDE, linewidth=1, linestyle="--", label="as sure as right")
    axes.bar(
        [(b.low + b.high) / 2 for b in bins],
        [b.count / len(confidences) for b in bins],
        0.09,
        color=_GUIDE,
        alpha=0.35,
        label="share of questions",
    )
    error = calibration_error(confidences, right)
    axes.plot(
        [b.confidence for b in bins],
        [b.right for b in bins],
        color=_LINE,
        marker="o",
        label=f"answers (calibration error {error:.3f})",
    )
    axes.axvline(threshold, color=_LINE, linewidth=1, linestyle=":")
    axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="confidence", ylabel="share of right answers")


def _draw_risk(axes: Any, confidences: Sequence[float], right: Sequence[bool], threshold: float) -> None:
    coverage, risk = risk_at_coverage(confidences, right)
    axes.plot(coverage, risk, color=_LINE, drawstyle="steps-pre", label="surest first")
    for level in _RISKS:
        reached = float(coverage[risk <= level + 1e-9].max(initial=0))
        axes.axhline(level, color=_GUIDE, linewidth=1, linestyle="--")
        axes.annotate(
            f"{reached:.0%} at {1 - level:.0%} precision",
            (reached, level),
            textcoords="offset points",
            xytext=(4, 4),
            fontsize=9,
        )
        axes.plot([reached], [level], color=_LINE, marker="o")
    answered = float(np.mean(np.asarray(confidences, float) >= threshold))
    axes.axvline(answered, color=_LINE, linewidth=1, linestyle=":", label="at the threshold")
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="share of questions answered", ylabel="share of them wrong")
