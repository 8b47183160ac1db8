"""The one form by which a review is resolved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from bots.admin.bounds import LONGEST_ID
from bots.admin.roles import may, services_of
from rag_core.errors import InvalidEntry, NotFound
from rag_core.records.accounts import User
from rag_core.records.reviews.items import Items
from rag_core.records.reviews.queue import Queue
from rag_core.records.reviews.reviews import RESOLUTIONS, Reviews
from rag_core.review.resolving.resolving import Decision, Resolving

__all__ = ["decision_of", "router"]

router = APIRouter()
Reviewer = Annotated[User, Depends(may("reviewer"))]
CITE = "cite-"
"""Begins the name of a field that holds the numbers by which a passage is cited; its id follows."""


@router.post("/item/{review_id}/resolve")
async def resolve(request: Request, user: Reviewer, review_id: str) -> RedirectResponse:
    """Decided once; then comes the next of the queue, where it can be undone."""
    services = services_of(request)
    review = await Reviews(services.database).get(review_id)
    given = await Items(services.database).given(review.answer_id) if review else None
    if given is None:
        raise NotFound("There is no such review; its answer may have been forgotten.")
    decision = decision_of(await request.form(), {one.number: one.passage for one in given.citations})
    async with services.assistant.core() as core:
        resolving = Resolving(services.database, core.store)
        outcome = await resolving.resolve(review_id, decision, user.identity)
        if outcome.standard:
            core.standard.changed()
    queue = Queue(services.database)
    following = await queue.next_for(user.identity, review_id) or await queue.next_for(user.identity)
    return RedirectResponse(f"/item/{following or review_id}?done={outcome.entry}", 303)


def decision_of(form: FormData, cited: Mapping[int, str]) -> Decision:
    """What the form says. cited: what the answer cites by number, which stays unless the form says otherwise.

    Raises:
        InvalidEntry: a field cannot be read.
    """
    resolution = _text(form, "resolution")
    if resolution not in RESOLUTIONS:
        raise InvalidEntry("resolution: pick one of the seven.")
    return Decision(
        resolution,
        right=_ids(form, "right"),
        wrong=_ids(form, "wrong"),
        stale=_ids(form, "stale"),
        correction=_text(form, "correction"),
        cites={**cited, **_cites(form)} if resolution == "corrected_answer" else {},
        note=_text(form, "note"),
        route=_text(form, "route"),
        standard=bool(_text(form, "standard")),
        golden=bool(_text(form, "golden")),
    )


def _cites(form: FormData) -> dict[int, str]:
    cites: dict[int, str] = {}
    for name, value in form.multi_items():
        if not name.startswith(CITE) or not isinstance(value, str):
            continue
        for number in filter(None, value.replace(",", " ").split()):
            if not (number.isascii() and number.isdigit() and 0 < int(number) < 1000):
                raise InvalidEntry("cite: say by which number the passage is cited, such as 2.")
            if cites.setdefault(int(number), name.removeprefix(CITE)) != name.removeprefix(CITE):
                raise InvalidEntry(f"cite: [{number}] stands for two passages; give each its own number.")
    return cites


def _ids(form: FormData, name: str) -> tuple[str, ...]:
    ids = tuple(str(one) for one in form.getlist(name))
    if any(len(id) > LONGEST_ID for id in ids):
        raise InvalidEntry(f"{name}: that is no passage; reload the page, and pick it again.")
    return ids


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value if isinstance(value, str) else ""
