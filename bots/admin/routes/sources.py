"""Where answers come from: how each source stands, and reading it now."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response

from bots.admin.rendering import render
from bots.admin.roles import Visitor, may, services_of
from rag_core.errors import NotFound
from rag_core.records.accounts import User
from rag_core.records.index.documents import Documents
from rag_core.records.index.releases import Releases
from rag_core.records.index.syncs import Syncs
from rag_core.running.source_states import source_states
from rag_core.settings.masking import without_credentials

__all__ = ["router"]

router = APIRouter()
PAGE = 50
"""Skipped documents on one page."""


@router.get("/sources")
async def sources(request: Request, user: Visitor) -> Response:
    """Each source and its state; the page looks again every 2 s while something moves."""
    return await _page(request)


@router.get("/sources/{name}")
async def source(
    request: Request, name: str, user: Visitor, page: Annotated[int, Query(ge=1, le=10**6)] = 1
) -> Response:
    """One source, and the documents of it that could not be read."""
    database = services_of(request).database
    shown = next((one for one in await source_states(database) if one.name == name), None)
    if shown is None:
        raise NotFound(f"There is no source named {name}; the list has those there are.")
    active = await Releases(database).active()
    skipped = await Documents(database, active.index_name if active else "").skipped(
        name, PAGE, (page - 1) * PAGE
    )
    return render(
        request,
        "source.html",
        source=shown,
        skipped=skipped,
        page=page,
        more=shown.skipped > page * PAGE,
        plain=without_credentials,
    )


@router.post("/sources/{name}/sync")
async def sync(request: Request, name: str, user: Annotated[User, Depends(may("admin"))]) -> Response:
    """Ask for a sync; the next serving process that looks begins it, within seconds."""
    await Syncs(services_of(request).database).want(name, user.identity)
    if request.headers.get("hx-request") != "true":
        return RedirectResponse("/sources", 303)
    page = await _page(request)
    page.headers["hx-trigger"] = json.dumps({"told": f"{name} is read within a few seconds."})
    return page


async def _page(request: Request) -> Response:
    states = await source_states(services_of(request).database)
    return render(request, "sources.html", sources=states, moves=any(one.moves for one in states))
