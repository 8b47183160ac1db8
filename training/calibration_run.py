"""Calibrating on votes, recorded as a training run: every step can be watched, and what came of it is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.records.audit import ITSELF
from rag_core.records.evaluation.runs import Recording, Runs
from training.calibrate_feedback import Outcome, calibrate_on, judged, read_votes, write_scale
from training.reliability import reliability_bins

__all__ = ["calibrate_recorded", "report"]

STEPS = 3


async def calibrate_recorded(
    database: AsyncEngine, generator: str, path: Path, started_by: str = ITSELF
) -> Outcome:
    """Read the votes, fit, and keep the correction where it helps; the run is refused where it does not.

    generator: the kind whose answers are learned from. path: where the correction is written to.

    Raises:
        Unavailable: the database does not answer, or the correction cannot be written.
    """
    async with Runs(database).recorded("calibration", started_by) as run:
        # 1. What people said of the answers
        run.step("Reading the votes", 0, STEPS)
        votes = judged(await read_votes(database, generator))
        # 2. A correction, judged on votes that it was not made from
        run.step("Fitting a correction", 1, STEPS)
        outcome = await asyncio.to_thread(calibrate_on, votes)
        # 3. Kept where it helps
        run.step("Keeping it" if outcome.kept else "Leaving all as it is", 2, STEPS)
        if outcome.kept:
            write_scale(outcome, path)
        _tell(run, outcome)
        run.step("Done", STEPS, STEPS)
        await run.ended("succeeded" if outcome.kept else "refused", report(outcome))
    return outcome


def report(outcome: Outcome) -> str:
    """Markdown: what became of it, and how sure and how right answers were, before and after."""
    became = (
        f"The confidence is corrected by slope {outcome.scale.slope:g} and intercept {outcome.scale.intercept:g}. "
        "Running processes take it up when they are started again."
        if outcome.kept
        else "Nothing was changed."
    )
    parts = [f"{outcome.reason} {became}", f"Answers with votes: {len(outcome.judged):,}."]
    return "\n\n".join([*parts, *_tables(outcome)])


def _sides(outcome: Outcome) -> dict[str, Sequence[float]]:
    sides = {"before": [v.confidence for v in outcome.judged], "after, on held-out votes": outcome.held_out}
    return {side: confidences for side, confidences in sides.items() if confidences}


def _tables(outcome: Outcome) -> list[str]:
    right = [v.right for v in outcome.judged]
    head = "| Confidence | Answers | Mean confidence | Held to be right |\n| --- | ---: | ---: | ---: |\n"
    return [
        f"**{side[0].upper()}{side[1:]}**\n\n{head}"
        + "\n".join(
            f"| {b.low:.0%} to {b.high:.0%} | {b.count:,} | {b.confidence:.0%} | {b.right:.0%} |"
            for b in reliability_bins(confidences, right)
        )
        for side, confidences in _sides(outcome).items()
    ]


def _tell(run: Recording, outcome: Outcome) -> None:
    right = [v.right for v in outcome.judged]
    run.figure("answers with votes", len(outcome.judged))
    if not outcome.held_out:
        return
    run.figure("log loss before", outcome.log_loss_before)
    run.figure("log loss after, held out", outcome.log_loss_after)
    run.figure("calibration error before", outcome.error_before)
    run.figure("calibration error after, held out", outcome.error_after)
    for side, confidences in _sides(outcome).items():
        for b in reliability_bins(confidences, right):
            run.point(f"held to be right, by confidence {side}", round(b.confidence, 4), round(b.right, 4))
