"""What Search and Assistant see of a cache: nothing of its failures, and no wait for a write."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import numpy as np
import pytest

from rag_core.cache import CachedAnswer, Caching, Entry, LocalCache, Report, caching
from rag_core.cache.codec import VERSION
from rag_core.errors import Unavailable
from tests.rag_core.cache.test_keys import KEYS

VECTOR = np.arange(384, dtype=np.float32)
ENTRIES = (Entry("a", 1, 0.5, 2.0, 0.7),)
ANSWER = CachedAnswer("30 days.", (), 0.9, False, (), ())


class Fickle:
    """A cache that is down, or slow, when it is told to be. Implements Cache on a local one."""

    def __init__(self) -> None:
        self.local = LocalCache(1 << 20, 60)
        self.down = False
        self.let = asyncio.Event()
        self.let.set()
        self.closed = False

    @property
    def state(self) -> str:
        return "down (told to)" if self.down else "ready"

    async def _there(self) -> None:
        if self.down:
            raise Unavailable("It is down.")

    async def get(self, key: str) -> bytes | None:
        await self._there()
        return await self.local.get(key)

    async def put(self, key: str, value: bytes) -> None:
        await self.let.wait()
        await self._there()
        await self.local.put(key, value)

    async def add(self, prefix: str, counts: Mapping[str, int]) -> None:
        await self._there()
        await self.local.add(prefix, counts)

    async def report(self, prefix: str) -> Report:
        return await self.local.report(prefix)

    async def clear(self, prefix: str) -> int:
        return await self.local.clear(prefix)

    async def close(self) -> None:
        self.closed = True


async def settled() -> None:
    """Let writes in the background end."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_what_is_kept_is_found() -> None:
    """Vectors, rankings and answers, each counted as a miss and then as a hit."""
    made = Caching(KEYS, Fickle())
    assert (await made.vector("v", 384), await made.ranking("r"), await made.answer("a")) == (
        None,
        None,
        None,
    )
    made.keep_vector("v", VECTOR)
    made.keep_ranking("r", ENTRIES)
    made.keep_answer("a", ANSWER)
    await settled()
    vector = await made.vector("v", 384)
    assert vector is not None
    assert (vector == VECTOR).all()
    assert await made.ranking("r") == ENTRIES
    assert await made.answer("a") == ANSWER
    once_each = {"hits": 1, "misses": 1, "errors": 0}
    assert made.state() == {
        "state": "ready",
        "embedding": once_each,
        "ranking": once_each,
        "answer": once_each,
        "dropped": 0,
    }
    await made.close()


@pytest.mark.parametrize("damage", [b"", b"\x00", b"x" * 100, bytes([VERSION]) * 50])
async def test_what_cannot_be_read_is_a_miss(damage: bytes) -> None:
    """Counted as an error too."""
    cache = Fickle()
    made = Caching(KEYS, cache)
    await cache.put("k", damage)
    assert (await made.vector("k", 384), await made.ranking("k"), await made.answer("k")) == (
        None,
        None,
        None,
    )
    assert made.state()["answer"] == {"hits": 0, "misses": 1, "errors": 1}
    await made.close()


async def test_a_cache_that_is_down_is_a_miss() -> None:
    """Nothing raises, reading or writing; a write that was refused counts as dropped."""
    cache = Fickle()
    cache.down = True
    made = Caching(KEYS, cache)
    made.keep_answer("a", ANSWER)
    await settled()
    assert await made.answer("a") is None
    assert made.state()["answer"] == {"hits": 0, "misses": 1, "errors": 1}
    assert (made.state()["state"], made.counts.dropped) == ("down (told to)", 1)
    await made.close()


async def test_while_it_is_down_the_process_keeps_its_own() -> None:
    """And a question that was asked meanwhile is answered from there."""
    cache = Fickle()
    cache.down = True
    made = Caching(KEYS, cache, LocalCache(1 << 20, 60))
    made.keep_answer("a", ANSWER)
    await settled()
    assert await made.answer("a") == ANSWER
    assert made.state()["answer"] == {"hits": 1, "misses": 0, "errors": 1}
    cache.down = False
    assert await made.answer("a") is None  # the shared one does not have it
    await made.close()


async def test_without_a_cache_nothing_is_kept_or_counted() -> None:
    made = Caching(KEYS, None)
    made.keep_answer("a", ANSWER)
    assert await made.answer("a") is None
    assert made.state()["state"] == "off"
    assert made.state()["answer"] == {"hits": 0, "misses": 0, "errors": 0}
    await made.close()
    assert len(asyncio.all_tasks()) == 1


async def test_writes_are_not_waited_for_and_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a cache that does not come back from writing, so many are under way, and the rest is dropped."""
    monkeypatch.setattr(caching, "CLOSING_S", 0.05)
    cache = Fickle()
    cache.let.clear()
    made = Caching(KEYS, cache)
    for number in range(caching.PENDING + 44):
        made.keep_answer(f"a{number}", ANSWER)
    assert made.counts.dropped == 44
    assert len(asyncio.all_tasks()) == caching.PENDING + 1
    await made.close()
    assert len(asyncio.all_tasks()) == 1
    assert cache.closed


async def test_what_is_being_written_is_found_already() -> None:
    """So that a question that comes right after another is not answered anew."""
    cache = Fickle()
    cache.let.clear()
    made = Caching(KEYS, cache)
    made.keep_answer("a", ANSWER)
    assert await made.answer("a") == ANSWER
    assert await cache.get("a") is None
    cache.let.set()
    await settled()
    await cache.clear("a")
    assert await made.answer("a") is None
    await made.close()


async def test_closing_waits_for_what_is_being_written() -> None:
    """A command that answers one question leaves its answer behind, and its numbers."""
    cache = Fickle()
    cache.let.clear()
    made = Caching(KEYS, cache)
    await made.answer("a")
    made.keep_answer("a", ANSWER)
    asyncio.get_running_loop().call_later(0.05, cache.let.set)
    await made.close()
    assert await cache.get("a")
    assert (await cache.report(KEYS.prefix)).counts == {"answer.misses": 1}


async def test_a_very_large_value_is_not_kept() -> None:
    cache = Fickle()
    made = Caching(KEYS, cache)
    made.keep_answer("a", CachedAnswer("x" * caching.LARGEST, (), 0.9, False, (), ()))
    await settled()
    assert await made.answer("a") is None
    assert made.counts.dropped == 1
    await made.close()


async def test_numbers_that_could_not_be_told_are_told_later() -> None:
    """An outage loses none."""
    cache = Fickle()
    made = Caching(KEYS, cache)
    cache.down = True
    await made.answer("a")
    made._tell()
    await settled()
    cache.down = False
    await made.answer("a")
    await made.close()
    assert (await cache.report(KEYS.prefix)).counts == {"answer.misses": 2, "answer.errors": 1}


async def test_the_cache_in_process_keeps_to_its_size() -> None:
    """The least recently used goes first; what is larger than all of it is not kept."""
    local = LocalCache(10_000, 60)
    for number in range(100):
        await local.put(f"p:answer:{number}", b"x" * 600)
        await local.get("p:answer:0")
    report = await local.report("p:")
    assert report.used_bytes <= 10_000
    assert report.entries == {"answer": 10}
    assert await local.get("p:answer:0")
    assert await local.get("p:answer:99")
    await local.put("p:answer:big", b"x" * 20_000)
    assert await local.get("p:answer:big") is None
    assert (await local.report("p:")).entries == {"answer": 10}
