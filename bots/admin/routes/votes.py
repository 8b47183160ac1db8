"""Votes that do not count: flags that wait for a reviewer, and who voted too often."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from bots.admin.rendering import render
from bots.admin.roles import may, services_of
from rag_core.records.accounts import User
from rag_core.records.feedback.flags import Flags

__all__ = ["router"]

router = APIRouter()
Reviewer = Annotated[User, Depends(may("reviewer"))]
CAPPED_FOR = timedelta(days=30)


@router.get("/votes")
async def votes(request: Request, user: Reviewer) -> Response:
    """What waits, with the votes that each flag is about; then what was decided, and who was capped."""
    flags = _flags(request)
    waiting = [(flag, await flags.votes_of(flag)) for flag in await flags.open()]
    return render(
        request,
        "votes.html",
        waiting=waiting,
        decided=await flags.decided(),
        capped=await flags.capped(datetime.now(UTC) - CAPPED_FOR),
        limits=services_of(request).settings().votes,
    )


@router.post("/votes/{id}/decide")
async def decide(
    request: Request, user: Reviewer, id: str, decision: Annotated[Literal["upheld", "dismissed"], Form()]
) -> Response:
    await _flags(request).decide(id, decision, user.identity)
    return RedirectResponse("/votes", 303)


@router.post("/votes/{id}/undo")
async def undo(request: Request, user: Reviewer, id: str) -> Response:
    """It waits again."""
    await _flags(request).undo(id, user.identity)
    return RedirectResponse("/votes", 303)


def _flags(request: Request) -> Flags:
    services = services_of(request)
    return Flags(services.database, services.settings().votes)
