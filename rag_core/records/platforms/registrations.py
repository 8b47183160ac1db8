"""What was told to a platform once, such as the bot's commands, so that it is told again only when it changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.records.database import transaction
from rag_core.records.tables import registrations

__all__ = ["Registrations"]


class Registrations:
    def __init__(
        self, database: AsyncEngine, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._database = database
        self._clock = clock

    async def fingerprint(self, platform: str, application: str) -> str:
        """Of what was registered last; '': nothing was.

        Raises:
            Unavailable: the database does not answer.
        """
        columns = registrations.c
        query = select(columns.fingerprint).where(
            columns.platform == platform, columns.application == application
        )
        async with transaction(self._database) as connection:
            return await connection.scalar(query) or ""

    async def keep(self, platform: str, application: str, fingerprint: str) -> None:
        """In place of what was kept before.

        Raises:
            Unavailable: the database does not answer.
        """
        columns = registrations.c
        own = (columns.platform == platform) & (columns.application == application)
        async with transaction(self._database) as connection:
            await connection.execute(delete(registrations).where(own))
            await connection.execute(
                insert(registrations).values(
                    platform=platform, application=application, fingerprint=fingerprint, at=self._clock()
                )
            )
