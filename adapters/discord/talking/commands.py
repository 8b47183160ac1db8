"""`/ask`: an answer for everybody, or for the asker alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from adapters.channels import Channel
from adapters.discord.bot import ALONE, EVERYBODY, HIDDEN
from adapters.discord.ids import Ids
from adapters.discord.interactions import Interaction, interaction_of, made_at
from adapters.discord.places import Places
from adapters.discord.received import First, Handler, Json, Received
from adapters.discord.rest.rest import Rest
from adapters.discord.talking.asking import Asking
from adapters.discord.talking.private import Requested, Responses
from adapters.discord.whispers import Whispers
from adapters.lateness import minutes_late
from adapters.remembered import Remembered
from adapters.wording import is_help
from rag_core.settings import Settings

__all__ = ["Commands"]

_RECENT_S = 3.0
"""For so long what is in force in a channel is not looked up again for a first response: many may be due at once."""
_LOOK_S = 0.15
"""So long a first response waits for that: what was asked for is what most get."""


class Commands:
    def __init__(
        self,
        settings: Callable[[], Settings],
        ids: Ids,
        asking: Asking,
        places: Places,
        responses: Responses,
        whispers: Whispers,
    ) -> None:
        self._settings = settings
        self._ids = ids
        self._asking = asking
        self._places = places
        self._responses = responses
        self._whispers = whispers
        self._recent: Remembered[Channel] = Remembered("The database", _RECENT_S)

    def handlers(self) -> Mapping[str, Handler]:
        return {"command:ask": self._run}

    def firsts(self) -> Mapping[str, Json | First]:
        return {"command:ask": self._first}

    async def _first(self, body: Mapping[str, Any], rest: Rest) -> Json:
        """What is no answer is for the asker alone, whatever they wanted."""
        one = interaction_of(body, self._ids)
        if one.options.get("private") or is_help(_text(one)):
            return ALONE
        place = await self._places.of(rest, body)
        try:
            async with asyncio.timeout(_LOOK_S):
                channel = await self._recent.get(place.id, lambda: self._asking.channel(place))
        except TimeoutError:
            return EVERYBODY
        if channel is None or channel.draft:
            return ALONE
        return EVERYBODY if await self._asking.admits(rest, one.person, place, channel) else ALONE

    async def _run(self, received: Received) -> None:
        one, rest = interaction_of(received.body, self._ids), received.rest
        spot = await self._whispers.spot(received)
        command = f"/{self._settings().discord.command}"
        text = await self._asking.text.of_text(rest, spot.place, _text(one))
        if not text or is_help(text):
            return await self._whispers.tell(rest, spot, "ask-help", command=command)
        channel = await self._asking.channel(spot.place)
        if not await self._asking.admits(rest, one.person, spot.place, channel):
            return await self._whispers.tell(rest, spot, "not-allowed")
        if (late := self._late(received, one)) is not None:
            return await self._responses.failed(received, text, "asked-late", minutes=str(late))
        hidden = bool(received.body.get(HIDDEN, True))
        await self._responses.answer(received, Requested(one, spot.place, channel, text, hidden))
        return None

    def _late(self, received: Received, one: Interaction) -> int | None:
        useful_for = self._settings().discord.useful_for
        return minutes_late(received.delivery.received_at, made_at(one.id), useful_for)


def _text(one: Interaction) -> str:
    return str(one.options.get("question") or "").strip()
