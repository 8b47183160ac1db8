"""The queue: what waits for a reviewer, and what reviewers decide without opening it."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from bots.admin.rendering import render
from bots.admin.roles import may, services_of
from bots.admin.routes.queue.forms import Acting, Asked, Searched
from bots.admin.routes.queue.rows import DONE, REASONS, RESOLVED, SOURCES, decided_sentence, grounds
from rag_core.records.accounts import User
from rag_core.records.audit import Audit, Entry
from rag_core.records.reviews.deciding import MOST, decide_all, decision_on
from rag_core.records.reviews.filters import Cursor
from rag_core.records.reviews.queue import Queue
from rag_core.settings import Settings

__all__ = ["router"]

router = APIRouter()
Reviewer = Annotated[User, Depends(may("reviewer"))]
Said = tuple[str, int | None]
"""A sentence, and the number of the entry that undoes what it tells."""


class Address(Asked):
    after: str = ""
    did: Annotated[int, Query(ge=0, le=2**62)] = 0
    """The entry of what this reviewer has just done, to be taken back."""


@router.get("/queue")
async def queue(request: Request, user: Reviewer, asked: Annotated[Address, Query()]) -> Response:
    did = await _own(request, user, asked.did) if asked.did else None
    return await _page(request, user, asked, "", Cursor.read(asked.after) if asked.after else None, did)


@router.post("/queue")
async def search(request: Request, user: Reviewer, searched: Annotated[Searched, Form()]) -> Response:
    """What somebody looks for stands in no address, and in no log."""
    if not searched.text.strip():
        return RedirectResponse(searched.address(after=searched.after), 303)
    return await _page(request, user, searched, searched.text, searched.cursor)


@router.post("/queue/decide")
async def decide(request: Request, user: Reviewer, acting: Annotated[Acting, Form()]) -> Response:
    """Approve, reject, assign to oneself, or to nobody; one, several, or all that match."""
    services = services_of(request)
    does, ids = acting.act
    if acting.all and not acting.one:
        ids = await Queue(services.database).matching(acting.filters(user, acting.text), MOST)
    if not ids:
        raise HTTPException(422, "Select at least one review.")
    if len(ids) > MOST:
        raise HTTPException(422, f"At most {MOST} reviews are decided at once.")
    if does in DONE:
        said = await _decided(request, user, does, ids)
    elif does in ("assign", "unassign"):
        said = await _assigned(request, user, ids, user.identity if does == "assign" else "")
    else:
        raise HTTPException(422, "Say what to do: approve, reject, assign or unassign.")
    return _told(request, acting, said)


async def _page(
    request: Request, user: User, asked: Asked, text: str, after: Cursor | None, did: Entry | None = None
) -> Response:
    services = services_of(request)
    shown, filters = Queue(services.database), asked.filters(user, text)
    page = await shown.page(filters, after)
    counts = await shown.counts(filters)
    total = counts.get(asked.source, 0) if asked.source in SOURCES else sum(counts.values())
    return render(
        request,
        "queue.html",
        asked=asked,
        text=text,
        page=page,
        first=after is None,
        rows=[(item, grounds(item)) for item in page.items],
        tabs=[
            ("", "All", sum(counts.values())),
            *((s, name, counts.get(s, 0)) for s, name in SOURCES.items()),
        ],
        total=total,
        most=MOST,
        choices=await shown.choices(),
        scopes=_with(asked.scope, _scopes(services.settings())),
        reasons=REASONS,
        resolved=RESOLVED,
        did=did,
    )


async def _decided(request: Request, user: User, does: str, ids: list[str]) -> Said:
    database = services_of(request).database
    words, resolution = DONE[does]
    decided = await decide_all(database, ids, resolution, user.identity)  # type: ignore[arg-type]
    if not decided.ids and len(ids) == 1:
        earlier = await decision_on(database, ids[0])
        raise HTTPException(
            409 if earlier else 404,
            decided_sentence(earlier) if earlier else "This review is not there any more.",
        )
    missed = len(ids) - len(decided.ids)
    others = f" {missed:,} had been decided before." if missed else ""
    return f"{words}: {len(decided.ids):,}.{others}", decided.entry


async def _assigned(request: Request, user: User, ids: list[str], to: str) -> Said:
    changed, entry = await Queue(services_of(request).database).assign(ids, user.identity, to)
    if not changed:
        return "Nothing has changed.", None
    return (f"Assigned to you: {changed:,}." if to else f"Assigned to nobody: {changed:,}."), entry


def _told(request: Request, acting: Acting, said: Said) -> Response:
    sentence, entry = said
    if request.headers.get("hx-request") != "true":
        return RedirectResponse(acting.address(did=entry or 0), 303)
    undo = {"undo": f"/undo/{entry}"} if entry is not None else {}
    told = json.dumps({"told": {"text": sentence, **undo}})
    return JSONResponse({"undo": entry}, headers={"hx-trigger": told})


async def _own(request: Request, user: User, number: int) -> Entry | None:
    entry = await Audit(services_of(request).database).get(number)
    return entry if entry and entry.actor == user.identity and entry.undone_by is None else None


def _scopes(settings: Settings) -> tuple[str, ...]:
    return tuple(sorted({"public", *(source.scope for source in settings.sources)}))


def _with(chosen: str, choices: tuple[str, ...]) -> tuple[Any, ...]:
    return choices if not chosen or chosen in choices else (*choices, chosen)
