"""The sign that a question was seen: Discord shows that the bot writes."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from adapters.discord.rest.errors import DiscordRefusal, Limited
from adapters.discord.rest.rest import Rest
from rag_core.errors import Unavailable

__all__ = ["Typing"]

log = logging.getLogger(__name__)


class Typing:
    """Given in the background until it is over: it holds up no answer, and what refuses it costs none. It goes by itself,
    with the first message."""

    def __init__(self, rest: Rest, channel: str, every_s: float) -> None:
        self._rest = rest
        self._channel = channel
        self._every_s = every_s
        self._over = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def show(self) -> None:
        """At once; not waited for."""
        if self._task is None:
            self._task = asyncio.create_task(self._go_on())

    def stop(self) -> None:
        """Give it no more."""
        self._over.set()

    async def _go_on(self) -> None:
        while not self._over.is_set():
            pause = self._every_s
            try:
                await self._rest.typing(self._channel)
            except DiscordRefusal as error:
                log.debug("The sign that an answer is written is refused: %s", error)
                return
            except Unavailable as error:
                pause = max(error.retry_after, pause) if isinstance(error, Limited) else pause
            except Exception:
                log.exception("The sign that an answer is written is given no more")
                return
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), pause)
