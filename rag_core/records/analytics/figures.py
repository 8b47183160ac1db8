"""How a bot did over some days, counted by the database."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import Float, and_, case, cast, func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from rag_core.records.database import transaction
from rag_core.records.tables import answers, escalations, votes

__all__ = ["Figures", "Share", "share", "week"]

_Z = 1.959964
"""Of the standard normal distribution, for 95%."""
_NO_STAGES = ("record", "total")
"""What timings_ms may hold beside the stages."""


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole, from 0 to 1, and the 95% interval that the true one lies in."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Figures:
    questions: int
    per_day: tuple[int, ...]
    """Questions of each day, the oldest first."""
    good: int
    """Votes given in these days that are in force."""
    bad: int
    abstained: int
    escalated: int
    """Questions that a person was asked to answer."""
    resolved: int
    """How many of these are settled by now."""
    median_ms: float | None
    """Of the time that an answer took; None: there was none."""

    @property
    def open(self) -> int:
        """Questions that still wait for a person."""
        return self.escalated - self.resolved

    @property
    def helpful(self) -> Share | None:
        """The good votes among all; None: there were none."""
        return share(self.good, self.good + self.bad)


async def week(database: AsyncEngine, until: datetime, days: int = 7) -> Figures:
    """Of all platforms, over the days that end at a time with a zone.

    Raises:
        Unavailable: the database does not answer.
    """
    since = until - timedelta(days=days)
    async with transaction(database) as connection:
        questions, abstained, per_day = await _asked(connection, until, days)
        good, bad = await _voted(connection, since, until)
        escalated, resolved = await _escalated(connection, since, until)
        median = await _median_ms(connection, since, until, questions)
    return Figures(questions, per_day, good, bad, abstained, escalated, resolved, median)


def share(part: float, whole: int) -> Share | None:
    """With Wilson's score interval (E. B. Wilson, JASA 22 (1927), 209-212), which holds for few as for many."""
    if not whole:
        return None
    value = part / whole
    middle = value + _Z**2 / (2 * whole)
    half = _Z * math.sqrt(value * (1 - value) / whole + _Z**2 / (4 * whole**2))
    scale = 1 + _Z**2 / whole
    return Share(value, max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale))


async def _asked(connection: AsyncConnection, until: datetime, days: int) -> tuple[int, int, tuple[int, ...]]:
    ends = [until - timedelta(days=back) for back in range(days, -1, -1)]
    spans = [_counted(_within(answers.c.created_at, *span)) for span in pairwise(ends)]
    query = select(func.count(), _counted(answers.c.abstained.is_(True)), *spans).where(
        _within(answers.c.created_at, ends[0], until)
    )
    questions, abstained, *per_day = map(int, (await connection.execute(query)).one())
    return questions, abstained, tuple(per_day)


async def _voted(connection: AsyncConnection, since: datetime, until: datetime) -> tuple[int, int]:
    query = select(_counted(votes.c.value == 1), _counted(votes.c.value == -1)).where(
        _within(votes.c.updated_at, since, until)
    )
    good, bad = map(int, (await connection.execute(query)).one())
    return good, bad


async def _escalated(connection: AsyncConnection, since: datetime, until: datetime) -> tuple[int, int]:
    query = select(func.count(), _counted(escalations.c.state == "resolved")).where(
        _within(escalations.c.created_at, since, until)
    )
    escalated, resolved = map(int, (await connection.execute(query)).one())
    return escalated, resolved


async def _median_ms(
    connection: AsyncConnection, since: datetime, until: datetime, questions: int
) -> float | None:
    """The middle one of those in order, or the mean of the two in the middle."""
    if not questions:
        return None
    took = func.coalesce(_took_ms(connection.dialect.name), 0.0).label("took")
    ordered = select(took).where(_within(answers.c.created_at, since, until)).order_by(took)
    middle = ordered.offset((questions - 1) // 2).limit(2 - questions % 2)
    found = [float(ms) for ms in await connection.scalars(middle)]
    return sum(found) / len(found)


def _took_ms(dialect: str) -> Any:
    """The stages of one answer together; how long it took to record is not known when it is recorded."""
    each = func.json_each if dialect == "sqlite" else func.json_each_text
    stages = each(answers.c.timings_ms).table_valued("key", "value")
    ms = func.sum(cast(stages.c.value, Float))
    return select(ms).where(stages.c.key.not_in(_NO_STAGES)).correlate(answers).scalar_subquery()


def _counted(condition: Any) -> Any:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _within(time: Any, since: datetime, until: datetime) -> Any:
    return and_(time >= since, time < until)
