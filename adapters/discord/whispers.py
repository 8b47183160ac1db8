"""What only one person sees, where they are: behind an interaction, or else in a direct message."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adapters.channels import Channels
from adapters.chat import Chat
from adapters.discord.bot import ALONE, EVERYBODY, RESPONDED
from adapters.discord.ids import Ids
from adapters.discord.interactions import interaction_of
from adapters.discord.locales import Locales
from adapters.discord.places import Place, Places
from adapters.discord.received import PLATFORM, Json, Received
from adapters.discord.rest.errors import DiscordRefusal, Vanished
from adapters.discord.rest.rest import File, Rest, nonce_of
from adapters.discord.showing.components import button, row
from adapters.discord.showing.escaping import escaped
from rag_core.errors import Unavailable
from rag_core.messages import say

__all__ = ["Pressed", "Spot", "Whispers"]

_THINKING = (ALONE["type"], EVERYBODY["type"])
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Spot:
    """A person, and where they are looking."""

    user: str
    place: Place
    locale: str = ""
    """The person's, or else the server's, as a BCP 47 tag."""
    token: str = ""
    """Of their interaction; '': there is none, or it is over."""
    thinking: bool = False
    """What is first said takes the place of 'is thinking'."""
    key: str = ""
    """Of the delivery."""


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button. words: a message of the catalogues."""

    name: str
    argument: str
    words: str


class Whispers:
    def __init__(self, ids: Ids, places: Places, channels: Channels, chat: Chat) -> None:
        self._ids = ids
        self._places = places
        self._channels = channels
        self._chat = chat
        self.locales = Locales()
        """Of those whose interactions it was given."""

    async def spot(self, received: Received) -> Spot:
        """Of who wrote, pressed or reacted."""
        body, one = received.body, interaction_of(received.body, self._ids)
        place = await self._places.of(received.rest, body)
        self.locales.hear(one.person.id, one.locale)
        locale = one.locale or str(body.get("guild_locale") or "") or self.locales.of(one.person.id)
        token = one.token if one.token and one.is_open() else ""
        thinking = body.get(RESPONDED) in _THINKING
        return Spot(one.person.id, place, locale, token, thinking, received.delivery.key)

    async def language(self, place: Place, locale: str = "") -> str:
        """To speak there, as a BCP 47 tag. locale: of the person; '': of all who are there."""
        here = await self._channels.of(PLATFORM, place.guild, place.id, place.within) if place.id else None
        return (here.language if here else "") or self._chat.language(locale)

    async def tell(
        self, rest: Rest, spot: Spot, words: str, buttons: Sequence[Pressed] = (), **values: object
    ) -> None:
        """Say a message of the catalogues. What cannot be said is logged."""
        language = await self.language(spot.place, spot.locale)
        body: Json = {"content": escaped(say(language, words, **values)), "allowed_mentions": {"parse": []}}
        if buttons:
            made = (button(say(language, b.words), self._ids.of(b.name, b.argument)) for b in buttons)
            body["components"] = [row(*made)]
        try:
            await self.show(rest, spot, [body])
        except (DiscordRefusal, Unavailable) as error:
            log.info("Somebody could not be told: %s", error)

    async def show(
        self, rest: Rest, spot: Spot, bodies: Sequence[Mapping[str, Any]], files: Sequence[File] = ()
    ) -> None:
        """Show these to the person alone, in order. files: with the first.

        Raises:
            DiscordRefusal: they cannot be reached.
            Unavailable: not now.
        """
        for part, body in enumerate(bodies):
            await self._send(rest, spot, part, body, files if part == 0 else ())

    async def _send(
        self, rest: Rest, spot: Spot, part: int, body: Mapping[str, Any], files: Sequence[File]
    ) -> None:
        try:
            if spot.token and spot.thinking and part == 0:
                await rest.original(spot.token, body, files=files)
                return
            if spot.token:
                await rest.follow_up(spot.token, body, files=files)
                return
        except Vanished as error:
            log.info("An interaction takes no more: %s", error)
        channel = await rest.direct(spot.user)
        await rest.send(channel, body, nonce=nonce_of(f"{spot.key}:whisper", part), files=files)
