"""Content gaps: what people ask and the documents do not say, what is decided about it, and a list of what to write."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from bots.admin.csv_files import csv_file
from bots.admin.pace import PREVIEWS, refuse_flood
from bots.admin.rendering import render
from bots.admin.roles import Visitor, may, services_of
from rag_core.assistant import Preview
from rag_core.errors import AnswerloopError, InvalidEntry
from rag_core.records.accounts import User
from rag_core.records.analytics.gaps import STATES, Gap, Gaps
from rag_core.records.audit import Audit
from rag_core.records.reviews.items import Items
from rag_core.review.gaps.describing import Described, described
from rag_core.review.gaps.listing import HEADER, as_markdown, as_row
from rag_core.review.gaps.searching import GapSearch
from rag_core.review.resolving.previewing import preview

__all__ = ["router", "search_of"]

router = APIRouter()
Reviewer = Annotated[User, Depends(may("reviewer"))]
State = Annotated[str, Query(max_length=16)]
SHOWN = 24
CHECKED = 3
"""Typical questions that are asked again."""
LISTED = 2_000


@dataclass(frozen=True, slots=True)
class Checked:
    """A question of a gap, asked again."""

    question: str
    preview: Preview | None
    failed: str = ""


def search_of(request: Request) -> GapSearch:
    """The one of this application, which bots/admin_serving.py has search once an hour."""
    state = request.app.state
    if not hasattr(state, "gap_search"):
        services = services_of(request)
        state.gap_search = GapSearch(services.assistant, services.database)
    search: GapSearch = state.gap_search
    return search


@router.get("/gaps")
async def gaps(
    request: Request, user: Visitor, state: State = "open", page: Annotated[int, Query(ge=1, le=10_000)] = 1
) -> Response:
    found = await _in_state(request, state)
    shown = found[(page - 1) * SHOWN : page * SHOWN]
    told = await described(services_of(request).database, shown)
    search = search_of(request)
    return render(
        request,
        "gaps.html",
        found=told,
        total=len(found),
        state=state,
        states=STATES,
        page=page,
        more=len(found) > page * SHOWN,
        progress=search.progress,
        failed=search.failed,
        words=user.may("reviewer"),
    )


@router.get("/gaps/progress")
async def progress(request: Request, user: Visitor) -> Response:
    """How far the search is; asked for until it is over."""
    search = search_of(request)
    return render(request, "gaps_progress.html", progress=search.progress, failed=search.failed)


@router.post("/gaps/search")
async def search(request: Request, user: Reviewer) -> Response:
    """Look again now; it goes on beside what is served."""
    search_of(request).start()
    await Audit(services_of(request).database).note(user.identity, "gap.search", "gaps")
    return RedirectResponse("/gaps", 303)


@router.get("/gaps.csv")
async def as_csv(request: Request, user: Visitor, state: State = "") -> Response:
    """A list of documents to write. Who may not read what people wrote gets it without their questions."""
    told = await _listed(request, user, state)

    async def rows() -> AsyncIterator[Sequence[Any]]:
        for one in told:
            yield as_row(one, user.may("reviewer"))

    return csv_file("gaps", HEADER, rows())


@router.get("/gaps.md")
async def markdown(request: Request, user: Visitor, state: State = "") -> Response:
    """The same as Markdown."""
    text = as_markdown(await _listed(request, user, state), user.may("reviewer"))
    said = {"content-disposition": 'attachment; filename="gaps.md"', "cache-control": "no-store"}
    return Response(text, media_type="text/markdown; charset=utf-8", headers=said)


@router.get("/gaps/{id}")
async def gap(request: Request, user: Visitor, id: str) -> Response:
    return await _page(request, user, await Gaps(services_of(request).database).get(id))


@router.post("/gaps/{id}")
async def change(
    request: Request,
    user: Reviewer,
    id: str,
    state: Annotated[str, Form(max_length=16)],
    note: Annotated[str, Form(max_length=4_000)] = "",
) -> Response:
    """Decide what becomes of it."""
    await Gaps(services_of(request).database).change(id, state, note.strip(), user.identity)
    return RedirectResponse(f"/gaps/{id}", 303)


@router.post("/gaps/{id}/check")
async def check(request: Request, user: Reviewer, id: str) -> Response:
    """Ask its typical questions again, as those would see it who asked them."""
    refuse_flood(request, user, PREVIEWS, CHECKED)
    services = services_of(request)
    found = await Gaps(services.database).get(id)
    (told,) = await described(services.database, [found])
    checked = [await _checked(request, answer) for answer, _ in told.examples[:CHECKED]]
    return await _page(request, user, found, [one for one in checked if one is not None])


async def _checked(request: Request, answer: str) -> Checked | None:
    services = services_of(request)
    given = await Items(services.database).given(answer)
    if given is None:
        return None
    try:
        return Checked(given.asked, await preview(services.assistant, given))
    except AnswerloopError as error:
        return Checked(given.asked, None, str(error))


async def _page(request: Request, user: User, gap: Gap, checked: Sequence[Checked] = ()) -> Response:
    (told,) = await described(services_of(request).database, [gap])
    answered = sum(one.preview is not None and not one.preview.answer.abstained for one in checked)
    values: dict[str, Any] = {"one": told, "states": STATES, "checked": checked, "answered": answered}
    return render(request, "gap.html", **values, words=user.may("reviewer"))


async def _in_state(request: Request, state: str) -> list[Gap]:
    if state not in ("", *STATES):
        raise InvalidEntry(f"state: choose one of {', '.join(STATES)}.")
    return await Gaps(services_of(request).database).all(state)


async def _listed(request: Request, user: User, state: str) -> list[Described]:
    database = services_of(request).database
    found = await _in_state(request, state)
    if user.may("reviewer"):
        await Audit(database).note(user.identity, "analytics.export", "file:gaps", gaps=len(found))
    return await described(database, found[:LISTED])
