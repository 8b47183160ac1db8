"""What is kept of one person: shown, given as a file, and forgotten. Ids stand in forms, never in addresses."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from bots.admin.rendering import render
from bots.admin.roles import may, services_of
from rag_core.errors import InvalidEntry
from rag_core.records.accounts import User
from rag_core.records.audit import Audit
from rag_core.records.people.people import People
from rag_core.records.people.pseudonyms import Pseudonyms

__all__ = ["router"]

router = APIRouter()
Admin = Annotated[User, Depends(may("admin"))]
Person = Annotated[str, Form(max_length=240)]


@router.get("/people")
async def people(request: Request, user: Admin) -> Response:
    return render(request, "people.html", person="", kept=None, done=None, wrong="")


@router.post("/people")
async def find(request: Request, user: Admin, person: Person) -> Response:
    """How much there is, and what forgetting would remove."""
    try:
        platform, id = _named(person)
    except InvalidEntry as error:
        return render(request, "people.html", 422, person=person, kept=None, done=None, wrong=str(error))
    return await _kept(request, platform, id)


@router.post("/people/data")
async def data(request: Request, user: Admin, person: Person) -> Response:
    """All that is kept of them, as JSON."""
    platform, id = _named(person)
    kept = await _people(request).export(platform, id)
    services = services_of(request)
    names = await Pseudonyms.of(services.database)
    subject = f"person:{names.name(platform, id)}"
    await Audit(services.database).note(user.identity, "person.export", subject)
    body = json.dumps(kept, ensure_ascii=False, indent=2).encode("utf-8", "replace")
    headers = {
        "content-disposition": 'attachment; filename="answerloop-person.json"',
        "cache-control": "no-store",
    }
    return Response(body, media_type="application/json", headers=headers)


@router.post("/people/forget")
async def forget(
    request: Request, user: Admin, person: Person, sure: Annotated[str, Form(max_length=240)] = ""
) -> Response:
    """sure: the person named once more."""
    platform, id = _named(person)
    if sure.strip() != f"{platform}:{id}":
        return await _kept(request, platform, id, 422, "This is not the same; write it exactly as above.")
    done = await _people(request).forget_all(platform, id, by=user.identity)
    return render(request, "people.html", person="", kept=None, done=done, wrong="")


async def _kept(request: Request, platform: str, id: str, status: int = 200, unsure: str = "") -> Response:
    """unsure: what is wrong with the id that was written once more."""
    kept = await _people(request).export(platform, id)
    counts = {name: len(rows) for name, rows in kept.items() if isinstance(rows, list) and rows}
    shown = {"person": f"{platform}:{id}", "kept": counts, "done": None, "wrong": "", "unsure": unsure}
    return render(request, "people.html", status, **shown)


def _people(request: Request) -> People:
    services = services_of(request)
    settings = services.settings()
    return People(services.database, settings.home, settings.votes.quorum)


def _named(person: str) -> tuple[str, str]:
    platform, _, id = person.strip().partition(":")
    if not platform or not id:
        raise InvalidEntry("This names nobody; write PLATFORM:USER, such as slack:U024BE7LH.")
    return platform, id
