"""When a new session may be begun: Discord allows a number of them a day, and resets the token of a bot that takes more."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

__all__ = ["KEPT", "Gateway", "Identifying", "gateway_of"]

KEPT = 5
"""So many sessions of the day's are not begun: they are for whoever mends it."""
_FRESH_S = 60.0
_LOOK_AGAIN_S = 3600.0
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Gateway:
    """What Discord says of how to connect."""

    url: str
    shards: int = 1
    remaining: int = 1000
    """Sessions that may be begun before they are counted anew."""
    reset_after_s: float = 0.0
    at_once: int = 1
    """Sessions that may be begun in the same 5 seconds."""


def gateway_of(body: Any) -> Gateway:
    """From the reply to GET /gateway/bot.

    Raises:
        ValueError: it is no such reply.
    """
    try:
        limit = body.get("session_start_limit") or {}
        return Gateway(
            url=str(body["url"]),
            shards=max(1, int(body.get("shards") or 1)),
            remaining=int(limit.get("remaining", 1000)),
            reset_after_s=float(limit.get("reset_after", 0)) / 1000,
            at_once=max(1, int(limit.get("max_concurrency") or 1)),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError("Discord's reply says nothing of its gateway") from error


class Identifying:
    """The turns of a bot's shards."""

    def __init__(
        self, asked: Callable[[], Awaitable[Gateway | None]], apart_s: float, *, kept: int = KEPT
    ) -> None:
        """asked: what Discord says now; None: it says nothing, and what it said last counts. apart_s: between two turns in
        one of Discord's buckets."""
        self._asked = asked
        self._apart_s = apart_s
        self._kept = kept
        self._locks: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._last: dict[int, float] = {}
        self._left: int | None = None
        self._reset_after_s = 0.0
        self._at_once = 1
        self._asked_at = float("-inf")

    @asynccontextmanager
    async def turn(self, shard: int) -> AsyncIterator[None]:
        """Within it this shard may identify, once; where it does, spent is to be told."""
        await self._allowed()
        bucket = shard % self._at_once
        async with self._locks[bucket]:
            await asyncio.sleep(self._last.get(bucket, float("-inf")) + self._apart_s - time.monotonic())
            yield

    def spent(self, shard: int) -> None:
        """It identifies now."""
        self._last[shard % self._at_once] = time.monotonic()
        if self._left is not None:
            self._left -= 1

    def told(self, gateway: Gateway) -> None:
        """Discord said so just now."""
        self._left, self._reset_after_s = gateway.remaining, gateway.reset_after_s
        self._at_once = gateway.at_once
        self._asked_at = time.monotonic()

    async def _allowed(self) -> None:
        while True:
            if time.monotonic() - self._asked_at > _FRESH_S and (gateway := await self._asked()):
                self.told(gateway)
            if self._left is None or self._left > self._kept or self._reset_after_s <= 0:
                return
            pause = min(self._reset_after_s + 1, _LOOK_AGAIN_S)
            log.warning(
                "Discord allows %d more connections before %.0f s from now, and would reset the token after them; I wait",
                max(0, self._left),
                self._reset_after_s,
            )
            await asyncio.sleep(pause)
            self._asked_at, self._reset_after_s = float("-inf"), max(0.0, self._reset_after_s - pause)
