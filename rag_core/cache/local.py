"""The cache in the process: no server to run, nothing kept over a restart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from cachetools import TTLCache

from rag_core.cache.protocol import Report, kind_of

__all__ = ["LocalCache"]

OVERHEAD = 400
"""Bytes that an entry takes besides its value: the key, and its places in the tables."""


class LocalCache:
    """Implements Cache in memory. The least recently used entries make room for new ones.

    size_bytes: of all entries. ttl_s: how long one is kept at most.
    """

    def __init__(self, size_bytes: int, ttl_s: float) -> None:
        self._entries: TTLCache[str, bytes] = TTLCache(size_bytes, ttl_s, getsizeof=_size)
        self._counts: dict[str, Counter[str]] = {}

    @property
    def state(self) -> str:
        return "ready"

    async def get(self, key: str) -> bytes | None:
        return self._entries.get(key)

    async def put(self, key: str, value: bytes) -> None:
        if _size(value) <= self._entries.maxsize:
            self._entries[key] = value

    async def add(self, prefix: str, counts: Mapping[str, int]) -> None:
        self._counts.setdefault(prefix, Counter()).update(counts)

    async def report(self, prefix: str) -> Report:
        self._entries.expire()
        kept = {key: value for key, value in self._entries.items() if key.startswith(prefix)}
        return Report(
            "this process",
            shared=False,
            entries=Counter(kind for key in kept if (kind := kind_of(key, prefix))),
            bytes=sum(map(_size, kept.values())),
            counts=dict(self._counts.get(prefix, {})),
            used_bytes=int(self._entries.currsize),
            limit_bytes=int(self._entries.maxsize),
        )

    async def clear(self, prefix: str) -> int:
        gone = [key for key in self._entries if key.startswith(prefix)]
        for key in gone:
            self._entries.pop(key, None)
        for other in [other for other in self._counts if other.startswith(prefix)]:
            del self._counts[other]
        return len(gone)

    async def close(self) -> None:
        self._entries.clear()


def _size(value: bytes) -> int:
    return len(value) + OVERHEAD
