"""Taking back what was done."""

from __future__ import annotations

import json
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, HTTPException, Path, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from bots.admin.roles import may, services_of
from rag_core.records.accounts import User
from rag_core.records.audit import Audit
from rag_core.records.reviews.undoing import undo

__all__ = ["router"]

router = APIRouter()


@router.post("/undo/{number}")
async def take_back(
    request: Request,
    user: Annotated[User, Depends(may("reviewer"))],
    number: Annotated[int, Path(ge=1, le=2**62)],
    back: Annotated[Literal["/queue", "/audit"], Form()] = "/queue",
) -> Response:
    """Reviewers take back what they did themselves, admins what anybody did. back: where to go where there is no script."""
    database = services_of(request).database
    entry = await Audit(database).get(number)
    if entry is not None and entry.actor != user.identity and not user.may("admin"):
        raise HTTPException(403, "Only who did this, or an admin, can take it back.")
    undone = await undo(database, number, user.identity)
    if request.headers.get("hx-request") != "true":
        return RedirectResponse(back, 303)
    told = json.dumps({"told": {"text": undone.sentence}})
    return JSONResponse({"entry": undone.entry}, headers={"hx-trigger": told})
