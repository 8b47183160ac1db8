"""Standard answers: all of them, one, and how one is changed."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bots.admin.bounds import Name, Text
from bots.admin.rendering import render
from bots.admin.roles import may, services_of
from bots.admin.services import Services
from rag_core.errors import InvalidEntry, Unavailable
from rag_core.records.accounts import User
from rag_core.review.resolving.curating import Curating
from rag_core.standard.answer import MATCHES, StandardAnswer
from rag_core.standard.provenance import changed_sources

__all__ = ["router"]

router = APIRouter()
Reviewer = Annotated[User, Depends(may("reviewer"))]


@router.get("/standard")
async def standard_answers(request: Request, user: Reviewer) -> HTMLResponse:
    """All, with how often each was given, and whether its sources still say it."""
    services = services_of(request)
    entries = await Curating(services.database).all()
    changed, said = await _changed(services, entries)
    return render(request, "standard.html", entries=entries, changed=changed, said=said)


@router.get("/standard/{id}")
async def standard_answer(request: Request, user: Reviewer, id: str) -> HTMLResponse:
    """One, as it is kept and as readers see it."""
    return await _one(request, id)


@router.post("/standard/{id}")
async def edit(
    request: Request, user: Reviewer, id: str, answer: Text = "", questions: Text = "", match: Text = "exact",
    pattern: Text = "", threshold: float = Form(0.85), platform: Text = "", channels: Text = "", scopes: Text = "",
) -> Response:  # fmt: skip
    """Wordings stand on lines of their own; channels and scopes between commas."""
    changes = {
        "answer": answer,
        "questions": tuple(line for line in questions.splitlines() if line.strip()),
        "match": match,
        "pattern": pattern if match == "pattern" else "",
        "threshold": threshold,
        "platform": platform,
        "channels": tuple(_listed(channels)),
        "scopes": frozenset(_listed(scopes)),
    }
    try:
        await Curating(services_of(request).database).edit(id, user.identity, **changes)
    except InvalidEntry as error:
        return await _one(request, id, str(error), 422)
    await _changed_here(request)
    return RedirectResponse(f"/standard/{id}", 303)


@router.post("/standard/{id}/switch")
async def switch(request: Request, user: Reviewer, id: str, on: Name = "") -> RedirectResponse:
    """Whether it is given."""
    await Curating(services_of(request).database).edit(id, user.identity, enabled=bool(on))
    await _changed_here(request)
    return RedirectResponse(f"/standard/{id}", 303)


@router.post("/standard/{id}/remove")
async def remove(request: Request, user: Reviewer, id: str) -> RedirectResponse:
    """For good; switched off it would be kept."""
    await Curating(services_of(request).database).remove(id, user.identity)
    await _changed_here(request)
    return RedirectResponse("/standard", 303)


async def _changed_here(request: Request) -> None:
    """The next question sees it."""
    async with services_of(request).assistant.core() as core:
        core.standard.changed()


async def _one(request: Request, id: str, wrong: str = "", status: int = 200) -> HTMLResponse:
    services = services_of(request)
    entry = await Curating(services.database).get(id)
    changed, said = await _changed(services, [entry])
    text, citations = entry.rendered()
    return render(
        request,
        "standard_one.html",
        status,
        entry=entry,
        text=text,
        citations=citations,
        changed=changed.get(id, []),
        said=said,
        wrong=wrong,
        matches=MATCHES,
    )


async def _changed(services: Services, entries: list[StandardAnswer]) -> tuple[dict[str, list[str]], str]:
    """Sentences by id on sources that changed; and why that cannot be told now, '' where it can."""
    try:
        async with services.assistant.core() as core:
            return await changed_sources(entries, core.store), ""
    except Unavailable as error:
        return {}, str(error)


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.replace("\n", ",").split(",") if part.strip()]
