"""All answers and all votes of a view, one day at a time: no transaction stays open while somebody's browser is slow."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.records.analytics.view import View
from rag_core.records.database import transaction
from rag_core.records.tables import answers, votes
from rag_core.records.times import aware

__all__ = ["ANSWERS", "VOTES", "answers_of", "votes_of"]

Row = tuple[Any, ...]
ANSWERS = (
    *(
        "answer",
        "asked_at",
        "platform",
        "workspace",
        "channel",
        "person",
        "question",
        "understood_as",
        "text",
    ),
    *("abstained", "confidence", "release", "generator", "cached", "took_ms", "documents"),
)
VOTES = (
    *("answer", "voted_at", "platform", "person", "value", "reason", "comment", "correction", "excluded"),
    *("asked_at", "channel", "release", "question"),
)


async def answers_of(database: AsyncEngine, view: View) -> AsyncIterator[Row]:
    """In the order of ANSWERS, the oldest first."""
    c = answers.c
    place = (c.id, c.created_at, c.platform, c.workspace, c.channel, c.user_id)
    said = (c.question, c.standalone, c.answer, c.abstained, c.confidence, c.release, c.generator, c.cached)
    query = select(*place, *said, c.took_ms, c.citations).order_by(c.created_at, c.id)
    async for row in _by_day(database, view, query):
        yield (*row[:-1], " ".join(dict.fromkeys(_document(one) for one in row[-1] or [])))


async def votes_of(database: AsyncEngine, view: View) -> AsyncIterator[Row]:
    """On the answers of the view, whether they count or not; in the order of VOTES."""
    c, v = answers.c, votes.c
    query = select(
        *(v.answer_id, v.updated_at, v.platform, v.user_id, v.value, v.reason, v.comment, v.correction),
        *(v.excluded, c.created_at, c.channel, c.release, c.question),
    ).join_from(votes, answers, c.id == v.answer_id)
    async for row in _by_day(database, view, query.order_by(c.created_at, c.id, v.platform, v.user_id)):
        yield row


async def _by_day(database: AsyncEngine, view: View, query: Select[Any]) -> AsyncIterator[Row]:
    for day in range(view.since.toordinal(), view.until.toordinal() + 1):
        today = replace(view, since=date.fromordinal(day), until=date.fromordinal(day))
        async with transaction(database) as connection:
            rows = (await connection.execute(query.where(today.condition))).all()
        for row in rows:
            yield tuple(aware(value) for value in row)


def _document(citation: dict[str, str]) -> str:
    return citation.get("passage", "").rpartition("#")[0] or citation["title"]
