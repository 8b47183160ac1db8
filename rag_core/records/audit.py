"""Who decided what, and when. Every administrative act writes an entry in the transaction that does it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import and_, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from rag_core.records.database import transaction
from rag_core.records.people.names import names_of
from rag_core.records.tables import audit_log

__all__ = ["ITSELF", "Audit", "Entry", "mark_undone", "note"]

ITSELF = "answerloop"
"""The actor of what happens by itself."""


@dataclass(frozen=True, slots=True)
class Entry:
    number: int
    at: datetime
    actor: str
    """PLATFORM:USER, or ITSELF."""
    action: str
    """Such as review.resolve: what it was done to, and what."""
    subject: str
    """Such as review:ID."""
    detail: Mapping[str, Any]
    """What was, and what is; never text of documents or secrets."""
    undone_by: int | None
    """The entry that took it back."""


async def note(connection: AsyncConnection, actor: str, action: str, subject: str, **detail: Any) -> int:
    """Write an entry; its number."""
    row = {"at": datetime.now(UTC), "actor": actor, "action": action, "subject": subject, "detail": detail}
    made = await connection.execute(insert(audit_log).values(row).returning(audit_log.c.number))
    return int(made.scalar_one())


async def mark_undone(connection: AsyncConnection, number: int, by: int) -> bool:
    """Whether this did it; False: it was undone before, or is none."""
    open_ = and_(audit_log.c.number == number, audit_log.c.undone_by.is_(None))
    return bool((await connection.execute(update(audit_log).where(open_).values(undone_by=by))).rowcount)


class Audit:
    def __init__(self, database: AsyncEngine) -> None:
        self._database = database

    async def note(self, actor: str, action: str, subject: str, **detail: Any) -> int:
        """An entry for what was done outside the database."""
        async with transaction(self._database) as connection:
            return await note(connection, actor, action, subject, **detail)

    async def get(self, number: int) -> Entry | None:
        found = await self._where(audit_log.c.number == number, 1)
        return found[0] if found else None

    async def latest(
        self,
        limit: int,
        before: int | None = None,
        actor: str = "",
        subject: str = "",
        action: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> list[Entry]:
        """The newest first. before: a number. action: the beginning of it, such as 'review.'. since: its time or later.
        until: before that time."""
        c = audit_log.c
        conditions = [
            c.number < before if before else None,
            c.actor == actor if actor else None,
            c.subject == subject if subject else None,
            c.action.startswith(action, autoescape=True) if action else None,
            c.at >= since if since else None,
            c.at < until if until else None,
        ]
        return await self._where(and_(True, *(one for one in conditions if one is not None)), limit)

    async def actors(self) -> list[str]:
        """Whoever has done anything."""
        return await self._distinct(audit_log.c.actor)

    async def actions(self) -> list[str]:
        """Whatever has been done."""
        return await self._distinct(audit_log.c.action)

    async def names(self, entries: Iterable[Entry]) -> dict[str, str]:
        """What the people who did these are called, by their ids."""
        async with transaction(self._database) as connection:
            return await names_of(connection, (entry.actor for entry in entries))

    async def _distinct(self, column: Any) -> list[str]:
        async with transaction(self._database) as connection:
            return sorted(await connection.scalars(select(column).distinct()))

    async def _where(self, condition: Any, limit: int) -> list[Entry]:
        query = select(*(audit_log.c[name] for name in Entry.__slots__)).where(condition)
        newest = query.order_by(audit_log.c.number.desc()).limit(limit)
        async with transaction(self._database) as connection:
            return [_entry(row) for row in (await connection.execute(newest)).all()]


def _entry(row: Any) -> Entry:
    number, at, *rest = row
    return Entry(number, at if at.tzinfo else at.replace(tzinfo=UTC), *rest)
