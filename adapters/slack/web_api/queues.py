"""Calls that wait for their turn: Slack's limits are for each method, and for posts for each channel."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from adapters.slack.web_api.errors import Limited
from rag_core.errors import Unavailable

__all__ = ["Queue", "Queues"]

T = TypeVar("T")
ORDERED = frozenset({"chat.postMessage", "chat.postEphemeral"})
"""Sent one after another in a channel, so that none overtakes another."""
BURST, PER_SECOND = 20, 1.0
"""Slack takes about one post a second in a channel, and short bursts."""
KEPT = 500


class Queues:
    """A queue for each method and channel; those at rest are forgotten."""

    def __init__(self, patience_s: float = 600.0, burst: int = BURST, per_second: float = PER_SECOND) -> None:
        """patience_s: the longest that a call waits for its turn. burst, per_second: of posts in one channel."""
        self._patience_s = patience_s
        self._pace = (burst, per_second)
        self._queues: dict[tuple[str, str], Queue] = {}

    def of(self, method: str, channel: str) -> Queue:
        """channel: '' for methods that name none."""
        key = (method, channel if method.startswith("chat.") else "")
        if key not in self._queues:
            if len(self._queues) >= KEPT:
                self._queues = {each: queue for each, queue in self._queues.items() if not queue.at_rest}
            burst, per_second = self._pace if method in ORDERED else (0, 0.0)
            self._queues[key] = Queue(method, self._patience_s, burst, per_second)
        return self._queues[key]


class Queue:
    """First come, first served. After a 'too many' the first in it tries again when Slack said, all others wait behind.

    burst 0: not paced, and calls run side by side as long as Slack takes them.
    """

    def __init__(self, method: str, patience_s: float, burst: int = 0, per_second: float = 0.0) -> None:
        self._method = method
        self._patience_s = patience_s
        self._burst, self._per_second = burst, per_second
        self._turn = asyncio.Lock()
        self._closed_until = 0.0
        self._left, self._counted = float(burst), time.monotonic()

    @property
    def at_rest(self) -> bool:
        """Whether it would take a call at once, as a new queue would."""
        return (
            not self._turn.locked()
            and self.closed_s <= 0
            and self._paced_s() <= 0
            and self._left >= self._burst
        )

    @property
    def closed_s(self) -> float:
        """Seconds until Slack takes another call; not above 0: now."""
        return self._closed_until - time.monotonic()

    async def through(self, call: Callable[[], Awaitable[T]]) -> T:
        """Make the call when it is its turn, again whenever it is Limited.

        Raises:
            Unavailable: its turn did not come within the patience.
            whatever else the call raises.
        """
        deadline = time.monotonic() + self._patience_s
        if not self._burst and not self._turn.locked() and self.closed_s <= 0:
            try:
                return await call()
            except Limited as limited:
                self._close(limited.retry_after)
        async with _held(self._turn, deadline, self._method):
            while True:
                await self._until_open(deadline)
                try:
                    return await call()
                except Limited as limited:
                    self._close(limited.retry_after)

    async def at_once(self, call: Callable[[], Awaitable[T]]) -> T:
        """Make the call now or not at all.

        Raises:
            Limited: others wait already, or Slack takes no more now.
            whatever else the call raises.
        """
        if self._turn.locked() or self.closed_s > 0 or self._paced_s() > 0:
            raise Limited(self._method, max(self.closed_s, self._paced_s(), 1.0))
        self._spend()
        try:
            return await call()
        except Limited as limited:
            self._close(limited.retry_after)
            raise

    def _spend(self) -> None:
        if self._burst:
            self._left -= 1

    def _close(self, seconds: float) -> None:
        """Nothing is left of the burst either: Slack counts otherwise, and would refuse each of what waits once."""
        self._paced_s()
        self._left = min(self._left, 0.0)
        self._closed_until = max(self._closed_until, time.monotonic() + seconds)

    def _paced_s(self) -> float:
        """Seconds until the pace allows another call."""
        if not self._burst:
            return 0.0
        now = time.monotonic()
        self._left = min(self._burst, self._left + (now - self._counted) * self._per_second)
        self._counted = now
        return 0.0 if self._left >= 1 else (1 - self._left) / self._per_second

    async def _until_open(self, deadline: float) -> None:
        while (wait := max(self.closed_s, self._paced_s())) > 0:
            if time.monotonic() + wait > deadline:
                raise _too_long(self._method)
            await asyncio.sleep(wait)
        self._spend()


@asynccontextmanager
async def _held(lock: asyncio.Lock, deadline: float, method: str) -> AsyncIterator[None]:
    """The lock, unless it is not to be had until the deadline."""
    try:
        async with asyncio.timeout(deadline - time.monotonic()):
            await lock.acquire()
    except TimeoutError:
        raise _too_long(method) from None
    try:
        yield
    finally:
        lock.release()


def _too_long(method: str) -> Unavailable:
    return Unavailable(f"Slack takes no more {method} for longer than I wait; try again later")
