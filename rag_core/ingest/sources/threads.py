"""Draws from a blocking iterator in a worker thread, a batch at a time, so that memory stays bounded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from itertools import islice
from typing import TypeVar

__all__ = ["from_thread"]

T = TypeVar("T")


async def from_thread(entries: Iterator[T], batch: int = 256) -> AsyncIterator[T]:
    """The entries in their order. An error of the iterator is raised after the entries before it."""
    failure: Exception | None = None
    while failure is None:
        taken, failure = await asyncio.to_thread(_take, entries, batch)
        for entry in taken:
            yield entry
        if len(taken) < batch:
            break
    if failure is not None:
        raise failure


def _take(entries: Iterator[T], batch: int) -> tuple[list[T], Exception | None]:
    taken: list[T] = []
    try:
        taken.extend(islice(entries, batch))
    except Exception as failure:
        return taken, failure
    return taken, None
