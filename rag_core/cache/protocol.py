"""What every cache does. tests/conformance/test_caches.py holds each implementation to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

__all__ = ["KINDS", "Cache", "Report", "counts_key", "kind_of"]

KINDS = ("embedding", "ranking", "answer")
"""What is kept. A key is a prefix, a kind, ':' and a digest."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a cache holds of one installation."""

    place: str
    """Where it is kept, for a reader; without passwords."""
    shared: bool
    """Whether other processes see the same."""
    entries: Mapping[str, int]
    """By kind."""
    bytes: int
    """Taken by these entries; in Redis an estimate from some of them."""
    counts: Mapping[str, int]
    """What was added: 'answer.hits' and the like."""
    used_bytes: int
    """Taken by all that is kept there, by whomever."""
    limit_bytes: int
    """Of used_bytes; 0: none."""


class Cache(Protocol):
    """Keeps bytes by key for a while. Every method but close raises Unavailable when it cannot be reached in time."""

    @property
    def state(self) -> str:
        """'ready', or what is wrong with it, for a reader."""

    async def get(self, key: str) -> bytes | None:
        """What was put under this key; None where nothing is, or no longer."""

    async def put(self, key: str, value: bytes) -> None:
        """Keep a value in the place of any there is. It may be gone at any time."""

    async def add(self, prefix: str, counts: Mapping[str, int]) -> None:
        """Add to the numbers kept under this prefix."""

    async def report(self, prefix: str) -> Report:
        """What is kept under this prefix."""

    async def clear(self, prefix: str) -> int:
        """Remove all that is kept under this prefix, numbers too, and nothing else; how many entries there were."""

    async def close(self) -> None: ...


def counts_key(prefix: str) -> str:
    """Where the numbers are kept."""
    return f"{prefix}counts"


def kind_of(key: str, prefix: str) -> str | None:
    """The kind of an entry; None where the key is no entry's."""
    kind = key[len(prefix) :].partition(":")[0] if key.startswith(prefix) else ""
    return kind if kind in KINDS else None
