"""The page of a review, and that of any answer."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from bots.admin.rendering import render
from bots.admin.roles import may, services_of
from bots.admin.routes.item.showing import RESOLUTIONS, item_of, shown
from bots.admin.services import Services
from rag_core.errors import NotFound
from rag_core.records.accounts import User
from rag_core.records.audit import Audit, Entry
from rag_core.records.reviews.items import Items
from rag_core.records.reviews.queue import Queue
from rag_core.records.reviews.reviews import Reviews
from rag_core.review.resolving.resolving import NAMES

__all__ = ["router"]

router = APIRouter()
Reviewer = Annotated[User, Depends(may("reviewer"))]


@router.get("/item/{review_id}")
async def item(request: Request, user: Reviewer, review_id: str, done: int = 0) -> HTMLResponse:
    """Opening what waits claims it for who opens it. done: the entry of the audit log about what was decided before."""
    services = services_of(request)
    review = await Reviews(services.database).get(review_id)
    if review is None:
        raise NotFound("There is no such review; its answer may have been forgotten.")
    queue = Queue(services.database)
    claim = await queue.claim(review_id, user.identity) if review.is_pending else None
    page = await shown(services, await item_of(services, review.answer_id), review)
    return render(
        request,
        "item.html",
        shown=page,
        review=review,
        claim=claim,
        resolutions=RESOLUTIONS,
        names=NAMES,
        citations=await Reviews(services.database).citations(review_id),
        previous=await Items(services.database).before(review, user.identity),
        following=await queue.next_for(user.identity, review_id) or "",
        done=await _done(services, done, user),
    )


@router.get("/answer/{answer_id}")
async def answer(request: Request, user: Reviewer, answer_id: str) -> HTMLResponse:
    """Any answer that is kept, whether it waits for a person or not."""
    services = services_of(request)
    page = await shown(services, await item_of(services, answer_id), None)
    return render(
        request,
        "item.html",
        shown=page,
        review=None,
        claim=None,
        resolutions=RESOLUTIONS,
        names=NAMES,
        citations=(),
        previous="",
        following="",
        done=None,
    )


@router.post("/answer/{answer_id}/review")
async def put_in_queue(request: Request, user: Reviewer, answer_id: str) -> RedirectResponse:
    """Have a person look at it; where one is to already, that review is opened."""
    services = services_of(request)
    found = await item_of(services, answer_id)
    if found.pending is None:
        await Reviews(services.database).propose(answer_id, "person")
        await Audit(services.database).note(user.identity, "review.add", f"answer:{answer_id}")
        found = await item_of(services, answer_id)
    assert found.pending is not None
    return RedirectResponse(f"/item/{found.pending.id}", 303)


@router.post("/item/{review_id}/claim")
async def take_over(request: Request, user: Reviewer, review_id: str) -> RedirectResponse:
    """From whoever looks at it now."""
    queue = Queue(services_of(request).database)
    if await queue.claim(review_id, user.identity, take_over=True) is None:
        raise NotFound("This review waits for nobody any more; open it to see what was decided.")
    return RedirectResponse(f"/item/{review_id}", 303)


async def _done(services: Services, number: int, user: User) -> Entry | None:
    """What this reviewer just decided, while it can be undone."""
    entry = await Audit(services.database).get(number) if 0 < number < 2**53 else None
    own = entry is not None and entry.actor == user.identity and entry.action == "review.resolve"
    return entry if own and entry is not None and entry.undone_by is None else None
