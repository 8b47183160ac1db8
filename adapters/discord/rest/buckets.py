"""Turns within Discord's rate limits, shared with all else that the same client sends.

The buckets are discord.py's own (discord.http.Ratelimit); only what HTTPClient.request does around them is done otherwise:
there a bucket is held while a call that failed is waited for up to 25 s, and the call that uses up a bucket gets its reply
only when the bucket is full again.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import discord
from discord.http import HTTPClient, Ratelimit, Route

from adapters.discord.rest.calls import Call
from adapters.discord.rest.errors import Limited, NotSent

__all__ = ["Buckets"]

_KEPT = 512
_LONGEST_S = 86_400.0


class Buckets:
    """Those of the bot's calls are in the client's HTTPClient; those of interactions, each with its own, are here."""

    def __init__(self) -> None:
        self._hashes: dict[str, str] = {}
        self._own: dict[str, Ratelimit] = {}
        self._swept = _KEPT
        self._releasing: set[asyncio.Task[None]] = set()
        self._opens_at = 0.0

    @asynccontextmanager
    async def turn(self, http: HTTPClient, call: Call, within_s: float) -> AsyncIterator[Ratelimit | None]:
        """The call's bucket, when it may be called. None: it has no bucket, as first responses to interactions.

        Raises:
            Limited: its turn does not come within so many seconds.
            NotSent: the client is not logged in.
        """
        if call.urgent:
            yield None
            return
        try:
            async with asyncio.timeout(within_s):
                await self._until_open(http, call)
                bucket = self._of(http, call.route())
                await bucket.acquire()
        except TimeoutError:
            raise Limited(call.name, self._opens_in(http, call)) from None
        except discord.RateLimited as error:
            raise Limited(call.name, error.retry_after) from None
        try:
            yield bucket
        finally:
            self._release(bucket)

    def learn(self, http: HTTPClient, call: Call, bucket: Ratelimit, reply: aiohttp.ClientResponse) -> None:
        """What a reply's headers say of the bucket."""
        route, name = call.route(), reply.headers.get("X-RateLimit-Bucket")
        hashes, buckets = (
            (self._hashes, self._own) if call.of_interaction else (http._bucket_hashes, http._buckets)
        )
        if name and hashes.get(route.key) != name:
            hashes[route.key] = name
            buckets[f"{name}:{route.major_parameters}"] = bucket
        if reply.status != 429 and _sound(reply.headers):
            bucket.update(reply)

    def close(self, http: HTTPClient, call: Call, bucket: Ratelimit | None, limited: Limited) -> None:
        """Discord takes no more for as long as this says: of this bucket, or of anything of the bot's."""
        loop = asyncio.get_running_loop()
        if limited.everywhere and not call.of_interaction:
            self._opens_at = max(self._opens_at, loop.time() + limited.retry_after)
            http._global_over.clear()
            loop.call_later(limited.retry_after, self._open, http)
        elif bucket is not None:
            bucket.remaining = 0
            bucket.reset_after = limited.retry_after
            bucket.expires = loop.time() + limited.retry_after

    async def aclose(self) -> None:
        """End what waits for buckets to be full again. Nothing is called through them after."""
        for task in self._releasing:
            task.cancel()
        await asyncio.gather(*self._releasing, return_exceptions=True)

    def _open(self, http: HTTPClient) -> None:
        if asyncio.get_running_loop().time() >= self._opens_at - 0.01:
            http._global_over.set()

    async def _until_open(self, http: HTTPClient, call: Call) -> None:
        if call.of_interaction:
            return
        if not isinstance(http._global_over, asyncio.Event):
            raise NotSent(f"The bot is not logged in to Discord yet for {call.name}; try again later")
        await http._global_over.wait()

    def _opens_in(self, http: HTTPClient, call: Call) -> float:
        """Seconds until the next try makes sense."""
        now = asyncio.get_running_loop().time()
        expires = self._of(http, call.route()).expires or now
        opens_at = expires if call.of_interaction else max(expires, self._opens_at)
        return max(opens_at - now, 1.0)

    def _of(self, http: HTTPClient, route: Route) -> Ratelimit:
        if not route.webhook_token:
            key = f"{http._bucket_hashes.get(route.key, route.key)}:{route.major_parameters}"
            return http.get_ratelimit(key)
        key = f"{self._hashes.get(route.key, route.key)}:{route.major_parameters}"
        if key not in self._own:
            self._sweep()
            self._own[key] = Ratelimit(http.max_ratelimit_timeout)
        return self._own[key]

    def _sweep(self) -> None:
        """Forget the buckets at rest, each time that they have doubled."""
        if len(self._own) >= self._swept:
            self._own = {key: each for key, each in self._own.items() if not each.is_inactive()}
            self._swept = max(_KEPT, 2 * len(self._own))

    def _release(self, bucket: Ratelimit) -> None:
        """Beside the call: discord.py's bucket waits here until it is full again, to wake who waits for it."""
        leave: Any = bucket.__aexit__
        task = asyncio.create_task(leave(None, None, None))
        self._releasing.add(task)
        task.add_done_callback(self._releasing.discard)


def _sound(headers: Mapping[str, str]) -> bool:
    """Whether discord.py can go by these; it breaks, or waits for ever, on others."""
    try:
        limit = int(headers["X-RateLimit-Limit"])
        left = int(headers["X-RateLimit-Remaining"])
        reset = float(headers["X-RateLimit-Reset-After"])
    except (KeyError, ValueError):
        return False
    return limit > 0 and left >= 0 and math.isfinite(reset) and -_LONGEST_S < reset < _LONGEST_S
