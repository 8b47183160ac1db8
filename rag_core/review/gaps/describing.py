"""Gaps as a page shows them: with questions, how often they come, and the document that comes nearest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from rag_core.records.analytics.gaps import Gap
from rag_core.records.database import transaction
from rag_core.records.tables import answers

__all__ = ["EXAMPLES", "WEEKS", "Described", "described"]

EXAMPLES = 5
WEEKS = 13
BATCH = 400
COUNTED = 2_000
"""Questions of one gap that its weeks are counted of."""


@dataclass(frozen=True, slots=True)
class Described:
    gap: Gap
    examples: tuple[tuple[str, str], ...]
    """Id of an answer and what was asked, the most typical first; each wording once."""
    weeks: tuple[int, ...]
    """Questions of each of the last WEEKS weeks, the latest last."""
    nearest: str
    """Title of the document that its answers name most; '': none."""


async def described(
    database: AsyncEngine, gaps: Sequence[Gap], now: datetime | None = None
) -> list[Described]:
    """
    Raises:
        Unavailable: the database does not answer.
    """
    today = (now or datetime.now(UTC)).date().toordinal()
    async with transaction(database) as connection:
        days = await _days(connection, [id for gap in gaps for id in gap.answers[:COUNTED]])
        told = await _told(connection, [id for gap in gaps for id in gap.answers[: 4 * EXAMPLES]])
    return [_described(gap, days, told, today) for gap in gaps]


def _described(gap: Gap, days: dict[str, int], told: dict[str, Any], today: int) -> Described:
    asked = {
        told[id].wording: (id, told[id].standalone or told[id].question)
        for id in reversed(gap.answers)
        if id in told
    }
    back = Counter((today - days[id]) // 7 for id in gap.answers[:COUNTED] if id in days)
    named = Counter(
        title for id in gap.answers if id in told for title in _titles(told[id].nearest or told[id].citations)
    )
    return Described(
        gap,
        tuple(list(asked.values())[::-1][:EXAMPLES]),
        tuple(back[week] for week in range(WEEKS - 1, -1, -1)),
        named.most_common(1)[0][0] if named else "",
    )


def _titles(citations: list[dict[str, str]] | None) -> set[str]:
    return {citation["title"] for citation in citations or []}


async def _days(connection: AsyncConnection, ids: Sequence[str]) -> dict[str, int]:
    c, found = answers.c, dict[str, Any]()
    for at in range(0, len(ids), BATCH):
        query = select(c.id, c.day).where(c.id.in_(ids[at : at + BATCH]))
        found |= dict(map(tuple, (await connection.execute(query)).all()))
    return found


async def _told(connection: AsyncConnection, ids: Sequence[str]) -> dict[str, Any]:
    c, found = answers.c, dict[str, Any]()
    columns = (c.id, c.question, c.standalone, c.wording, c.nearest, c.citations)
    for at in range(0, len(ids), BATCH):
        rows = (await connection.execute(select(*columns).where(c.id.in_(ids[at : at + BATCH])))).all()
        found |= {row.id: row for row in rows}
    return found
