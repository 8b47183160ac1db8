"""What a platform said a short while ago is not asked again."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from rag_core.cache.flights import Flights
from rag_core.errors import AnswerloopError

__all__ = ["Remembered"]

_FAILED_S = 5.0
_WAIT_S = 5.0
_KEPT = 5_000
T = TypeVar("T")
log = logging.getLogger(__name__)


class Remembered(Generic[T]):
    """What was looked up a short while ago. A look-up that fails, or takes longer than a person waits, is not repeated for
    some seconds; who asks for the same at the same time shares one."""

    def __init__(self, platform: str, seconds: float) -> None:
        """platform: its name in the log. seconds: for so long it is not looked up again."""
        self._platform = platform
        self._seconds = seconds
        self._kept: OrderedDict[str, tuple[float, T | None]] = OrderedDict()
        self._flights: Flights[T | None] = Flights()

    async def get(self, key: str, look: Callable[[], Awaitable[T]]) -> T | None:
        """None: it could not be looked up."""
        until, value = self._kept.get(key, (0.0, None))
        if time.monotonic() < until:
            return value
        return await self._flights.run(key, lambda: self._looked(key, look))

    def forget(self, key: str) -> None:
        self._kept.pop(key, None)

    async def _looked(self, key: str, look: Callable[[], Awaitable[T]]) -> T | None:
        value: T | None = None
        try:
            async with asyncio.timeout(_WAIT_S):
                value = await look()
        except (AnswerloopError, TimeoutError, OSError) as error:
            log.info("%s does not tell now: %s", self._platform, error)
        seconds = _FAILED_S if value is None else self._seconds
        self._kept[key] = (time.monotonic() + seconds, value)
        self._kept.move_to_end(key)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return value
