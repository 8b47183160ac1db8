"""The releases: which one answers, how each did, promoting one and returning to the one before."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from bots.admin.rendering import render
from bots.admin.roles import Visitor, may, services_of
from bots.admin.services import Services
from rag_core.errors import AnswerloopError, NotFound, NotReady
from rag_core.records.accounts import User
from rag_core.records.analytics.release_figures import ReleaseFigures, release_figures
from rag_core.records.evaluation.comparisons import Comparisons
from rag_core.records.evaluation.golden import GoldenQuestions
from rag_core.records.evaluation.runs import Run, Runs
from rag_core.records.index.documents import Documents
from rag_core.records.index.releases import Activation, Release, Releases
from rag_core.review.comparing.comparing import HumanVerdict, verdict
from rag_core.review.golden.checking import lost
from rag_core.review.releasing.differences import differences
from rag_core.review.releasing.promoting import obstacle, promote_recorded, roll_back
from rag_core.review.releasing.watching import latest_rollback
from rag_core.settings import Settings

__all__ = ["router"]

router = APIRouter()
Admin = Annotated[User, Depends(may("admin"))]
_WORKING: set[asyncio.Task[Any]] = set()
"""Promotions on their way: the event loop alone would let them be collected."""


@dataclass(frozen=True, slots=True)
class Card:
    """A release as it is shown."""

    release: Release
    passages: int
    figures: ReleaseFigures | None
    """None: it answered nothing yet."""
    obstacle: str
    """Why it cannot be promoted; '': it can."""
    since: Activation | None
    """When it was made active the last time; None: never."""


@router.get("/releases")
async def releases(request: Request, user: Visitor) -> Response:
    """All releases, the newest first."""
    services = services_of(request)
    settings, here = await _opened(services)
    records = Releases(services.database)
    known, figures = await records.all(), await release_figures(services.database)
    history = {one.release: one for one in await records.history()}
    active = next((release for release in known if release.active), None)
    cards = [
        await _card(services, settings, release, active, figures, history) for release in reversed(known)
    ]
    return render(
        request,
        "releases.html",
        cards=cards,
        active=active,
        answering=here.id,
        previous=await records.previous(),
        rolled_back=await latest_rollback(services.database),
    )


@router.get("/releases/{id}")
async def release(request: Request, id: str, user: Visitor) -> Response:
    """One release: its models, what was measured of it, and what sets it apart from the active one."""
    services = services_of(request)
    settings, here = await _opened(services)
    records = Releases(services.database)
    shown, active = await records.get(id), await records.active()
    history = {one.release: one for one in await records.history()}
    figures = await release_figures(services.database)
    return render(
        request,
        "release.html",
        card=await _card(services, settings, shown, active, figures, history),
        active=active,
        answering=here.id,
        previous=await records.previous(),
        run=await _run(services, shown),
        rolled_back=await latest_rollback(services.database) if shown.active else None,
        differences=differences(shown, active) if active and active.id != id else [],
        golden=await _golden(services, shown, active),
        verdict=await _verdict(services, shown, active),
    )


@router.post("/releases/{id}/promote")
async def promote(request: Request, id: str, user: Admin) -> Response:
    """Ask it the golden questions, and make it active if none is lost; the page of that run tells how it goes."""
    services = services_of(request)
    settings, _ = await _opened(services)
    await Releases(services.database).get(id)
    begun: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(_promote(services, settings, id, user.identity, begun))
    _WORKING.add(task)
    task.add_done_callback(_WORKING.discard)
    beginning: set[asyncio.Future[Any]] = {begun, task}
    await asyncio.wait(beginning, return_when=asyncio.FIRST_COMPLETED)
    if not begun.done():
        task.result()  # raises why it did not begin
    return RedirectResponse(f"/runs/{begun.result()}", 303)


@router.post("/releases/{id}/roll-back")
async def return_to(request: Request, id: str, user: Admin) -> Response:
    """Return to the release that answered before the active one. id: that release, as the page showed it."""
    services = services_of(request)
    settings, _ = await _opened(services)
    try:
        await roll_back(settings, services.database, id, user.identity)
    except NotReady as error:
        raise HTTPException(409, str(error)) from None
    return RedirectResponse("/releases", 303)


async def _promote(
    services: Services, settings: Settings, id: str, actor: str, begun: asyncio.Future[str]
) -> None:
    """What goes wrong once it has begun stands in the run's report."""
    try:
        await promote_recorded(settings, services.database, id, actor, begun.set_result)
    except AnswerloopError:
        if not begun.done():
            raise


async def _opened(services: Services) -> tuple[Settings, Release]:
    """The settings that this process was started with, and the release that it answers from."""
    async with services.assistant.core() as core:
        return core.settings, core.release


async def _card(
    services: Services,
    settings: Settings,
    release: Release,
    active: Release | None,
    figures: dict[str, ReleaseFigures],
    history: dict[str, Activation],
) -> Card:
    passages = await Documents(services.database, release.index_name).passages()
    reason = "" if release.active else await obstacle(settings, services.database, release, active)
    return Card(release, passages, figures.get(release.id), reason, history.get(release.id))


async def _run(services: Services, release: Release) -> Run | None:
    """The training run that made it, as long as it is kept."""
    return await Runs(services.database).made(release.id) if release.run else None


async def _golden(services: Services, shown: Release, active: Release | None) -> dict[str, Any]:
    """What the golden questions said of it the last time."""
    golden = GoldenQuestions(services.database)
    results = await golden.results(shown.id)
    gone: set[str] = set()
    if active and active.id != shown.id:
        gone = {result.golden_id for result in lost(await golden.results(active.id), results)}
    failed = []
    for result in (one for one in results if not one.passed):
        with contextlib.suppress(NotFound):  # removed meanwhile
            failed.append((await golden.get(result.golden_id), result, result.golden_id in gone))
    return {"asked": len(results), "passed": sum(one.passed for one in results), "failed": failed}


async def _verdict(services: Services, shown: Release, active: Release | None) -> HumanVerdict | None:
    """What people said of it beside the active one, when that is over: until then nobody is to know."""
    if active is None or active.id == shown.id:
        return None
    for comparison in await Comparisons(services.database).between(shown.id, active.id):
        if comparison.state == "closed":
            return await verdict(services.database, comparison)
    return None
