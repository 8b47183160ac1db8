"""What a training run left in its folder, as its page shows it: the gate's checks, and both releases in numbers.

The folder may be on another machine, or gone: then the report that the database keeps is all there is.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Any

from rag_core.records.evaluation.runs import Run
from rag_core.settings import Settings

__all__ = ["TRAINING", "RunFacts", "facts_of"]

TRAINING = "training"
"""The kind of runs of the learning loop."""
WIDEST = 13
"""Characters of a line below a bar."""


@dataclass(frozen=True, slots=True)
class RunFacts:
    sentence: str
    advice: str
    checks: Sequence[Mapping[str, Any]]
    """name, passed, sentence"""
    figures: Sequence[tuple[str, str, str, str]]
    """Measure, before, after, change; for a table."""
    chart: str
    """As static/js/charts.js reads it; '': there is nothing to draw."""


async def facts_of(settings: Settings, run: Run) -> RunFacts | None:
    """None: it is no training run, or its folder has no report."""
    name = run.detail.get("folder")
    if run.kind != TRAINING or run.state == "running" or not isinstance(name, str):
        return None
    from training.report import facts

    found = await asyncio.to_thread(facts, settings.home, name)
    return _shown(found) if found else None


def _shown(found: Mapping[str, Any]) -> RunFacts:
    figures = found["figures"]
    shares = [one for one in figures if one["share"]]
    return RunFacts(
        found["sentence"],
        found["advice"],
        found["checks"],
        [_row(one) for one in figures],
        json.dumps(_chart(shares)) if shares else "",
    )


def _row(figure: Mapping[str, Any]) -> tuple[str, str, str, str]:
    digits = 3 if figure["share"] else 1
    before, after = figure["before"], figure["after"]
    change = f"{round(after - before, digits) + 0.0:+.{digits}f}"  # no -0.000
    low, high = _bounds(figure)
    if not math.isnan(low):
        change += f" ({round(low, 3) + 0.0:+.3f} to {round(high, 3) + 0.0:+.3f})"
    return figure["name"], f"{before:,.{digits}f}", f"{after:,.{digits}f}", change


def _bounds(figure: Mapping[str, Any]) -> tuple[float, float]:
    """Of the change; NaN: there are none."""
    gain = figure["gain"] or {}
    low, high = gain.get("low"), gain.get("high")
    return (math.nan, math.nan) if low is None or high is None else (low, high)


def _chart(figures: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The interval of the change is drawn around what is after it."""
    ends: list[tuple[float | None, float | None]] = []
    for one in figures:
        low, high = _bounds(one)
        ends.append(
            (None, None) if math.isnan(low) else (max(0.0, one["before"] + low), one["before"] + high)
        )
    before = {"name": "before", "colour": "muted", "values": [one["before"] for one in figures]}
    after = {
        "name": "after",
        "colour": "accent",
        "values": [one["after"] for one in figures],
        "low": [low for low, _ in ends],
        "high": [high for _, high in ends],
    }
    labels = [wrap(one["name"], WIDEST) for one in figures]
    return {"kind": "bar", "unit": "number", "labels": labels, "series": [before, after]}
