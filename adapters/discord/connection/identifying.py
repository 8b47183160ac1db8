"""When a new session may be begun: Discord allows a number of them a day, and resets the token of a bot that takes more."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

__all__ = ["Gateway", "Identifying", "gateway_of"]

_KEPT, _OF = 5, 1000
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
    total: int = 1000
    """Sessions that may be begun from one count to the next."""
    reset_after_s: float = 0.0
    at_once: int = 1
    """Sessions that may be begun in the same 5 seconds."""

    @property
    def is_nearly_used_up(self) -> bool:
        """Whether no session is to be begun before they are counted anew."""
        return self.reset_after_s > 0 and self.remaining <= self.total * _KEPT // _OF


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
            total=int(limit.get("total", 1000)),
            reset_after_s=float(limit.get("reset_after", 0)) / 1000,
            at_once=max(1, int(limit.get("max_concurrency") or 1)),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError("Discord's reply says nothing of its gateway") from error


class Identifying:
    """The turns of a bot's shards."""

    def __init__(self, asked: Callable[[], Awaitable[Gateway | None]], apart_s: float) -> None:
        """asked: what Discord says now; None: it says nothing, and what it said last counts. apart_s: between two turns in
        one of Discord's buckets."""
        self._asked = asked
        self._apart_s = apart_s
        self._locks: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._last: dict[int, float] = {}
        self._gateway: Gateway | None = None
        self._told_at = float("-inf")

    @asynccontextmanager
    async def turn(self, shard: int) -> AsyncIterator[None]:
        """Within it this shard may identify, once; where it does, spent is to be told."""
        await self._allowed()
        bucket = self._bucket(shard)
        async with self._locks[bucket]:
            await asyncio.sleep(self._last.get(bucket, float("-inf")) + self._apart_s - time.monotonic())
            yield

    def spent(self, shard: int) -> None:
        """It identifies now."""
        self._last[self._bucket(shard)] = time.monotonic()
        if self._gateway is not None:
            self._gateway = replace(self._gateway, remaining=self._gateway.remaining - 1)

    def told(self, gateway: Gateway) -> None:
        """Discord said so just now."""
        self._gateway, self._told_at = gateway, time.monotonic()

    def _bucket(self, shard: int) -> int:
        return shard % (self._gateway.at_once if self._gateway else 1)

    async def _allowed(self) -> None:
        while True:
            if time.monotonic() - self._told_at > _FRESH_S and (gateway := await self._asked()):
                self.told(gateway)
            if self._gateway is None or not self._gateway.is_nearly_used_up:
                return
            await self._wait(self._gateway)

    async def _wait(self, gateway: Gateway) -> None:
        log.warning(
            "Discord allows %d more connections within %.0f s, and would reset the token after them; I wait",
            max(0, gateway.remaining),
            gateway.reset_after_s,
        )
        pause = min(gateway.reset_after_s + 1, _LOOK_AGAIN_S)
        await asyncio.sleep(pause)
        self._gateway = replace(gateway, reset_after_s=max(0.0, gateway.reset_after_s - pause))
        self._told_at = float("-inf")
