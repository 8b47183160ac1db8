"""Four systems on one set: what retrieval brings, what training brings, and both. A table and a plot. Pure.

               untrained models     trained models
    alone      base model only      fine-tuning only
    served     retrieval only       both

Alone, an embedding model ranks by its vectors and nothing else, and a language model answers from memory. Served, both
searches are fused and refined, reranked where there is a reranker, and what answers is given the passages found.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from training.evaluate.wording import bleu, exact_match, f1, rouge_l
from training.report.plots import new_figure, save
from training.significance import RESAMPLES, Interval, Statistic, bootstrap

__all__ = ["MEASURES", "NAMES", "Compared", "Given", "System", "as_markdown", "draw", "measured", "not_asked"]

NAMES = ("base model only", "retrieval only", "fine-tuning only", "both")
MEASURES = ("nDCG@10", "ROUGE-L", "BLEU / 100", "F1", "exact match", "groundedness", "answered")
CONFIDENCE = 0.975
_COLOURS = ("#d1d5db", "#93c5fd", "#6b7280", "#2563eb")
NAN = math.nan


@dataclass(frozen=True, slots=True)
class Given:
    """What a system made of a question. NaN, None: does not apply to it."""

    group: str
    ndcg: float = NAN
    reply: str | None = None
    """Without citation marks; '': it abstained."""
    accepted: tuple[str, ...] = ()
    grounded: float = NAN
    """Share of what the reply claims that the passages it cites support; one from memory cites none."""


@dataclass(frozen=True, slots=True)
class System:
    name: str
    finds: str = ""
    """What ranks the passages; '': it was not asked."""
    writes: str = ""
    """What answers; '': nothing does."""
    missing: str = ""
    """Why what is missing is; a sentence."""
    measures: Mapping[str, Interval] | None = None
    """By name; those that apply."""

    def value(self, measure: str) -> Interval | None:
        return (self.measures or {}).get(measure)


@dataclass(frozen=True, slots=True)
class Compared:
    set: str
    questions: int
    answered: int
    """Questions with accepted answers."""
    systems: tuple[System, ...]

    def as_json(self) -> dict[str, Any]:
        """What is infinite, because one question or one group tells nothing of others, is null."""
        found = asdict(self)
        for system in found["systems"]:
            for interval in (system["measures"] or {}).values():
                interval |= {name: None for name, value in interval.items() if not math.isfinite(value)}
        return found


def not_asked(name: str, missing: str) -> System:
    return System(name, missing=missing)


def measured(name: str, finds: str, writes: str, missing: str, given: Sequence[Given]) -> System:
    """An abstention scores 0 where an answer is accepted, and says nothing of groundedness."""
    worded = [one for one in given if one.reply is not None and one.accepted]
    said = [one for one in given if one.reply is not None]
    columns: dict[str, list[tuple[float, str]]] = {
        "nDCG@10": [(one.ndcg, one.group) for one in given],
        "ROUGE-L": [(rouge_l(one.reply or "", one.accepted), one.group) for one in worded],
        "F1": [(f1(one.reply or "", one.accepted), one.group) for one in worded],
        "exact match": [(exact_match(one.reply or "", one.accepted), one.group) for one in worded],
        "groundedness": [(one.grounded, one.group) for one in said],
        "answered": [(float(bool(one.reply)), one.group) for one in said],
    }
    found = {measure: interval for measure, rows in columns.items() if (interval := _mean(rows))}
    if worded:
        whole = bleu([one.reply or "" for one in worded], [one.accepted for one in worded]) / 100
        found["BLEU / 100"] = Interval(whole, -math.inf, math.inf, CONFIDENCE)
    return System(name, finds, writes, missing, {one: found[one] for one in MEASURES if one in found})


def as_markdown(compared: Compared) -> str:
    shown = [one for one in MEASURES if any(system.value(one) for system in compared.systems)]
    lines = [("", *(system.name for system in compared.systems)), ("---",) * (len(compared.systems) + 1)]
    lines += [(measure, *(_cell(system.value(measure)) for system in compared.systems)) for measure in shown]
    table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    parts = [
        f"## {compared.set}",
        f"{compared.questions:,} questions, {compared.answered:,} of them with an accepted answer. Intervals are of 95%: "
        "bootstrap over groups of questions. An abstention scores 0 where an answer is accepted. Groundedness is the share "
        "of what an answer claims that the passages it cites support; one from memory cites none.",
        table,
    ]
    return "\n\n".join([*parts, "\n".join(_told(system) for system in compared.systems)]) + "\n"


def draw(found: Sequence[Compared], path: Path) -> None:
    """A group of four bars for each measure, a row for each set.

    Raises:
        NotReady: matplotlib is not installed.
        Unavailable: the file cannot be written.
    """
    figure = new_figure(10.0, 3.4 * len(found))
    rows = figure.subplots(len(found), squeeze=False)[:, 0]
    for axes, compared in zip(rows, found, strict=True):
        shown = [one for one in MEASURES if any(system.value(one) for system in compared.systems)]
        for n, system in enumerate(compared.systems):
            _bars(axes, n, system, shown)
        axes.set(ylim=(0, 1.1), xticks=range(len(shown)), xticklabels=shown)
        axes.set_title(f"{compared.set}: {compared.questions:,} questions")
        axes.legend(frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.09), ncols=4)
    save(figure, path)


def _bars(axes: Any, n: int, system: System, shown: Sequence[str]) -> None:
    values = [(place, found) for place, one in enumerate(shown) if (found := system.value(one))]
    at = [place + (n - 1.5) * 0.2 for place, _ in values]
    label = system.name if values else f"{system.name} (not run)"
    axes.bar(at, [found.estimate for _, found in values], 0.18, color=_COLOURS[n], label=label)
    for x, (_, found) in zip(at, values, strict=True):
        if math.isfinite(found.low):
            axes.plot([x, x], [found.low, found.high], color="#111827", linewidth=1)
        top = found.high if math.isfinite(found.high) else found.estimate
        axes.annotate(
            f"{found.estimate:.2f}".removeprefix("0"),
            (x, top),
            (0, 2),
            textcoords="offset points",
            ha="center",
            fontsize=7,
        )


def _mean(rows: Sequence[tuple[float, str]]) -> Interval | None:
    known = [(value, group) for value, group in rows if not math.isnan(value)]
    if not known:
        return None
    columns = np.array([[value, 1.0] for value, _ in known])
    return bootstrap(columns, [group for _, group in known], _share, CONFIDENCE, RESAMPLES)


_share: Statistic = lambda sums: np.asarray(sums[:, 0] / sums[:, 1])  # noqa: E731


def _cell(found: Interval | None) -> str:
    if found is None:
        return "–"
    interval = f" ({found.low:.3f} to {found.high:.3f})" if math.isfinite(found.low) else ""
    return f"{found.estimate:.3f}{interval}"


def _told(system: System) -> str:
    made = "; ".join(part for part in (system.finds, system.writes) if part)
    said = ". ".join(part for part in (made, system.missing.removesuffix(".")) if part)
    return f"- {system.name}: {said}."
