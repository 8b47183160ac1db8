"""A thread in which the bot is to answer only when it is mentioned."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.discord.ids import Ids
from adapters.discord.interactions import interaction_of
from adapters.discord.received import PLATFORM, Handler, Received
from adapters.discord.whispers import Whispers
from rag_core.records.platforms.threads import Threads

__all__ = ["Silencing"]


class Silencing:
    """'Stop answering in this thread', below an answer. A mention with 'stop' does the same (questions.py)."""

    def __init__(self, ids: Ids, threads: Threads, whispers: Whispers) -> None:
        self._ids = ids
        self._threads = threads
        self._whispers = whispers

    def handlers(self) -> Mapping[str, Handler]:
        return {"action:silence": self._pressed}

    async def _pressed(self, received: Received) -> None:
        spot = await self._whispers.spot(received)
        if not spot.place.is_thread:
            return
        user = interaction_of(received.body, self._ids).person.id
        place = spot.place
        await self._threads.silence(PLATFORM, place.guild, place.id, place.id, user)
        await self._whispers.tell(received.rest, spot, "thread-silenced")
