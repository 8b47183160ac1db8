"""A thread in which the bot is to answer only when it is mentioned."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.slack.bot import PLATFORM
from adapters.slack.clicks import click_of
from adapters.slack.ids import Ids
from adapters.slack.received import Handler, Received
from adapters.slack.showing.whispers import Spot, Whispers
from rag_core.records.platforms.threads import Threads

__all__ = ["Silencing"]


class Silencing:
    """'Stop answering in this thread', in the menu below an answer. A mention with 'stop' does the same (questions.py)."""

    def __init__(self, ids: Ids, threads: Threads, whispers: Whispers) -> None:
        self._ids = ids
        self._threads = threads
        self._whispers = whispers

    def handlers(self) -> Mapping[str, Handler]:
        return {"action:more": self._chosen}

    async def _chosen(self, received: Received) -> None:
        click = click_of(received.body, self._ids)
        thread = click.thread or click.message
        if click.value != "silence" or not click.channel or not thread:
            return
        await self._threads.silence(PLATFORM, received.team, click.channel, thread, click.user)
        spot = Spot(click.channel, click.user, thread, click.response_url)
        await self._whispers.tell(received.api, spot, "thread-silenced")
