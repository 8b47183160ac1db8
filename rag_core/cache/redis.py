"""The cache in Redis: shared by processes, kept over restarts; never what an answer waits for or fails from."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from rag_core.cache.address import Address
from rag_core.cache.breaker import Breaker, reason_of, within
from rag_core.cache.connecting import Client, Tls, connect
from rag_core.cache.protocol import Report, counts_key, kind_of
from rag_core.errors import Unavailable

__all__ = ["RedisCache"]

T = TypeVar("T")
READS, WRITES = 32, 4
"""Commands under way at once. The time limit of one begins when it is sent, not when it is queued."""
CONNECT_S = 5.0
"""For a probe, which nobody waits for: time for TLS, Sentinels, or a cluster's topology."""
COMMAND_S = 60.0
"""For each step of a report or of clearing, which scan all that Redis holds, its other users' too."""
SOCKET_S = 2.0
"""redis-py's own limit of each connecting and each reply. A command's limit goes first; this is for what it does beside,
such as asking the next Sentinel. It counts by the clock, so it is too long for a start that holds the event loop up."""
COUNTS_S = 30 * 86_400
"""Numbers that nothing is added to for so long go."""
SCAN = 500
SAMPLE = 100
"""Entries of each kind whose size is asked for."""
log = logging.getLogger(__name__)


class RedisCache:
    """Implements Cache on a Redis server, a master that Sentinels name, or a cluster.

    limit_s: the longest a get waits. While Redis is down, nothing waits: every method raises Unavailable at once.
    """

    def __init__(self, address: Address, client: Client, ttl_s: float, limit_s: float) -> None:
        self._address = address
        self._client = client
        self._redis = client.commands
        self._ttl_ms = int(ttl_s * 1000)
        self._limit_s = limit_s
        self._reads, self._writes = asyncio.Semaphore(READS), asyncio.Semaphore(WRITES)
        self._breaker = Breaker(str(address), self._probe)
        self._probed = "answerloop:probe"
        self._refusal = ""

    @classmethod
    def open(
        cls,
        address: Address,
        *,
        ttl_s: float,
        limit_s: float,
        tls: Tls | None = None,
        password: str = "",
        sentinel_password: str = "",
    ) -> RedisCache:
        """Begin to connect, in the background; a Redis that is down is no error."""
        client = connect(address, SOCKET_S, tls, password, sentinel_password)
        cache = cls(address, client, ttl_s, limit_s)
        cache._breaker.start()
        return cache

    @property
    def state(self) -> str:
        state = self._breaker.state
        return f"refuses writes ({self._refusal})" if state == "ready" and self._refusal else state

    async def get(self, key: str) -> bytes | None:
        async def read() -> bytes | None:
            value = await self._redis.get(key)
            return value if isinstance(value, bytes) else None

        return await self._asked(key, self._reads, read)

    async def put(self, key: str, value: bytes) -> None:
        await self._asked(key, self._writes, lambda: self._redis.set(key, value, px=self._ttl_ms))

    async def add(self, prefix: str, counts: Mapping[str, int]) -> None:
        key = counts_key(prefix)

        async def write() -> None:
            pipeline = self._redis.pipeline(transaction=False)
            for name, number in counts.items():
                pipeline.hincrby(key, name, number)
            pipeline.expire(key, COUNTS_S)
            await pipeline.execute()

        await self._asked(key, self._writes, write)

    async def report(self, prefix: str) -> Report:
        by_kind: dict[str, list[str]] = {}
        for key in await self._keys(prefix):
            if kind := kind_of(key, prefix):
                by_kind.setdefault(kind, []).append(key)
        counts = await self._patiently(lambda: self._redis.hgetall(counts_key(prefix)))
        used, limit = await self._patiently(self._memory)
        return Report(
            str(self._address),
            shared=True,
            entries={kind: len(keys) for kind, keys in by_kind.items()},
            bytes=sum([await self._bytes(keys) for keys in by_kind.values()]),
            counts={name.decode(): int(number) for name, number in counts.items()},
            used_bytes=used,
            limit_bytes=limit,
        )

    async def clear(self, prefix: str) -> int:
        keys = await self._keys(prefix)
        for i in range(0, len(keys), SCAN):
            await self._removed(keys[i : i + SCAN])
        return sum(kind_of(key, prefix) is not None for key in keys)

    async def close(self) -> None:
        await self._breaker.close()
        try:
            await within(CONNECT_S, self._client.close())
        except Exception as error:
            log.debug("%s: could not be closed: %s", self._address, error)

    # --- asking Redis ------------------------------------------------------------------------------------------

    async def _asked(self, key: str, slots: asyncio.Semaphore, command: Callable[[], Awaitable[T]]) -> T:
        """One command of a question, within its limit.

        Raises:
            Unavailable: Redis is down, hung, or refuses it.
        """
        if not await self._breaker.closed(self._limit_s):
            raise Unavailable(f"{self._address} is {self._breaker.state}.")
        async with slots:
            if self._breaker.state != "ready":  # found out meanwhile, by another
                raise Unavailable(f"{self._address} is {self._breaker.state}.")
            try:
                reply = await within(self._limit_s, _awaited(command))
            except Exception as error:
                self._note(key, error)
                raise Unavailable(f"{self._address}: {reason_of(error)}.") from error
        if slots is self._writes:
            self._note_written()
        return reply

    async def _patiently(self, command: Callable[[], Awaitable[T]]) -> T:
        """One command that a person waits for."""
        if not await self._breaker.closed(2 * CONNECT_S):
            raise Unavailable(f"{self._address} is {self._breaker.state}.")
        try:
            return await within(COMMAND_S, _awaited(command))
        except Exception as error:
            raise Unavailable(f"{self._address}: {reason_of(error)}.") from error

    async def _probe(self) -> None:
        """Twice what failed last: first with time to connect, then within the limit of a question."""
        await within(CONNECT_S, _awaited(lambda: self._redis.get(self._probed)))
        await within(self._limit_s, _awaited(lambda: self._redis.get(self._probed)))

    def _note(self, key: str, error: Exception) -> None:
        """A refused write leaves reading as it is, and a key that holds something else says nothing of the others."""
        if _refuses_writes(error):
            if not self._refusal:
                log.warning("%s takes nothing new: %s", self._address, reason_of(error))
            self._refusal = reason_of(error)
        elif not str(error).startswith("WRONGTYPE"):
            self._probed = key
            self._breaker.failed(error)

    def _note_written(self) -> None:
        if self._refusal:
            log.warning("%s takes new entries again", self._address)
        self._refusal = ""

    # --- looking over what is kept -----------------------------------------------------------------------------

    async def _keys(self, prefix: str) -> list[str]:
        """All below the prefix, each once, of every node."""

        async def scanned() -> set[str]:
            found = self._redis.scan_iter(match=f"{_escaped(prefix)}*", count=SCAN)
            return {key.decode(errors="replace") async for key in found}

        return sorted(await self._patiently(scanned))

    async def _removed(self, keys: list[str]) -> None:
        await self._patiently(lambda: self._redis.unlink(*keys))

    async def _bytes(self, keys: list[str]) -> int:
        """What these take, estimated from some."""

        async def sizes() -> list[int]:
            return [await self._redis.memory_usage(key) or 0 for key in keys[:SAMPLE]]

        taken = await self._patiently(sizes)
        return round(sum(taken) / len(taken) * len(keys))

    async def _memory(self) -> tuple[int, int]:
        """Bytes used and allowed, of all nodes."""
        if self._address.kind != "cluster":
            said = [await self._redis.info("memory")]
        else:
            said = list((await self._redis.info("memory", target_nodes=self._redis.PRIMARIES)).values())
        return sum(int(s["used_memory"]) for s in said), sum(int(s["maxmemory"]) for s in said)


async def _awaited(command: Callable[[], Awaitable[T]]) -> T:
    return await command()


def _refuses_writes(error: Exception) -> bool:
    from redis.exceptions import NoPermissionError, OutOfMemoryError, ReadOnlyError

    refused = isinstance(error, (OutOfMemoryError, ReadOnlyError, NoPermissionError))
    return refused or str(error).startswith(("MISCONF", "NOREPLICAS"))


def _escaped(prefix: str) -> str:
    """A prefix as a pattern of SCAN."""
    return "".join(f"\\{c}" if c in "\\*?[]" else c for c in prefix)
