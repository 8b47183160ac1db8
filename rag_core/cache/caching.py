"""What Search and Assistant look up and keep. Nothing here fails, and no write is waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag_core.cache.codec import (
    CachedAnswer,
    CachedRanking,
    CachedVector,
    Entry,
    decode,
    decode_vector,
    encode,
)
from rag_core.cache.counting import Counts
from rag_core.cache.keys import Keys
from rag_core.cache.protocol import Cache
from rag_core.errors import Unavailable

__all__ = ["Caching"]

PENDING = 256
"""Writes under way; further ones are dropped."""
LARGEST = 256 * 1024
"""Bytes; a larger value is not kept."""
TELL_EVERY_S = 2.0
"""How often the numbers are added to the shared ones."""
CLOSING_S = 1.0
"""How long closing waits for writes."""


class Caching:
    """The cache of one release, as the parts see it.

    cache: None keeps nothing. instead: asked while the other is down; its keys name the state of the index as well, so
    what it has is as good.
    """

    def __init__(self, keys: Keys, cache: Cache | None, instead: Cache | None = None) -> None:
        self.keys = keys
        self.counts = Counts()
        self._cache = cache
        self._instead = instead
        self._tasks: set[asyncio.Task[None]] = set()
        self._on_the_way: dict[str, bytes] = {}
        self._telling: asyncio.TimerHandle | None = None

    async def vector(self, key: str, dimension: int) -> NDArray[np.float32] | None:
        """(dimension,)."""
        data, failed = await self._read(key)
        vector = None if data is None else decode_vector(data, dimension)
        self._count("embedding", vector is not None, failed or (data is not None and vector is None))
        return vector

    def keep_vector(self, key: str, vector: NDArray[np.float32]) -> None:
        self._keep(key, CachedVector.of(vector))

    async def ranking(self, key: str) -> tuple[Entry, ...] | None:
        """Best first."""
        data, failed = await self._read(key)
        ranking = None if data is None else decode(data, CachedRanking)
        self._count("ranking", ranking is not None, failed or (data is not None and ranking is None))
        return None if ranking is None else ranking.entries

    def keep_ranking(self, key: str, entries: tuple[Entry, ...]) -> None:
        self._keep(key, CachedRanking(entries))

    async def answer(self, key: str) -> CachedAnswer | None:
        data, failed = await self._read(key)
        answer = None if data is None else decode(data, CachedAnswer)
        self._count("answer", answer is not None, failed or (data is not None and answer is None))
        return answer

    def keep_answer(self, key: str, answer: CachedAnswer) -> None:
        self._keep(key, answer)

    def state(self) -> dict[str, Any]:
        """How the cache does and what was found in it, by this process."""
        state = "off" if self._cache is None else self._cache.state
        kinds = {kind: asdict(tally) for kind, tally in self.counts.by_kind.items()}
        return {"state": state, **kinds, "dropped": self.counts.dropped}

    async def close(self) -> None:
        """Waits a moment for what is being written."""
        if self._telling is not None:
            self._telling.cancel()
            self._tell()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=CLOSING_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        for cache in (self._cache, self._instead):
            if cache is not None:
                await cache.close()

    # --- reading -----------------------------------------------------------------------------------------------

    async def _read(self, key: str) -> tuple[bytes | None, bool]:
        """What is kept, and whether the cache failed."""
        if self._cache is None:
            return None, False
        if key in self._on_the_way:  # nobody makes anew what is being written
            return self._on_the_way[key], False
        try:
            return await self._cache.get(key), False
        except Unavailable:
            return (await self._instead.get(key) if self._instead else None), True

    def _count(self, kind: str, found: bool, failed: bool) -> None:
        if self._cache is None:
            return
        self.counts.looked_up(kind, found, failed)
        if self._telling is None:
            self._telling = asyncio.get_running_loop().call_later(TELL_EVERY_S, self._tell)

    # --- writing, in the background ----------------------------------------------------------------------------

    def _keep(self, key: str, value: CachedVector | CachedRanking | CachedAnswer) -> None:
        if self._cache is None:
            return
        data = encode(value)
        if len(data) > LARGEST:
            self.counts.dropped += 1
        elif self._in_background(self._put(self._cache, key, data)):
            self._on_the_way[key] = data

    async def _put(self, cache: Cache, key: str, data: bytes) -> None:
        try:
            await cache.put(key, data)
        except Unavailable:
            if self._instead is None:
                self.counts.dropped += 1
            else:
                await self._instead.put(key, data)
        finally:
            self._on_the_way.pop(key, None)

    def _tell(self) -> None:
        self._telling = None
        if self._cache is not None:
            self._in_background(self._add(self._cache))

    async def _add(self, cache: Cache) -> None:
        untold = self.counts.take_untold()
        try:
            await cache.add(self.keys.prefix, untold)
        except Unavailable:
            self.counts.give_back(untold)

    def _in_background(self, work: Coroutine[Any, Any, None]) -> bool:
        """Whether it is begun."""
        if len(self._tasks) >= PENDING:
            work.close()
            self.counts.dropped += 1
            return False
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True
