"""How each release did with those who asked, counted by the database."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import and_, case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from rag_core.records.database import transaction
from rag_core.records.figures import Share, share
from rag_core.records.tables import answers, votes

__all__ = ["ReleaseFigures", "release_figures"]


@dataclass(frozen=True, slots=True)
class ReleaseFigures:
    """Of all answers that a release gave, as far as they are kept."""

    questions: int
    abstained: int
    cached: int
    good: int
    bad: int
    """Votes that count."""
    median_ms: float | None
    """Of the time an answer took; None: of none it is known."""
    p95_ms: float | None
    first_at: datetime
    last_at: datetime

    @property
    def helpful(self) -> Share | None:
        """The good votes among all, with Wilson's interval; None: there were none."""
        return share(self.good, self.good + self.bad)


async def release_figures(database: AsyncEngine) -> dict[str, ReleaseFigures]:
    """By release; of one that was never asked nothing is there.

    Raises:
        Unavailable: the database does not answer.
    """
    c = answers.c
    counts = select(
        c.release,
        func.count(),
        _counted(c.abstained.is_(True)),
        _counted(c.cached.is_(True)),
        func.count(c.took_ms),
        func.min(c.created_at),
        func.max(c.created_at),
    ).group_by(c.release)
    async with transaction(database) as connection:
        voted = await _voted(connection)
        return {
            release: ReleaseFigures(
                questions,
                int(abstained),
                int(cached),
                *voted.get(release, (0, 0)),
                await _took(connection, release, timed, 0.5),
                await _took(connection, release, timed, 0.95),
                _aware(first),
                _aware(last),
            )
            for release, questions, abstained, cached, timed, first, last in (
                await connection.execute(counts)
            ).all()
        }


async def _voted(connection: AsyncConnection) -> dict[str, tuple[int, int]]:
    query = (
        select(answers.c.release, _counted(votes.c.value == 1), _counted(votes.c.value == -1))
        .join_from(votes, answers, votes.c.answer_id == answers.c.id)
        .where(votes.c.excluded == "")
        .group_by(answers.c.release)
    )
    return {release: (int(good), int(bad)) for release, good, bad in (await connection.execute(query)).all()}


async def _took(connection: AsyncConnection, release: str, count: int, part: float) -> float | None:
    """The least time that this part of the answers stayed within."""
    if not count:
        return None
    c = answers.c
    here = and_(c.release == release, c.took_ms.is_not(None))
    nth = (
        select(c.took_ms).where(here).order_by(c.took_ms).offset(max(0, math.ceil(part * count) - 1)).limit(1)
    )
    found = await connection.scalar(nth)
    return None if found is None else float(found)


def _counted(condition: Any) -> Any:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _aware(time: datetime) -> datetime:
    """SQLite keeps no time zone; all times are UTC."""
    return time if time.tzinfo else time.replace(tzinfo=UTC)
