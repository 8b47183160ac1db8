"""What is known of a thread besides its messages: whether the bot was silenced in it, and what the platform said of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.records.database import transaction
from rag_core.records.inserting import insert_unless_there
from rag_core.records.tables import threads

__all__ = ["Thread", "Threads"]


@dataclass(frozen=True, slots=True)
class Thread:
    silenced_by: str = ""
    """Who had the bot answer no follow-ups in it; '': it answers them."""
    context: Mapping[str, Any] = field(default_factory=dict)
    """What the platform said of it, and the adapter noted."""


class Threads:
    def __init__(self, database: AsyncEngine) -> None:
        self._database = database

    async def get(self, platform: str, channel: str, thread: str) -> Thread:
        """What is known; of a thread of which nothing was noted, nothing."""
        query = select(threads.c.silenced_by, threads.c.context).where(_is(platform, channel, thread))
        async with transaction(self._database) as connection:
            row = (await connection.execute(query)).one_or_none()
        return Thread(row.silenced_by, dict(row.context or {})) if row else Thread()

    async def silence(self, platform: str, workspace: str, channel: str, thread: str, by: str) -> None:
        """Follow-ups in it are answered no more. by: the user who wants it so; '': they are answered again."""
        await self._set(platform, workspace, channel, thread, silenced_by=by)

    async def note(
        self, platform: str, workspace: str, channel: str, thread: str, context: Mapping[str, Any]
    ) -> None:
        """Keep this context in place of the one before."""
        await self._set(platform, workspace, channel, thread, context=dict(context))

    async def _set(self, platform: str, workspace: str, channel: str, thread: str, **values: Any) -> None:
        values["updated_at"] = datetime.now(UTC)
        new = {
            "platform": platform,
            "channel": channel,
            "thread": thread,
            "workspace": workspace,
            "silenced_by": "",
            "context": {},
            **values,
        }
        async with transaction(self._database) as connection:
            await connection.execute(insert_unless_there(connection, threads).values(new))
            await connection.execute(update(threads).where(_is(platform, channel, thread)).values(values))


def _is(platform: str, channel: str, thread: str) -> Any:
    columns = threads.c
    return (columns.platform == platform) & (columns.channel == channel) & (columns.thread == thread)
