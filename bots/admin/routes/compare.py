"""Comparisons of two releases: started here, judged blindly, and what came of them."""

from __future__ import annotations

import secrets
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bots.admin.bounds import Name
from bots.admin.jobs import Job, jobs_of
from bots.admin.rendering import render
from bots.admin.roles import may, services_of
from rag_core.errors import Busy, InvalidEntry, NotFound
from rag_core.records.accounts import User
from rag_core.records.evaluation.comparisons import Comparison, Comparisons, Item, Judgement
from rag_core.records.index.releases import Releases
from rag_core.review.alone import alone
from rag_core.review.comparing.comparing import left_is, meant, next_for, prepare, questions_for
from rag_core.review.comparing.tally import RATERS, result

__all__ = ["judged_by", "may_close_it", "read", "router"]

router = APIRouter()
Reviewer = Annotated[User, Depends(may("reviewer"))]
PREPARE = "comparing"
"""The background job, and the lock."""
DEFAULT, MOST = 50, 500
"""Questions of a sample."""
Choice = Literal["left", "right", "tie", "skipped"]


@router.get("/compare")
async def show_all(request: Request, user: Reviewer) -> HTMLResponse:
    database = services_of(request).database
    comparisons = await Comparisons(database).all()
    releases = [release.id for release in reversed(await Releases(database).all())]
    return render(
        request,
        "compare.html",
        rows=[(one, *await _state_of(request, one, user)) for one in comparisons],
        releases=releases,
        active=next((r.id for r in await Releases(database).all() if r.active), ""),
        default=DEFAULT,
        most=MOST,
    )


async def _state_of(request: Request, comparison: Comparison, user: User) -> tuple[int, int, int]:
    """Questions to judge, those that this user judged, and judgements still missing from anybody."""
    if comparison.state != "open":
        return 0, 0, 0
    items, judgements = await read(request, comparison)
    to_judge = sum(not item.identical for item in items)
    return to_judge, judged_by(judgements, user), result(items, judgements).missing


@router.post("/compare")
async def start(
    request: Request,
    user: Reviewer,
    name: Name = "",
    baseline: Name = "",
    candidate: Name = "",
    questions: Annotated[int, Form(ge=1, le=MOST)] = DEFAULT,
    sample: Annotated[Literal["asked", "golden"], Form()] = "asked",
) -> Response:
    services, jobs = services_of(request), jobs_of(request.app)
    known = {release.id: release for release in await Releases(services.database).all()}
    for id in (baseline, candidate):
        if id not in known:
            raise NotFound(f"There is no release {id[:32]}.")
    running = jobs.get(PREPARE)
    if running and running.running:
        raise Busy("Another comparison is being prepared; wait until it is done.")
    seed = secrets.randbits(31)
    chosen = await questions_for(services.database, questions, seed, sample == "golden")
    records = Comparisons(services.database)
    comparison = await records.begin(name, baseline, candidate, user.identity, len(chosen), seed)

    async def work(job: Job) -> None:
        try:
            with alone(services.settings(), PREPARE):
                await prepare(services.settings(), services.database, comparison, chosen)
        except Busy as error:
            await records.failed(comparison.id, str(error))

    jobs.start(PREPARE, work)
    return RedirectResponse(f"/compare/{comparison.id}", 303)


@router.get("/compare/{id}")
async def show(request: Request, user: Reviewer, id: str, item: Annotated[int, Query(ge=0)] = 0) -> Response:
    """The next question to judge, or the one asked for; how far it is prepared; or what came of it."""
    comparison = await Comparisons(services_of(request).database).get(id)
    if comparison.state in ("preparing", "failed"):
        return await _preparing(request, comparison)
    items, judgements = await read(request, comparison)
    if comparison.state == "closed":
        return RedirectResponse(f"/compare/{id}/result", 303)
    chosen = _asked_for(items, item) or next_for(comparison, items, judgements, user.identity)
    if chosen is None:
        return RedirectResponse(f"/compare/{id}/result", 303)
    return _rating(request, comparison, chosen, items, judgements, user)


def _asked_for(items: list[Item], number: int) -> Item | None:
    return next((item for item in items if item.number == number and not item.identical), None)


async def _preparing(request: Request, comparison: Comparison) -> HTMLResponse:
    done = await Comparisons(services_of(request).database).count(comparison.id)
    return render(request, "compare_preparing.html", comparison=comparison, done=done)


def _rating(
    request: Request,
    comparison: Comparison,
    item: Item,
    items: list[Item],
    judgements: list[Judgement],
    user: User,
) -> HTMLResponse:
    """Nothing that the template is given tells which release is on which side."""
    left, right = item.baseline, item.candidate
    if left_is(comparison, item.number, user.identity) == "candidate":
        left, right = right, left
    mine = [one for one in judgements if one.rater == user.identity]
    return render(
        request,
        "compare_rating.html",
        id=comparison.id,
        name=comparison.name,
        number=item.number,
        question=item.question,
        sides=(("left", "1", "First answer", left), ("right", "2", "Second answer", right)),
        chosen=_chosen(comparison, item, mine),
        back=_before(mine, item.number),
        done=judged_by(judgements, user),
        total=sum(not one.identical for one in items),
        identical=sum(one.identical for one in items),
        may_close=may_close_it(comparison, user),
        missing=result(items, judgements).missing,
        raters=RATERS,
    )


def _chosen(comparison: Comparison, item: Item, mine: list[Judgement]) -> str:
    """What this rater said of it before, as sides; '': nothing."""
    said = next((one.preference for one in mine if one.number == item.number), "")
    if said in ("", "tie", "skipped"):
        return said
    return "left" if said == left_is(comparison, item.number, mine[0].rater) else "right"


def _before(mine: list[Judgement], number: int) -> int:
    """The question that this rater judged before that one; 0: none. Theirs come the earliest first."""
    numbers = [one.number for one in mine]
    earlier = numbers[: numbers.index(number)] if number in numbers else numbers
    return earlier[-1] if earlier else 0


def judged_by(judgements: list[Judgement], user: User) -> int:
    """How many questions that user judged."""
    return sum(one.rater == user.identity and one.preference != "skipped" for one in judgements)


@router.post("/compare/{id}/judge")
async def judge(
    request: Request,
    user: Reviewer,
    id: str,
    number: Annotated[int, Form(ge=1, le=MOST)],
    choice: Annotated[Choice, Form()],
) -> Response:
    records = Comparisons(services_of(request).database)
    comparison = await records.get(id)
    preference = meant(comparison, number, user.identity, choice)
    await records.judge(id, number, user.identity, preference)
    return RedirectResponse(f"/compare/{id}", 303)


@router.post("/compare/{id}/close")
async def close(request: Request, user: Reviewer, id: str) -> Response:
    records = Comparisons(services_of(request).database)
    _refuse_others(await records.get(id), user)
    if not await records.close(id, user.identity):
        raise InvalidEntry("This comparison is not open; there is nothing to close.")
    return RedirectResponse(f"/compare/{id}/result", 303)


@router.post("/compare/{id}/remove")
async def remove(request: Request, user: Reviewer, id: str) -> Response:
    records = Comparisons(services_of(request).database)
    _refuse_others(await records.get(id), user)
    await records.remove(id, user.identity)
    return RedirectResponse("/compare", 303)


def may_close_it(comparison: Comparison, user: User) -> bool:
    """Whether that user may close or remove it."""
    return user.may("admin") or comparison.created_by == user.identity


def _refuse_others(comparison: Comparison, user: User) -> None:
    if not may_close_it(comparison, user):
        raise HTTPException(403, "Only an admin, or who started this comparison, may do that.")


async def read(request: Request, comparison: Comparison) -> tuple[list[Item], list[Judgement]]:
    """All that is kept of it."""
    records = Comparisons(services_of(request).database)
    return await records.items(comparison.id), await records.judgements(comparison.id)
