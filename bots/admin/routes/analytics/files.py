"""Every chart and table as a file. Figures are for whoever may sign in; what people wrote is for reviewers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from bots.admin.csv_files import csv_file
from bots.admin.roles import Visitor, may, services_of
from bots.admin.routes.analytics.asking import Asked
from bots.admin.routes.analytics.sheets import Sheet, by_confidence, by_name, cited, late, over_time, stale
from rag_core.errors import NotFound
from rag_core.records.accounts import User
from rag_core.records.analytics import (
    ANSWERS,
    VOTES,
    View,
    answers_of,
    breakdown,
    cited_documents,
    confidences,
    late_sources,
    overview,
    votes_of,
)
from rag_core.records.audit import Audit

__all__ = ["router"]

router = APIRouter()
Reviewer = Annotated[User, Depends(may("reviewer"))]


@router.get("/analytics/answers.csv")
async def answers(request: Request, user: Reviewer, asked: Asked) -> Response:
    """All answers of the view, with what was asked and by whom."""
    database = services_of(request).database
    await _note(request, user, "answers", asked.view)
    return csv_file("answers", ANSWERS, answers_of(database, asked.view))


@router.get("/analytics/votes.csv")
async def votes(request: Request, user: Reviewer, asked: Asked) -> Response:
    """All votes on these answers, with what people wrote."""
    database = services_of(request).database
    await _note(request, user, "votes", asked.view)
    return csv_file("votes", VOTES, votes_of(database, asked.view))


@router.get("/analytics/{name}.csv")
async def figures(request: Request, user: Visitor, name: str, asked: Asked) -> Response:
    """Of a chart or table: time, platform, channel, release, confidence, documents, stale-documents, stale-sources."""
    sheet = await _sheet(request, name, asked.view)
    return csv_file(sheet.name, sheet.header, _each(sheet))


async def _sheet(request: Request, name: str, view: View) -> Sheet:
    database = services_of(request).database
    match name:
        case "time":
            return over_time(await overview(database, view), view.step)
        case "platform" | "channel" | "release":
            return by_name(name, await breakdown(database, view, name))
        case "confidence":
            return by_confidence(await confidences(database, view))
        case "documents":
            return cited(await cited_documents(database, view))
        case "stale-documents":
            return stale(await cited_documents(database, view))
        case "stale-sources":
            return late(await late_sources(database))
    raise NotFound("There is no such table.")


async def _each(sheet: Sheet) -> AsyncIterator[Sequence[Any]]:
    for line in sheet.lines():
        yield line


async def _note(request: Request, user: User, name: str, view: View) -> None:
    days = {"since": view.since.isoformat(), "until": view.until.isoformat()}
    audit = Audit(services_of(request).database)
    await audit.note(user.identity, "analytics.export", f"file:{name}", **days)
