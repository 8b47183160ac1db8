"""What one process at a time may do, on any machine that shares the database: held as long as its holder lives.

A lease is renewed again and again. One whose process ended on this machine is free at once; that of another machine when
it was not renewed in time. A holder that slept too long finds out when it confirms the lease in the very transaction in
which it changes something: what it did until then is harmless, and nothing more comes of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from rag_core.errors import Busy, Unavailable
from rag_core.records.database import transaction
from rag_core.records.platforms.owners import ended_here, new_owner
from rag_core.records.tables import leases

__all__ = ["Lease", "held"]

LASTS = timedelta(minutes=3)
RENEW_EVERY_S = 30.0
log = logging.getLogger(__name__)


class Lease:
    def __init__(self, database: AsyncEngine, name: str, owner: str) -> None:
        self._database = database
        self.name = name
        self.owner = owner

    async def confirm(self, connection: AsyncConnection) -> None:
        """In the transaction of what it allows.

        Raises:
            Busy: another process holds it by now.
        """
        own = update(leases).where(self._is_own()).values(until=datetime.now(UTC) + LASTS)
        if not (await connection.execute(own)).rowcount:
            raise Busy(
                f"Another process has taken over ({self.name}): this one was not heard of for too long."
            )

    async def keep(self) -> None:
        """Renew it until cancelled; while the database is down, try again."""
        while True:
            await asyncio.sleep(RENEW_EVERY_S)
            with contextlib.suppress(Unavailable):
                async with transaction(self._database) as connection:
                    await connection.execute(
                        update(leases).where(self._is_own()).values(until=datetime.now(UTC) + LASTS)
                    )

    async def give_back(self) -> None:
        async with transaction(self._database) as connection:
            await connection.execute(delete(leases).where(self._is_own()))

    def _is_own(self) -> ColumnElement[bool]:
        return and_(leases.c.name == self.name, leases.c.owner == self.owner)


@asynccontextmanager
async def held(database: AsyncEngine, name: str) -> AsyncIterator[Lease]:
    """
    Raises:
        Busy: another process holds it; the message names the process.
        Unavailable: the database does not answer.
    """
    lease = await _taken(database, name)
    keeping = asyncio.create_task(lease.keep())
    try:
        yield lease
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        with contextlib.suppress(Unavailable):
            await lease.give_back()


async def _taken(database: AsyncEngine, name: str) -> Lease:
    owner, now = new_owner(), datetime.now(UTC)
    try:
        async with transaction(database) as connection:
            holder = select(leases.c.owner, leases.c.until).where(leases.c.name == name)
            before = (await connection.execute(holder.with_for_update())).first()
            if before is not None:
                if not ended_here(before.owner) and _aware(before.until) > now:
                    raise Busy(f"Another process is at the same work ({name}): {_process(before.owner)}.")
                gone = and_(leases.c.name == name, leases.c.owner == before.owner)
                await connection.execute(delete(leases).where(gone))
            await connection.execute(insert(leases).values(name=name, owner=owner, until=now + LASTS))
    except IntegrityError:
        raise Busy(f"Another process has just begun the same work ({name}).") from None
    return Lease(database, name, owner)


def _process(owner: str) -> str:
    host, _, rest = owner.rpartition(":")[0].rpartition(":")
    return f"process {rest} on {host}"


def _aware(time: datetime) -> datetime:
    """SQLite keeps no time zone; all times are UTC."""
    return time if time.tzinfo else time.replace(tzinfo=UTC)
