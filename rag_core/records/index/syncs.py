"""Syncs that are asked for, and how those that run are going: across processes, so that any of them can tell."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import and_, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from rag_core.errors import NotFound, Unavailable
from rag_core.records.audit import note
from rag_core.records.database import transaction
from rag_core.records.platforms.owners import ended_here, new_owner
from rag_core.records.tables import sources, syncs

__all__ = ["Progressed", "Running", "Syncs", "want_all"]

WRITE_EVERY_S = 1.0
"""Progress is written at most so often."""
LOST_AFTER = timedelta(minutes=2)
"""A sync of another machine of which nothing was heard for so long runs no more; a running one writes every second."""


class Progressed(Protocol):
    """What a sync tells of itself, as rag_core.ingest.sync.Progress does."""

    @property
    def done(self) -> int: ...
    @property
    def listed(self) -> int: ...
    @property
    def complete(self) -> bool: ...
    @property
    def passages(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Running:
    """A sync that runs."""

    source: str
    owner: str
    done: int
    """Documents."""
    listed: int
    """Documents known to be there so far; all of them when complete."""
    complete: bool
    passages: int
    """Written."""
    started_at: datetime
    updated_at: datetime


class Syncs:
    def __init__(self, database: AsyncEngine, write_every_s: float = WRITE_EVERY_S) -> None:
        self._database = database
        self._write_every_s = write_every_s

    async def want(self, source: str, actor: str) -> None:
        """Ask for a sync; the next process that looks begins it. One that is asked for while one runs comes after it.

        Raises:
            NotFound: there is no such source.
        """
        async with transaction(self._database) as connection:
            asked = update(sources).where(sources.c.name == source).values(wanted_at=datetime.now(UTC))
            if not (await connection.execute(asked)).rowcount:
                raise NotFound(f"There is no source named {source!r}; it may have been removed meanwhile.")
            await note(connection, actor, "source.sync", f"source:{source}")

    @asynccontextmanager
    async def recorded(self, source: str) -> AsyncIterator[Callable[[Progressed], None]]:
        """While a source is synchronised: gives what to report its progress to. Whoever asked for a sync until now gets
        this one; if it is broken off, they still wait.

        A database that does not answer costs the progress, and never the sync.
        """
        record = _Record(source, new_owner())
        with contextlib.suppress(Unavailable):
            await self._begin(record)
        writing = asyncio.create_task(self._keep_writing(record))
        finished = False
        try:
            yield record.take
            finished = True
        except Exception:
            finished = True  # it was tried
            raise
        finally:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
            with contextlib.suppress(Unavailable):
                await self._end(record, finished)

    async def running(self) -> dict[str, Running]:
        """By source; those whose process has ended are none."""
        async with transaction(self._database) as connection:
            return {one.source: one for one in await _rows(connection) if not _is_lost(one)}

    async def recover(self) -> None:
        """What was asked of a process that has ended is asked again."""
        async with transaction(self._database) as connection:
            for one in await _rows(connection):
                if _is_lost(one):
                    await _give_back(connection, one.source, one.owner)
                    await connection.execute(delete(syncs).where(_is(one.source, one.owner)))

    async def _begin(self, record: _Record) -> None:
        now = datetime.now(UTC)
        of_source = sources.c.name == record.source
        async with transaction(self._database) as connection:
            before = await connection.scalar(select(syncs.c.asked_at).where(syncs.c.source == record.source))
            wanted = await connection.scalar(select(sources.c.wanted_at).where(of_source)) or before
            await connection.execute(update(sources).where(of_source).values(wanted_at=None))
            await connection.execute(delete(syncs).where(syncs.c.source == record.source))
            row = {
                "source": record.source,
                "owner": record.owner,
                **record.progress(),
                "asked_at": wanted,
                "started_at": now,
                "updated_at": now,
            }
            await connection.execute(insert(syncs).values(row))

    async def _keep_writing(self, record: _Record) -> None:
        while True:
            await asyncio.sleep(self._write_every_s)
            with contextlib.suppress(Unavailable):
                values = {**record.progress(), "updated_at": datetime.now(UTC)}
                async with transaction(self._database) as connection:
                    mine = _is(record.source, record.owner)
                    await connection.execute(update(syncs).where(mine).values(values))

    async def _end(self, record: _Record, finished: bool) -> None:
        async with transaction(self._database) as connection:
            if not finished:
                await _give_back(connection, record.source, record.owner)
            await connection.execute(delete(syncs).where(_is(record.source, record.owner)))


class _Record:
    """What a sync has told of itself so far."""

    def __init__(self, source: str, owner: str) -> None:
        self.source = source
        self.owner = owner
        self._told: Progressed | None = None

    def take(self, progress: Progressed) -> None:
        self._told = progress

    def progress(self) -> dict[str, Any]:
        told = self._told
        names = ("done", "listed", "complete", "passages")
        return {name: getattr(told, name) if told else (False if name == "complete" else 0) for name in names}


async def want_all(connection: AsyncConnection) -> None:
    """Ask for a sync of every source: of an index that others did not keep up to date."""
    await connection.execute(update(sources).values(wanted_at=datetime.now(UTC)))


async def _give_back(connection: AsyncConnection, source: str, owner: str) -> None:
    asked = select(syncs.c.asked_at).where(_is(source, owner)).scalar_subquery()
    waiting = func.coalesce(sources.c.wanted_at, asked)
    await connection.execute(update(sources).where(sources.c.name == source).values(wanted_at=waiting))


async def _rows(connection: AsyncConnection) -> list[Running]:
    query = select(*(syncs.c[name] for name in Running.__slots__))
    return [Running(*map(_aware, row)) for row in (await connection.execute(query)).all()]


def _is(source: str, owner: str) -> Any:
    return and_(syncs.c.source == source, syncs.c.owner == owner)


def _is_lost(one: Running) -> bool:
    return ended_here(one.owner) or datetime.now(UTC) - one.updated_at > LOST_AFTER


def _aware(value: Any) -> Any:
    """SQLite keeps no time zone; all times are UTC."""
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value
