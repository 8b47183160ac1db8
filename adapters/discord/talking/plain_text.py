"""What people write, as a person reads it: those it names by their names."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from adapters.discord.identity import Identity
from adapters.discord.places import Place, Places
from adapters.discord.rest.rest import Rest
from adapters.discord.talking.addressing import (
    Message,
    named_channels,
    named_roles,
    named_users,
    readable,
)

__all__ = ["PlainText"]

_NAMES = 10
"""Of people and of channels that are looked up for one text."""
_NONE: Mapping[str, str] = MappingProxyType({})


class PlainText:
    def __init__(self, identity: Identity, places: Places) -> None:
        self._identity = identity
        self._places = places

    async def of(self, rest: Rest, message: Message) -> str:
        """What a message says; of a new post its title, too. Never raises."""
        place = message.place
        words = await self.of_text(rest, place, message.text, message.names)
        titled = message.begins_post and place.name and place.name != words
        return f"{place.name}\n\n{words}".strip() if titled else words

    async def of_text(self, rest: Rest, place: Place, text: str, known: Mapping[str, str] = _NONE) -> str:
        """The same of a text with Discord's markup. known: names of people, by id. Never raises."""
        names, own_role = dict(known), ""
        for user in [id for id in named_users(text) if id not in known and id != rest.user][:_NAMES]:
            names[user] = await self._identity.name(rest, place.guild, user)
        for channel in list(named_channels(text))[:_NAMES]:
            names[channel] = await self._places.name(rest, channel)
        if named_roles(text):
            own_role = await self._identity.own_role(rest, place.guild)
            names |= await self._identity.role_names(rest, place.guild)
        return readable(text, {rest.user, own_role}, names)
