"""The audit log: who did what, and when."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel, Field

from bots.admin.rendering import render
from bots.admin.roles import may, services_of
from rag_core.records.accounts import User
from rag_core.records.audit import Audit, Entry
from rag_core.records.reviews.undoing import can_be_undone

__all__ = ["router"]

router = APIRouter()
PAGE, EXPORT_PAGE = 50, 1_000
COLUMNS = ("number", "at", "actor", "name", "action", "subject", "detail", "undone_by")
SHOWN_AT = {"review": "/item/", "answer": "/answer/"}
"""Where a subject is shown, by its kind."""
Admin = Annotated[User, Depends(may("admin"))]
_Word = Annotated[str, Field(max_length=200)]


class Wanted(BaseModel):
    """The filters; '': any."""

    who: _Word = ""
    kind: _Word = ""
    """The beginning of an action, such as review."""
    since: _Word = ""
    until: _Word = ""

    def found(self) -> dict[str, Any]:
        """As Audit.latest takes them."""
        since, until = _day(self.since), _day(self.until)
        ends = _midnight(until + timedelta(days=1)) if until and until < date.max else None
        return {
            "actor": self.who,
            "action": self.kind,
            "since": _midnight(since) if since else None,
            "until": ends,
        }

    def query(self, **more: object) -> str:
        said = {name: getattr(self, name) for name in Wanted.model_fields} | more
        return urlencode({name: value for name, value in said.items() if value})


class Asked(Wanted):
    before: Annotated[int, Field(ge=0, le=2**62)] = 0
    """A number: entries that are older."""


@router.get("/audit")
async def audit(request: Request, user: Admin, asked: Annotated[Asked, Query()]) -> Response:
    log = Audit(services_of(request).database)
    entries = await log.latest(PAGE + 1, asked.before or None, **asked.found())
    shown, more = entries[:PAGE], len(entries) > PAGE
    actions = await log.actions()
    return render(
        request,
        "audit.html",
        asked=asked,
        entries=[(entry, _link(entry), can_be_undone(entry)) for entry in shown],
        names=await log.names(shown),
        actors=await log.actors(),
        kinds=sorted({action.partition(".")[0] for action in actions}),
        next=shown[-1].number if more else 0,
        export=f"/audit.csv?{asked.query()}",
    )


@router.get("/audit.csv")
async def export(request: Request, user: Admin, wanted: Annotated[Wanted, Query()]) -> StreamingResponse:
    """All that the filters let through, the newest first."""
    rows = _rows(Audit(services_of(request).database), wanted)
    named = {"content-disposition": "attachment; filename=audit.csv"}
    return StreamingResponse(rows, media_type="text/csv; charset=utf-8", headers=named)


async def _rows(log: Audit, wanted: Wanted) -> AsyncIterator[str]:
    yield _line(COLUMNS)
    before: int | None = None
    while entries := await log.latest(EXPORT_PAGE, before, **wanted.found()):
        names = await log.names(entries)
        yield "".join(_line(_cells(entry, names)) for entry in entries)
        before = entries[-1].number


def _cells(entry: Entry, names: dict[str, str]) -> tuple[object, ...]:
    detail = json.dumps(dict(entry.detail), ensure_ascii=False, sort_keys=True)
    return (
        entry.number,
        entry.at.isoformat(timespec="seconds"),
        entry.actor,
        names.get(entry.actor, entry.actor),
        entry.action,
        entry.subject,
        detail,
        "" if entry.undone_by is None else entry.undone_by,
    )


def _line(cells: tuple[object, ...]) -> str:
    written = io.StringIO()
    csv.writer(written).writerow([_harmless(str(cell)) for cell in cells])
    return written.getvalue()


def _harmless(cell: str) -> str:
    """A spreadsheet takes what begins so for a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _link(entry: Entry) -> str:
    """Where the subject is shown; '': nowhere."""
    kind, _, id = entry.subject.partition(":")
    return f"{SHOWN_AT[kind]}{id}" if kind in SHOWN_AT and id.isalnum() else ""


def _day(written: str) -> date | None:
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
