"""Whether it is time to train: enough time has gone by, and enough was reviewed since."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.records.database import transaction
from rag_core.records.evaluation.runs import Run, Runs
from rag_core.records.tables import reviews, runs
from rag_core.settings import Settings, duration_s
from training.job.folder import ATTEMPTS, folders

__all__ = ["KIND", "Due", "due"]

KIND = "training"
"""Of runs of the learning loop."""
PAUSE = timedelta(minutes=10)
"""After a run that failed."""


@dataclass(frozen=True, slots=True)
class Due:
    now: bool
    reason: str
    """One sentence."""


async def due(settings: Settings, database: AsyncEngine, now: datetime | None = None) -> Due:
    """
    Raises:
        Unavailable: the database does not answer.
    """
    at, training = now or datetime.now(UTC), settings.training
    if not training.every:
        return Due(False, "training.every is empty: only `answerloop train` trains.")
    last = await _last(database)
    if last and last.state == "running":
        return Due(False, "A run goes on.")
    if last and last.state == "failed" and at - last.updated_at < PAUSE:
        return Due(False, "The last run failed a few minutes ago.")
    if any(not one.ended and one.attempts < ATTEMPTS for one in folders(settings.home)[:1]):
        return Due(True, "The last run was interrupted.")
    if last and at - last.started_at < timedelta(seconds=duration_s(training.every)):
        return Due(
            False, f"The last run began on {last.started_at:%Y-%m-%d}; one is due every {training.every}."
        )
    reviewed = await _reviewed_since(database, last.started_at if last else None)
    if reviewed < training.new_rows:
        return Due(False, f"{reviewed} reviewed since the last run; it takes {training.new_rows}.")
    return Due(True, f"{reviewed} reviewed since the last run.")


async def _last(database: AsyncEngine) -> Run | None:
    query = select(runs.c.id).where(runs.c.kind == KIND).order_by(runs.c.started_at.desc()).limit(1)
    async with transaction(database) as connection:
        id = await connection.scalar(query)
    return await Runs(database).get(id) if id else None


async def _reviewed_since(database: AsyncEngine, since: datetime | None) -> int:
    query = select(func.count()).select_from(reviews).where(reviews.c.state == "resolved")
    if since is not None:
        query = query.where(reviews.c.decided_at > since)
    async with transaction(database) as connection:
        return int(await connection.scalar(query) or 0)
