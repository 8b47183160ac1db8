"""What was set for a channel in the chat itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.records.database import transaction
from rag_core.records.tables import channel_settings

__all__ = ["ChannelRecords"]


class ChannelRecords:
    def __init__(self, database: AsyncEngine) -> None:
        self._database = database

    async def get(self, platform: str, workspace: str, channel: str) -> dict[str, Any]:
        """The values that were set, by their names in the settings file; none: nothing was."""
        return (await self.of_all(platform, workspace, [channel])).get(channel, {})

    async def of_all(
        self, platform: str, workspace: str, channels: Collection[str]
    ) -> dict[str, dict[str, Any]]:
        """The same of several at once, of those for which something was set."""
        if not channels:
            return {}
        columns = channel_settings.c
        here = (columns.platform == platform) & (columns.workspace == workspace)
        query = select(columns.channel, columns["values"]).where(here & columns.channel.in_(list(channels)))
        async with transaction(self._database) as connection:
            return {channel: dict(values) for channel, values in (await connection.execute(query)).all()}

    async def put(
        self, platform: str, workspace: str, channel: str, values: Mapping[str, Any], changed_by: str
    ) -> None:
        """In place of what was set before; without values the settings file alone counts again."""
        async with transaction(self._database) as connection:
            await connection.execute(delete(channel_settings).where(_of(platform, workspace, channel)))
            if values:
                await connection.execute(
                    insert(channel_settings).values(
                        platform=platform,
                        workspace=workspace,
                        channel=channel,
                        values=dict(values),
                        changed_by=changed_by,
                        changed_at=datetime.now(UTC),
                    )
                )


def _of(platform: str, workspace: str, channel: str) -> Any:
    columns = channel_settings.c
    return (columns.platform == platform) & (columns.workspace == workspace) & (columns.channel == channel)
