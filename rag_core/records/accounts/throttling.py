"""Guessing passwords is slowed down: by name and by address, for all who share the database, over restarts."""

from __future__ import annotations

import ipaddress
import math
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from rag_core.records.accounts.user import aware, digest_of
from rag_core.records.database import transaction
from rag_core.records.inserting import insert_unless_there
from rag_core.records.tables import throttles

__all__ = ["Throttling"]

FREE = {"name": 4, "address": 15}
"""Attempts that fail before the next has to wait: many people may share an address."""
CAP_S = 900
"""The longest that anybody waits: a known admin can be slowed down by others, not locked out."""
FORGOTTEN_AFTER = timedelta(hours=2)
"""Without a failure; twice the longest wait would do."""


class Throttling:
    """An attempt counts as failed when it begins, so that many at once are not many chances."""

    def __init__(self, database: AsyncEngine) -> None:
        self._database = database

    async def begin(self, name: str, address: str, now: datetime | None = None) -> int:
        """Seconds to wait before another attempt; 0: this one may be made, and counts as failed until succeed()."""
        now = now or datetime.now(UTC)
        keys = _keys(name, address)
        async with transaction(self._database) as connection:
            await connection.execute(delete(throttles).where(throttles.c.failed_at < now - FORGOTTEN_AFTER))
            failures = {kind: await self._failures(connection, key, now) for kind, key in keys.items()}
            waits = [_left(FREE[kind], *found, now) for kind, found in failures.items()]
            if max(waits) > 0:
                return max(waits)
            for kind, key in keys.items():
                counted = {"failures": failures[kind][0] + 1, "failed_at": now}
                await connection.execute(update(throttles).where(throttles.c.key == key).values(counted))
        return 0

    async def succeed(self, name: str, address: str) -> None:
        """The attempt was none: the name's failures are forgotten, the address's are as before."""
        keys = _keys(name, address)
        less = throttles.c.failures - 1
        async with transaction(self._database) as connection:
            await connection.execute(delete(throttles).where(throttles.c.key == keys["name"]))
            of_address = (throttles.c.key == keys["address"]) & (throttles.c.failures > 0)
            await connection.execute(update(throttles).where(of_address).values(failures=less))

    async def _failures(self, connection: AsyncConnection, key: str, now: datetime) -> tuple[int, datetime]:
        """Its row, locked. Inserting has SQLite lock too."""
        fresh = {"key": key, "failures": 0, "failed_at": now}
        await connection.execute(insert_unless_there(connection, throttles).values(fresh))
        query = select(throttles.c.failures, throttles.c.failed_at).where(throttles.c.key == key)
        row: Any = (await connection.execute(query.with_for_update())).one()
        return row.failures, aware(row.failed_at)


def _left(free: int, failures: int, failed_at: datetime, now: datetime) -> int:
    if failures < free:
        return 0
    delay = min(2.0 ** min(failures - free + 1, 20), CAP_S)
    return max(0, math.ceil(delay - (now - failed_at).total_seconds()))


def _keys(name: str, address: str) -> dict[str, str]:
    """Digests, so that the table names nobody; always in this order, so that no two wait for each other."""
    return {"name": digest_of(f"name:{name}"), "address": digest_of(f"address:{_network(address)}")}


def _network(address: str) -> str:
    """Of IPv6 the /64, which is what one subscriber has."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return str(ip.ipv4_mapped)
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return address
