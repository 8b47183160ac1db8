"""Channels by their ids alone, as records keep them: what is spoken there, and how they are linked to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adapters.discord.places import Place, Places
from adapters.discord.rest.errors import DiscordRefusal
from adapters.discord.rest.rest import Rest
from adapters.discord.whispers import Whispers
from adapters.remembered import Remembered
from rag_core.errors import Unavailable

__all__ = ["Rooms", "address_of"]

_GUILD_S = 600.0
_USUAL = "en-US"
"""Every server begins with it, so that it says nothing."""


class Rooms:
    """What Discord does not tell now counts as not so; nothing here raises for that."""

    def __init__(self, rest: Rest, places: Places, whispers: Whispers) -> None:
        self._rest = rest
        self._places = places
        self._whispers = whispers
        self._guilds: Remembered[Mapping[str, Any]] = Remembered("Discord", _GUILD_S)

    async def place(self, channel: str, guild: str = "") -> Place:
        return await self._places.of(self._rest, {"channel_id": channel, "guild_id": guild})

    async def language(self, channel: str, guild: str = "") -> str:
        """To speak to all who are there, as a BCP 47 tag: the channel's, or else the server's."""
        found = await self._guilds.get(guild, lambda: self._guild(guild)) if guild else None
        locale = str((found or {}).get("preferred_locale") or "")
        return await self._whispers.language(
            await self.place(channel, guild), locale if locale != _USUAL else ""
        )

    async def _guild(self, guild: str) -> Mapping[str, Any]:
        try:
            return await self._rest.guild(guild)
        except DiscordRefusal as error:
            raise Unavailable(str(error)) from error


def address_of(guild: str, channel: str, message: str = "") -> str:
    """Where Discord's clients open it."""
    return "/".join(filter(None, ("https://discord.com/channels", guild or "@me", channel, message)))
