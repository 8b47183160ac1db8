"""Signs on questions that wait behind another one, so that who asked sees at once that they will be answered."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from adapters.slack.received import Received
from adapters.slack.showing.signs import Sign

__all__ = ["Marks", "SignOf"]

SignOf = Callable[[Received], Awaitable[Sign | None]]
"""The sign for a question; None: it gets none."""
log = logging.getLogger(__name__)


class Marks:
    """By the keys of deliveries. What handles one takes its mark, and sees to it that it goes."""

    def __init__(self, sign_of: SignOf) -> None:
        self._sign_of = sign_of
        self._marking: dict[str, asyncio.Task[Sign | None]] = {}
        self._going: set[asyncio.Task[Any]] = set()

    def put(self, key: str, receive: Callable[[], Awaitable[Received]]) -> None:
        """Show the sign as soon as Slack takes it; returns at once."""
        self._marking[key] = asyncio.create_task(self._shown(receive))

    def take(self, key: str) -> bool:
        """Whether a sign may stand there now, which the caller is to take away."""
        sign = self._taken(key)
        if sign is not None:
            sign.stop()
        return sign is not None

    def clear(self, key: str) -> None:
        """Take the sign away, if nobody took the mark; not waited for."""
        if (sign := self._taken(key)) is not None:
            going = asyncio.create_task(sign.clear())
            self._going.add(going)
            going.add_done_callback(self._going.discard)

    def _taken(self, key: str) -> Sign | None:
        marking = self._marking.pop(key, None)
        if marking is None or marking.cancel() or marking.cancelled():  # one that is cancelled showed nothing
            return None
        return marking.result()

    async def _shown(self, receive: Callable[[], Awaitable[Received]]) -> Sign | None:
        try:
            sign = await self._sign_of(await receive())
        except Exception as error:
            log.info("A question that waits has no sign: %s", type(error).__name__)
            return None
        if sign is not None:
            sign.show()
        return sign
