"""The active release and the candidate, measured side by side on the same questions; what the gate says of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rag_core.records.index.releases import Release, Releases
from rag_core.review.comparing.comparing import latest_for
from rag_core.review.releasing.promoting import Promotion
from training.dataset import Dataset, Example
from training.evaluate.measured import Measured, Scored
from training.evaluate.sets import read_beir
from training.gate import Check, Verdict, decide
from training.job.candidate import Searched
from training.job.data import reviewed
from training.job.job import Job
from training.job.judging import compared, primary_of
from training.significance import Interval

if TYPE_CHECKING:
    from training.evaluate.releases import Served

__all__ = ["AFTER", "BEFORE", "Both", "judged", "measured"]

BEFORE, AFTER = "before.json", "after.json"
"""In the run's folder: what was measured of each."""
LATENCIES = "latencies.json"
MOST_GENERAL = 2_000
"""Questions of training.general."""


@dataclass(frozen=True, slots=True)
class Both:
    primary: str
    before: Measured
    after: Measured
    latency_ms: tuple[list[float], list[float]]
    """Of whole answers, the same questions in the same order."""


async def measured(job: Job, data: Dataset, active: Release, candidate: Release, where: Searched) -> Both:
    """On the test part and on what guards against forgetting; kept in the run's folder, and with the candidate."""
    primary = primary_of(active, candidate)
    if job.folder.finished("measured") is None:
        await _measure(job, data, active, candidate, where)
    both = _read(job.folder.path, primary)
    await Releases(job.database).measured(candidate.id, both.after.figures)
    return both


async def _measure(job: Job, data: Dataset, active: Release, candidate: Release, where: Searched) -> None:
    from training.evaluate.releases import latencies, measure, opened

    test, path = data.of("test"), job.folder.path
    async with (
        opened(job.settings, active, where.before) as before,
        opened(job.settings, candidate, where.after) as after,
    ):
        for served, name in ((before, BEFORE), (after, AFTER)):
            found = await measure(served, test, data.general, job.watcher)
            others = await _elsewhere(job, served)
            replace(found, general=(*found.general, *others)).write(path / name)
        job.watcher.step("Both are timed in turn")
        times = await latencies(before, after, _timed(test, data.general))
    kept = [one[:, 1].tolist() for one in times]
    (path / LATENCIES).write_text(json.dumps(kept), encoding="utf-8")
    job.folder.finish("measured", {"questions": len(test), "general": len(data.general)})


async def _elsewhere(job: Job, served: Served) -> list[Scored]:
    """Of the judged set that training.general names."""
    if job.settings.training.general is None:
        return []
    from training.evaluate.elsewhere import searched_elsewhere

    folder = Path(job.settings.training.general)
    return await searched_elsewhere(served.core, read_beir(folder, "test", MOST_GENERAL), job.watcher)


def _timed(test: Sequence[Example], general: Sequence[Example]) -> Sequence[Example]:
    return test or general


def _read(path: Path, primary: str) -> Both:
    before, after = json.loads((path / LATENCIES).read_text(encoding="utf-8"))
    return Both(primary, Measured.read(path / BEFORE), Measured.read(path / AFTER), (before, after))


async def judged(
    job: Job, both: Both, active: Release, candidate: Release, golden: Promotion | None = None
) -> Verdict:
    """golden: what the golden questions said; None: they were not asked yet."""
    # By their ids: a verdict is kept in a file, and words of people are not.
    lost = [question.id for question in golden.lost] if golden else []
    lacking, resolved = await reviewed(job.database)
    found = compared(
        both.primary,
        both.before,
        both.after,
        both.latency_ms,
        (golden.asked if golden else 0, lost),
        await latest_for(job.database, candidate.id, active.id),
        lacking,
        resolved,
    )
    if not len(found.primary.before):
        return _unmeasured(found.primary.measure)
    return decide(found, job.settings.training.gate)


def _unmeasured(measure: str) -> Verdict:
    words = f"There is no test question that {measure} can be measured on; review more of what was asked."
    nothing = Interval(0.0, 0.0, 0.0, 0.975)
    return Verdict(False, (Check("gain", False, words),), nothing)
