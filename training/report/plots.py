"""Draws what a run changed: every measure before and after, and what each question gained."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rag_core.errors import NotReady, Unavailable
from training.report.figures import Figure

__all__ = ["AFTER", "BEFORE", "draw_figures", "draw_gains", "new_figure", "save"]

BEFORE, AFTER, WORSE = "#9ca3af", "#2563eb", "#b45309"
"""Told apart by their lightness as well."""
_ROW = 0.55
"""Inches of a measure."""


def draw_figures(figures: Sequence[Figure], path: Path, title: str) -> None:
    """A pair of bars for each share, with the interval of its change around the second.

    path: ends in .svg, .png or .pdf; its folder is made where it is missing.

    Raises:
        NotReady: there is nothing to draw, or matplotlib is not installed.
        Unavailable: the file cannot be written.
    """
    shown = [one for one in figures if one.share]
    if not shown:
        raise NotReady("There is nothing to draw: the run ended before both releases were measured.")
    figure = new_figure(8.0, 1.6 + _ROW * len(shown))
    axes = figure.subplots()
    places = range(len(shown))
    axes.barh([n - 0.19 for n in places], [one.before for one in shown], 0.36, color=BEFORE, label="before")
    axes.barh([n + 0.19 for n in places], [one.after for one in shown], 0.36, color=AFTER, label="after")
    for n, one in enumerate(shown):
        _mark(axes, n, one)
    axes.set(xlim=(0, 1.12), yticks=list(places), yticklabels=[one.name for one in shown], title=title)
    axes.invert_yaxis()
    axes.legend(frameon=False, fontsize=9, loc="upper center", bbox_to_anchor=(0.5, -0.06), ncols=2)
    save(figure, path)


def draw_gains(gains: Sequence[float], path: Path) -> None:
    """A bar for each test question, from what was lost to what was gained in nDCG@10.

    Raises:
        NotReady: no question was searched for, or matplotlib is not installed.
        Unavailable: the file cannot be written.
    """
    if not gains:
        raise NotReady("There is nothing to draw: no test question has a passage that answers it.")
    figure = new_figure(8.0, 3.2)
    axes = figure.subplots()
    axes.bar(range(len(gains)), gains, 1.0, color=[WORSE if value < 0 else AFTER for value in gains])
    axes.axhline(0, color=BEFORE, linewidth=1)
    better, worse = sum(value > 1e-9 for value in gains), sum(value < -1e-9 for value in gains)
    said = f"{better} of {len(gains)} questions are better, {worse} worse"
    axes.set(ylim=(-1.02, 1.02), xticks=[], ylabel="change of nDCG@10", title=said)
    save(figure, path)


def new_figure(width: float, height: float) -> Any:
    """Inches, on white so that it reads on light and dark pages.

    Raises:
        NotReady: matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure as Drawing
    except ImportError:
        raise NotReady(
            "Plots need matplotlib, which comes with the extra: pip install 'answerloop[train]'."
        ) from None
    figure = Drawing(figsize=(width, height), layout="constrained")  # not pyplot: that looks for a display
    FigureCanvasAgg(figure)
    return figure


def save(figure: Any, path: Path) -> None:
    """Text stays text, and the same numbers give the same file.

    Raises:
        Unavailable: it cannot be written.
    """
    from matplotlib import rc_context

    for axes in figure.axes:
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=9)
        axes.title.set_fontsize(10)
    metadata = {"Date": None} if path.suffix == ".svg" else None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with rc_context({"svg.fonttype": "none", "svg.hashsalt": "answerloop"}):
            figure.savefig(path, dpi=150, facecolor="white", metadata=metadata)
    except OSError as error:
        raise Unavailable(f"{path} cannot be written: {error.strerror}.") from None


def _mark(axes: Any, n: int, one: Figure) -> None:
    """The interval of the change, and the number."""
    end = one.after
    if one.gain and one.gain.high - one.gain.low < 2:
        low, high = (max(0.0, min(1.0, one.before + bound)) for bound in (one.gain.low, one.gain.high))
        axes.plot([low, high], [n + 0.19] * 2, color="#111827", linewidth=1.2)
        end = max(end, high)
    axes.annotate(f"{one.before:.3f}", (one.before, n - 0.19), (3, 0), **_BESIDE)
    axes.annotate(f"{one.after:.3f}", (end, n + 0.19), (3, 0), **_BESIDE)


_BESIDE: dict[str, Any] = {"textcoords": "offset points", "va": "center", "fontsize": 8}
