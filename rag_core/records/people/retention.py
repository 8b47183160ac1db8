"""What is past its time is removed, a little at a time: no transaction keeps other writers waiting for long."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Table, and_, delete, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.records.database import transaction
from rag_core.records.platforms.deliveries import Deliveries
from rag_core.records.reviews.holding import hold
from rag_core.records.tables import (
    answers,
    audit_log,
    comparison_items,
    deliveries,
    escalations,
    postings,
    reviews,
    sessions,
    throttles,
    vote_flags,
)
from rag_core.settings import Retention, duration_s

__all__ = ["EVERY_S", "expire", "keep_expiring"]

BATCH = 200
"""Rows in one transaction."""
PAUSE_S = 0.02
"""After each, for whoever else writes."""
EVERY_S = 24 * 3600.0
_THROTTLES = timedelta(days=1)
_OPEN = ("waiting", "taken")


async def expire(
    database: AsyncEngine, kept: Retention, now: datetime | None = None, dry_run: bool = False
) -> dict[str, int]:
    """Remove what is past its time: rows by what they are. Of a trial: what would be removed.

    An answer goes with its votes, reviews, escalations and postings; one with a review that was resolved is kept as long as
    that. Standard answers and golden questions stay. Sessions that are over always go.

    Raises:
        Unavailable: the database does not work now; what was removed is removed.
    """
    now = now or datetime.now(UTC)
    done: dict[str, int] = {}
    if kept.answers:
        done["answers"] = await _answers(database, _past(now, kept.answers), kept, now, dry_run)
        for name, table, condition in _beside_answers(_past(now, kept.answers)):
            done[name] = await _rows(database, table, condition, dry_run)
    if kept.audit:
        done["audit"] = await _rows(database, audit_log, audit_log.c.at < _past(now, kept.audit), dry_run)
    done["deliveries"] = await _deliveries(database, _past(now, kept.deliveries), dry_run)
    done["sessions"] = await _rows(database, sessions, sessions.c.expires_at <= now, dry_run)
    past = throttles.c.failed_at <= now - _THROTTLES
    done["throttles"] = await _rows(database, throttles, past, dry_run)
    return done


async def keep_expiring(
    database: AsyncEngine,
    kept: Callable[[], Retention],
    every_s: float = EVERY_S,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """expire() again and again, until cancelled. kept: the settings in force."""
    while True:
        await expire(database, kept())
        await sleep(every_s)


def _past(now: datetime, period: str) -> datetime:
    return now - timedelta(seconds=duration_s(period))


def _expired(before: datetime, kept: Retention, now: datetime) -> Any:
    # Read once for a batch: for each answer anew, SQLite would go through everything that was resolved.
    resolved = select(reviews.c.answer_id).where(reviews.c.state == "resolved")
    if kept.reviews:
        resolved = resolved.where(reviews.c.decided_at >= _past(now, kept.reviews))
    return and_(answers.c.created_at < before, answers.c.id.not_in(resolved))


async def _answers(
    database: AsyncEngine, before: datetime, kept: Retention, now: datetime, dry_run: bool
) -> int:
    old = _expired(before, kept, now)
    if dry_run:
        return await _count(database, answers, old)
    place = (answers.c.created_at, answers.c.id)
    oldest = select(*place).where(old).order_by(*place).limit(BATCH)
    removed, looked_at = 0, None
    while True:
        batch = oldest if looked_at is None else oldest.where(tuple_(*place) > tuple_(*looked_at))
        async with transaction(database) as connection:
            found = (await connection.execute(batch)).all()
            ids = [each.id for each in found]
            if ids:
                # Whoever votes or decides about one of these now is waited for, or waits; what was decided keeps its
                # answer. In the order of votes: the answer, then its review.
                own = select(answers.c.id).where(answers.c.id.in_(ids)).order_by(answers.c.id)
                await connection.execute(own.with_for_update())
                await hold(connection, reviews.c.answer_id.in_(ids))
                # With its votes, reviews and vector: by foreign keys.
                gone = delete(answers).where(answers.c.id.in_(ids), old).returning(answers.c.id)
                done = list(await connection.scalars(gone))
                for table in (escalations, postings, comparison_items):
                    await connection.execute(delete(table).where(table.c.answer_id.in_(done)))
                removed += len(done)
        if len(found) < BATCH:
            return removed
        looked_at = tuple(found[-1])
        await asyncio.sleep(PAUSE_S)


def _beside_answers(before: datetime) -> list[tuple[str, Table, Any]]:
    """What may outlive the answer that it was about, or never had one."""
    kept = select(answers.c.id)
    loose = or_(escalations.c.answer_id.is_(None), escalations.c.answer_id.not_in(kept))
    lost = or_(postings.c.answer_id.is_(None), postings.c.answer_id.not_in(kept))
    return [
        ("escalations", escalations, and_(escalations.c.created_at < before, loose)),
        ("postings", postings, and_(postings.c.created_at < before, lost)),
        ("vote_flags", vote_flags, and_(vote_flags.c.last_at < before, vote_flags.c.state == "dismissed")),
    ]


async def _rows(database: AsyncEngine, table: Table, condition: Any, dry_run: bool) -> int:
    if dry_run:
        return await _count(database, table, condition)
    keys = list(table.primary_key.columns)
    removed = 0
    while True:
        async with transaction(database) as connection:
            found = (await connection.execute(select(*keys).where(condition).limit(BATCH))).all()
            if found:
                which = or_(
                    *(and_(*(key == value for key, value in zip(keys, row, strict=True))) for row in found)
                )
                removed += (await connection.execute(delete(table).where(which, condition))).rowcount
        if len(found) < BATCH:
            return removed
        await asyncio.sleep(PAUSE_S)


async def _deliveries(database: AsyncEngine, before: datetime, dry_run: bool) -> int:
    if not dry_run:
        return await Deliveries(database).prune(before)
    c = deliveries.c
    return await _count(database, deliveries, and_(c.state.not_in(_OPEN), c.received_at < before))


async def _count(database: AsyncEngine, table: Table, condition: Any) -> int:
    async with transaction(database) as connection:
        return int(await connection.scalar(select(func.count()).select_from(table).where(condition)) or 0)
