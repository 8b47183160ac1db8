"""Training runs: which there were, how one goes, what came of it."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from bots.admin.jobs import Job, jobs_of
from bots.admin.rendering import render
from bots.admin.roles import Visitor, may, services_of
from bots.admin.routes.run_facts import TRAINING, facts_of
from rag_core.errors import Busy, InvalidEntry, NotFound, NotReady
from rag_core.records.accounts import User
from rag_core.records.audit import Audit
from rag_core.records.evaluation.golden import GoldenQuestions
from rag_core.records.evaluation.runs import Run, Runs

__all__ = ["router"]

router = APIRouter()
PAGE = 50
KINDS = {
    "calibration": "Calibration",
    "promotion": "Promotion",
    "reranker": "Reranker",
    "retriever": "Retriever",
    TRAINING: "Training",
}


@router.get("/runs")
async def runs(request: Request, user: Visitor, before: datetime | None = None) -> Response:
    """The newest first."""
    services = services_of(request)
    found = await Runs(services.database).latest(PAGE + 1, _utc(before))
    shown = found[:PAGE]
    job = jobs_of(request.app).get(TRAINING)
    more = (
        f"/runs?before={shown[-1].started_at.strftime('%Y-%m-%dT%H:%M:%S.%fZ')}" if len(found) > PAGE else ""
    )
    return render(
        request,
        "runs.html",
        runs=[(one, title(one), took(one)) for one in shown],
        moves=any(one.state == "running" for one in shown) or bool(job and job.running),
        trains=bool(services.train),
        going=any(map(_trains, shown)),
        job=job,
        more=more,
        first=before is None,
    )


@router.post("/runs/train")
async def train(request: Request, user: Annotated[User, Depends(may("admin"))]) -> Response:
    """Train now, in a process of its own, whether a run is due or not; it shows up in the list within seconds."""
    services = services_of(request)
    if not services.train or find_spec("torch") is None:
        raise NotReady(
            "Nothing is trained by this process: that takes `answerloop serve` with `pip install 'answerloop[train]'`."
        )
    if any(map(_trains, await Runs(services.database).latest(PAGE))):
        raise Busy("A training run goes on already; the list of runs shows how far it is.")
    from bots.scheduler import begin_training

    command = list(services.train)

    async def work(job: Job) -> None:
        await begin_training(command)

    jobs_of(request.app).start(TRAINING, work)
    await Audit(services.database).note(user.identity, "training.begin", "training:")
    return RedirectResponse("/runs", 303)


@router.get("/runs/{id}/report.md")
async def report(request: Request, id: str, user: Visitor) -> Response:
    """The report of a run that has ended, to keep."""
    shown = await Runs(services_of(request).database).get(id)
    if not shown.report:
        raise NotFound("This run has no report yet.")
    name = f"{shown.kind}-{shown.started_at:%Y%m%d-%H%M%S}.md"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(shown.report, media_type="text/markdown; charset=utf-8", headers=headers)


@router.get("/runs/{id}")
async def run(request: Request, id: str, user: Visitor) -> Response:
    """One run; the page looks again every second while it goes."""
    services = services_of(request)
    shown = await Runs(services.database).get(id)
    return render(
        request,
        "run.html",
        run=shown,
        title=title(shown),
        took=took(shown),
        left=_words(left) if (left := shown.left(datetime.now(UTC))) is not None else "",
        charts=[(name, json.dumps(_chart(name, points)), points) for name, points in shown.curves.items()],
        lost=await _lost(GoldenQuestions(services.database), shown),
        facts=await facts_of(services.settings(), shown),
    )


def _utc(time: datetime | None) -> datetime | None:
    """Raises:
    InvalidEntry: in UTC it is no time any more.
    """
    if time is None:
        return None
    try:
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except OverflowError:
        raise InvalidEntry("before: this is no time that anything began at; leave it out.") from None


def _trains(run: Run) -> bool:
    return run.kind == TRAINING and run.state == "running"


def title(run: Run) -> str:
    """What the run is called: what is trained, or which release is promoted."""
    named = KINDS.get(run.kind, run.kind.replace("_", " ").capitalize())
    promotes = run.detail.get("promotes")
    return f"{named} of {promotes}" if promotes else named


def took(run: Run) -> str:
    """How long it has been going, or went."""
    return _words((run.ended_at or datetime.now(UTC)) - run.started_at)


def _words(time: timedelta) -> str:
    seconds = max(0, round(time.total_seconds()))
    hours, minutes = seconds // 3600, seconds % 3600 // 60
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds % 60} s" if minutes else f"{seconds} s"


def _chart(name: str, points: list[tuple[float, float]]) -> dict[str, Any]:
    """As static/js/charts.js reads it."""
    series = {"name": name, "colour": "accent", "values": [y for _, y in points]}
    return {"kind": "line", "unit": "number", "labels": [f"{x:,.4g}" for x, _ in points], "series": [series]}


async def _lost(golden: GoldenQuestions, run: Run) -> list[tuple[Any, str]]:
    """The golden questions that a promotion was refused for, as they are worded now."""
    found = []
    for one in run.detail.get("lost", ()):
        with contextlib.suppress(NotFound):  # removed meanwhile
            found.append((await golden.get(one["id"]), one["detail"]))
    return found
