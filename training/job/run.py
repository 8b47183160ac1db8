"""run_once(): lock -> data set -> train -> candidate and its index -> measure -> gate -> promote or refuse -> report.

Read it from top to bottom. Every step keeps what it made in the run's folder (folder.py): a run whose process ended at any
moment, by kill -9 too, is gone on with by the next, or its traces are removed. Until the last transaction nothing that
answers is changed: the active release is whole at any moment.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.bootstrap import open_core
from rag_core.errors import NotReady, Unavailable
from rag_core.records.audit import ITSELF
from rag_core.records.evaluation.runs import Recording, Runs
from rag_core.records.index.releases import Releases
from rag_core.records.leases import held
from rag_core.review.releasing.promoting import checked
from rag_core.settings import Settings
from training.evaluate.sets import read_beir
from training.gate import Verdict
from training.job.candidate import begun, completed, searched_in
from training.job.changeover import build_index, change_over
from training.job.data import data_of, was_cut
from training.job.due import KIND
from training.job.folder import RunFolder, fingerprint_of, open_run
from training.job.job import Job
from training.job.learning import learn_models
from training.job.measuring import judged, measured
from training.job.pruning import forget_half_made, forget_work, give_up, has_answered, prune
from training.tasks.task import Refused, Watcher

__all__ = ["LEASE", "Outcome", "run_once"]

LEASE = "training"
VERDICT = "verdict.json"
"""In the run's folder."""
State = Literal["succeeded", "trying", "refused"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended."""

    run: str
    """The name of its folder below home/training."""
    state: State
    """succeeded: its release answers. trying: it answers a share of the conversations. refused: nothing was promoted."""
    reason: str
    release: str | None
    """That was made; None: nothing was worth one."""
    report: Path

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "report": str(self.report)}


def _as_recorded(recording: Recording | None) -> Watcher:
    assert recording is not None
    return recording


async def run_once(
    settings: Settings,
    database: AsyncEngine,
    started_by: str = ITSELF,
    *,
    watched: Callable[[Recording | None], Watcher] = _as_recorded,
    fresh: bool = False,
) -> Outcome:
    """One run, recorded so that everybody can watch it.

    started_by: PLATFORM:USER. watched: what else is told how it goes. fresh: begin anew, even where one was interrupted.

    Raises:
        Busy: another process trains.
        NotReady: there is no release yet, or a model or a package is missing; the message names the remedy.
        Unavailable: the database or the index does not answer; the next run goes on.
    """
    if importlib.util.find_spec("torch") is None:
        raise NotReady("Training needs torch, which is not installed: run `pip install 'answerloop[train]'`.")
    if settings.training.general:  # better said before hours of training than after
        read_beir(Path(settings.training.general), "test", 1)
    async with held(database, LEASE) as lease:
        active = await Releases(database).active()
        if active is None:
            raise NotReady("There is nothing to train on yet: run `answerloop ingest FOLDER` first.")
        said = fingerprint_of(settings)
        folder, given_up = open_run(settings.home, active.id, said, fresh, active.run)
        if was_cut(
            settings.home, folder
        ):  # what it had learned so far, it learned from what is forgotten since
            folder, given_up = open_run(settings.home, active.id, said, fresh=True)
        async with Runs(database).recorded(KIND, started_by) as recording:
            recording.tell("folder", folder.id)
            await give_up(settings, database, given_up)
            forget_half_made(settings.home, folder)
            job = Job(settings, database, folder, lease, watched(recording), recording.tell)
            try:
                outcome = await _outcome(job)
                await _ended(job, recording, outcome)
            except OSError as error:
                raise Unavailable(f"{settings.home} cannot be written: {error.strerror or error}.") from error
    return outcome


async def _outcome(job: Job) -> Outcome:
    async def outcome(state: State, reason: str) -> Outcome:
        made = await Releases(job.database).of_run(job.folder.id)
        report = job.folder.path / "report.md"
        return Outcome(job.folder.id, state, reason, made.id if made else None, report)

    if (known := job.folder.finished("outcome")) is not None:
        return await outcome(known["state"], known["reason"])
    try:
        verdict, tried = await _steps(job)
    except Refused as refused:
        return await outcome("refused", str(refused))
    if not verdict.promoted:
        return await outcome("refused", " ".join([*verdict.reasons, verdict.advice]).strip())
    return await outcome("trying" if tried else "succeeded", verdict.checks[0].sentence)


async def _steps(job: Job) -> tuple[Verdict, bool]:
    """The verdict, and whether the candidate is tried out first.

    Raises:
        Refused: there is too little to learn from, nothing was learned, or another release was promoted meanwhile.
    """
    settings, share = job.settings, job.settings.training.watch.canary
    if (known := await _promoted_before(job)) is not None:
        return known, share > 0
    async with AsyncExitStack() as stack:
        active = await stack.enter_async_context(open_core(settings))
        # 1. What people reviewed, cleaned and parted.
        data = await data_of(job, active)
        # 2. Every model that the settings ask for.
        learned = await learn_models(job, data, active)
        # 3. The candidate: its index, or a sample of it, and what is fitted to that.
        made = await begun(job, active, learned)
        async with searched_in(job, data, active, made) as where:
            made, learned = await completed(job, data, active, made, where, learned)
            # 4. Both releases, on questions that nothing was trained on.
            both = await measured(job, data, active.release, made, where)
        # 5. Is it better, and does it break nothing?
        verdict = await judged(job, both, active.release, made)
        if not verdict.promoted:
            return _kept(job, verdict), False
        # 6. Its whole index, beside the active one; only then can the golden questions be asked.
        candidate = await stack.enter_async_context(open_core(settings, made))
        if made.index_name != active.release.index_name:
            await build_index(job, active, candidate)
        golden = await checked(settings, job.database, made, active.release, job.watcher.step)
        gone = zip(golden.lost, golden.details, strict=True)
        job.tell("lost", [{"id": question.id, "detail": detail} for question, detail in gone])
        verdict = _kept(job, await judged(job, both, active.release, made, golden))
        # 7. In its place, in one transaction.
        if verdict.promoted and was_cut(settings.home, job.folder):
            raise Refused(
                "Somebody was forgotten whose rows this had learned from already; the next run learns without them."
            )
        if verdict.promoted:
            job.watcher.step("Changing over")
            await change_over(job, active, candidate, share)
    return verdict, share > 0


async def _promoted_before(job: Job) -> Verdict | None:
    """The verdict of a run that was interrupted after its release was put in force, even if it was rolled back since."""
    made = await Releases(job.database).of_run(job.folder.id)
    if made is None or not await has_answered(job.database, made):
        return None
    return _read(job.folder)


def _kept(job: Job, verdict: Verdict) -> Verdict:
    text = json.dumps(asdict(verdict), indent=2, default=float)
    beside = job.folder.path / f"{VERDICT}.new"
    beside.write_text(text + "\n", encoding="utf-8")
    beside.replace(job.folder.path / VERDICT)
    return verdict


def _read(folder: RunFolder) -> Verdict | None:
    from training.report.reading import verdict_of

    return verdict_of(folder.path)


async def _ended(job: Job, recording: Recording, outcome: Outcome) -> None:
    """The report, and what nobody needs any more."""
    from training.report import write_report

    job.folder.finish(
        "outcome", {"state": outcome.state, "reason": outcome.reason, "release": outcome.release}
    )
    text = write_report(job.folder, job.settings.home)
    state: Literal["succeeded", "refused"] = "refused" if outcome.state == "refused" else "succeeded"
    forget_work(job.folder.path)
    await prune(job.settings, job.database)
    await recording.ended(state, text, outcome.release)
    job.folder.end(state)  # last: until then the next run writes down what came of this one
