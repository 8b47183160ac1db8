"""When work on a question begins, where many come at once: what arrives is accepted first."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

__all__ = ["Pacing"]

FIRST_S = 1.0
"""For so long at most what arrives goes before what arrived."""
APART_S = 0.02
"""So long after one question begins the next, where MANY wait to begin. What is found for one takes half of that on two
cores; the other half is for what arrives meanwhile."""
MANY = 10


class Pacing:
    """Platforms wait three seconds for an acknowledgement: work on a hundred questions does not begin in between, nor all
    at the same moment. Who asks alone waits for nothing."""

    def __init__(self) -> None:
        self._taking = 0
        self._in_line = 0
        self._calm = asyncio.Event()
        self._calm.set()
        self._turn = asyncio.Lock()

    @contextmanager
    def arriving(self) -> Iterator[None]:
        """Something is being accepted."""
        self._taking += 1
        self._calm.clear()
        try:
            yield
        finally:
            self._taking -= 1
            if not self._taking:
                self._calm.set()

    async def before_question(self) -> None:
        """Return when it is this question's turn to begin: in the order of the calls, and within FIRST_S of the turn's
        beginning whatever arrives."""
        loop = asyncio.get_running_loop()
        until = loop.time() + FIRST_S
        self._in_line += 1
        try:
            await self._turn.acquire()
        finally:
            self._in_line -= 1
        loop.call_later(APART_S if self._in_line > MANY else 0, self._turn.release)
        with suppress(TimeoutError):
            async with asyncio.timeout_at(until):
                await self._calm.wait()
