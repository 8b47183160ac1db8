"""What people ask while an earlier question in the same thread is still being answered."""

from __future__ import annotations

from adapters.slack.bot import PLATFORM
from adapters.slack.received import Received
from adapters.slack.showing.signs import Sign
from adapters.slack.showing.streaming import Place
from adapters.slack.talking.addressing import message_of
from adapters.slack.talking.questions import bot_user, is_for_us
from adapters.slack.talking.titles import Titles
from rag_core.records.platforms.threads import Threads

__all__ = ["Waiting"]


class Waiting:
    def __init__(self, threads: Threads) -> None:
        self._threads = threads

    async def sign_of(self, received: Received) -> Sign | None:
        """👀, on what is surely for the bot. In the assistant container the status shows already that it is at work.

        Raises:
            Unavailable: whether it gets one cannot be told now.
        """
        own = await bot_user(received)
        message = message_of(received.event, own)
        if (
            not (message.direct or message.mentions_bot)
            or message.user == own
            or received.event.get("hidden")
        ):
            return None
        if not await is_for_us(received) or "assistant_thread" in received.event:
            return None
        if message.direct and message.thread:
            thread = await self._threads.get(PLATFORM, message.channel, message.thread)
            if Titles.is_assistants(thread):
                return None
        place = Place(message.channel, message.user, "", question=message.ts)
        return Sign(received.api, place, "", lambda: True)
