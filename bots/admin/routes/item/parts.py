"""What the page of an answer asks for once it is shown: preview, search, similar questions, differences."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from bots.admin.bounds import Name, Text
from bots.admin.pace import PREVIEWS, SEARCHES, refuse_flood
from bots.admin.rendering import render
from bots.admin.roles import may, services_of
from bots.admin.routes.item.showing import item_of, shown
from rag_core.errors import AnswerloopError, InvalidEntry, InvalidQuestion, NotFound
from rag_core.records.accounts import User
from rag_core.records.reviews.items import GivenAnswer, Items
from rag_core.review.resolving.differing import difference
from rag_core.review.resolving.evidence import Evidence, found
from rag_core.review.resolving.marks import cited_numbers, unmarked
from rag_core.review.resolving.previewing import preview, readable
from rag_core.review.resolving.similar import similar_questions

__all__ = ["router"]

router = APIRouter()
Reviewer = Annotated[User, Depends(may("reviewer"))]
T = TypeVar("T")
LOOK_S = 0.25
"""How often it is looked whether somebody still waits."""
FOUND = 10


@router.post("/answer/{answer_id}/preview")
async def now(request: Request, user: Reviewer, answer_id: str, question: Text = "") -> HTMLResponse:
    """What the asker would be answered now, to this question or another. Given up when the page goes."""
    refuse_flood(request, user, PREVIEWS)
    services, given = services_of(request), await _given(request, answer_id)
    said, made = "", None
    try:
        made = await _while_wanted(request, preview(services.assistant, given, question.strip()))
    except AnswerloopError as error:
        said = str(error)
    passages: list[Evidence] = []
    if made is not None:
        passages = found(made.ranked, made.answer.citations, readable(given.scopes).scopes)
    files = readable(given.scopes).files
    return render(
        request, "item_preview.html", given=given, made=made, passages=passages, said=said, files=files
    )


@router.post("/answer/{answer_id}/search")
async def search(
    request: Request, user: Reviewer, answer_id: str, text: Text = "", everything: Name = ""
) -> HTMLResponse:
    """The passages that the index has for these words, of what the asker may read, or of everything."""
    refuse_flood(request, user, SEARCHES)
    services, given = services_of(request), await _given(request, answer_id)
    may_read, said = readable(given.scopes).scopes, ""
    passages: list[Evidence] = []
    if text.strip():
        try:
            scopes = None if everything else may_read
            ranked = await _while_wanted(request, services.assistant.search(text, scopes, FOUND))
            passages = found(ranked or [], given.citations, may_read)
        except InvalidQuestion as error:
            said = str(error)
    asked = bool(text.strip())
    return render(request, "item_results.html", given=given, passages=passages, said=said, asked=asked)


@router.get("/answer/{answer_id}/similar")
async def similar(request: Request, user: Reviewer, answer_id: str) -> HTMLResponse:
    """Questions like this one, and how they were resolved."""
    refuse_flood(request, user, SEARCHES)
    services, given = services_of(request), await _given(request, answer_id)
    async with services.assistant.core() as core:
        alike = await similar_questions(core, services.database).to(given.asked, but=given.id)
    return render(request, "item_similar.html", given=given, alike=alike)


@router.post("/answer/{answer_id}/difference")
async def compared(
    request: Request, user: Reviewer, answer_id: str, left: Name = "given", right: Name = "",
    now: Text = "",
) -> HTMLResponse:  # fmt: skip
    """Two versions of the answer, word by word. now: what the preview brought, as version "now"; '': it is asked again."""
    services = services_of(request)
    if not now and "now" in (left, right):  # without scripts there is no preview on the page
        refuse_flood(request, user, PREVIEWS)
        given = await _given(request, answer_id)
        made = await _while_wanted(request, preview(services.assistant, given))
        now = made.answer.text if made else ""
    page = await shown(services, await item_of(services, answer_id), None)
    texts = {one.key: one.text for one in page.versions} | ({"now": now} if now else {})
    if left not in texts or right not in texts:
        raise InvalidEntry("versions: one of them is not there any more; reload the page.")
    changes = await asyncio.to_thread(difference, texts[left], texts[right])
    return render(request, "item_difference.html", given=page.given, changes=changes)


@router.post("/answer/{answer_id}/rendered")
async def rendered(request: Request, user: Reviewer, answer_id: str, correction: Text = "") -> HTMLResponse:
    """A correction as readers will see it, with the sentences that cite nothing."""
    given = await _given(request, answer_id)
    numbers, bare = cited_numbers(correction), unmarked(correction)
    return render(request, "item_rendered.html", given=given, text=correction, numbers=numbers, unmarked=bare)


async def _given(request: Request, answer_id: str) -> GivenAnswer:
    given = await Items(services_of(request).database).given(answer_id)
    if given is None:
        raise NotFound("There is no such answer; it may have been forgotten.")
    return given


async def _while_wanted(request: Request, work: Coroutine[Any, Any, T]) -> T | None:
    """What the work brings; None: nobody waited for it any more, and it was cancelled."""
    task = asyncio.create_task(work)
    try:
        while not (await asyncio.wait({task}, timeout=LOOK_S))[0]:
            if await request.is_disconnected():
                return None
        return task.result()
    finally:
        task.cancel()
