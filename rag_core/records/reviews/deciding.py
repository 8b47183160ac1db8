"""Several reviews decided at once, the same way."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import and_, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from rag_core.records.audit import note
from rag_core.records.database import transaction
from rag_core.records.people.names import names_of
from rag_core.records.reviews.holding import hold
from rag_core.records.reviews.reviews import Resolution
from rag_core.records.tables import audit_log, reviews
from rag_core.records.times import aware

__all__ = ["BULK", "MOST", "Decided", "Decision", "decide_all", "decision_on"]

BULK = "review.bulk"
"""The action whose entry takes back all that were decided with it."""
MOST = 500
"""Reviews decided at once."""


@dataclass(frozen=True, slots=True)
class Decision:
    """That of somebody else, who was earlier."""

    by: str
    """Their name."""
    resolution: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Decided:
    ids: tuple[str, ...]
    """What was decided now; what is missing was decided before, or is gone."""
    entry: int | None
    """Of the audit log, which takes all of it back; None: nothing was decided."""


async def decide_all(
    database: AsyncEngine, ids: Collection[str], resolution: Resolution, reviewer: str
) -> Decided:
    """Those that still wait, all or nothing; each has its own entry in the audit log. reviewer: PLATFORM:USER."""
    async with transaction(database) as connection:
        done = await _resolved(connection, ids, resolution, reviewer)
        if not done:
            return Decided((), None)
        numbers = await _noted(connection, done, resolution, reviewer)
        if len(numbers) == 1:
            return Decided(tuple(done), numbers[0])
        detail = {"resolution": resolution, "entries": numbers}
        return Decided(tuple(done), await note(connection, reviewer, BULK, "queue", **detail))


async def decision_on(database: AsyncEngine, review: str) -> Decision | None:
    """What was decided; None: nothing was, or there is no such review."""
    c = reviews.c
    query = select(c.reviewer, c.resolution, c.decided_at).where(c.id == review, c.state == "resolved")
    async with transaction(database) as connection:
        row = (await connection.execute(query)).one_or_none()
        if row is None:
            return None
        names = await names_of(connection, [row.reviewer])
    return Decision(names.get(row.reviewer, "Somebody"), row.resolution, aware(row.decided_at))


async def _resolved(
    connection: AsyncConnection, ids: Collection[str], resolution: str, reviewer: str
) -> list[str]:
    c = reviews.c
    some = c.id.in_(list(ids)[:MOST])
    waiting = and_(some, c.state == "pending")
    await hold(connection, some)
    values = {"resolution": resolution, "reviewer": reviewer, "correction": "", "note": ""}
    changed = update(reviews).where(waiting).values(**values, state="resolved", decided_at=datetime.now(UTC))
    done = set(await connection.scalars(changed.returning(c.id)))
    return [id for id in ids if id in done]


async def _noted(
    connection: AsyncConnection, ids: Sequence[str], resolution: str, reviewer: str
) -> list[int]:
    shared = {"at": datetime.now(UTC), "actor": reviewer, "action": "review.resolve"}
    rows = [{**shared, "subject": f"review:{id}", "detail": {"resolution": resolution}} for id in ids]
    numbers = insert(audit_log).returning(audit_log.c.number, sort_by_parameter_order=True)
    return list(await connection.scalars(numbers, rows))
