"""How helpful people found what a release answered in some time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, case, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.records.database import transaction
from rag_core.records.tables import answers, votes

__all__ = ["Votes", "votes_between"]


@dataclass(frozen=True, slots=True)
class Votes:
    good: int
    bad: int

    @property
    def all(self) -> int:
        return self.good + self.bad

    @property
    def rate(self) -> float:
        """The share of the good ones; 0 where there are none."""
        return self.good / self.all if self.all else 0.0


async def votes_between(
    database: AsyncEngine, release: str, since: datetime, until: datetime | None = None
) -> Votes:
    """The votes that count, whenever they were given, on what it answered from `since` on and before `until`."""
    a, v = answers.c, votes.c
    given = and_(a.release == release, a.created_at >= since, v.excluded == "", v.updated_at >= since)
    if until is not None:
        given = and_(given, a.created_at < until)
    query = select(_counted(v.value > 0), _counted(v.value < 0)).select_from(votes)
    query = query.join(answers, a.id == v.answer_id).where(given)
    async with transaction(database) as connection:
        good, bad = (await connection.execute(query)).one()
    return Votes(int(good), int(bad))


def _counted(condition: Any) -> Any:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)
