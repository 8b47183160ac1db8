"""How often standard answers are given: counted here, written together a little later, never waited for."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from datetime import UTC, datetime

from rag_core.errors import Unavailable
from rag_core.records.standard import StandardRecords

__all__ = ["Hits"]

PAUSE_S = 2.0
"""Between two writes; doubled after each that failed, up to LONGEST_PAUSE_S."""
LONGEST_PAUSE_S = 60.0
AT_THE_END_S = 5.0
"""The last write may take so long."""
log = logging.getLogger(__name__)


class Hits:
    """For one event loop. What a crash loses is what was counted in the last PAUSE_S."""

    def __init__(self, records: StandardRecords, pause_s: float = PAUSE_S) -> None:
        self._records = records
        self._pause_s = pause_s
        self._counted: Counter[str] = Counter()
        self._last = datetime.now(UTC)
        self._writing: asyncio.Task[None] | None = None

    def add(self, id: str) -> None:
        self._counted[id] += 1
        self._last = datetime.now(UTC)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_later())

    async def close(self) -> None:
        """Writes what is left."""
        if self._writing:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)
        try:
            async with asyncio.timeout(AT_THE_END_S):
                await self._write()
        except (Unavailable, TimeoutError):
            log.warning(
                "%d hits of standard answers could not be written", self._counted.total(), exc_info=True
            )

    async def _write_later(self) -> None:
        pause = self._pause_s
        while self._counted:
            await asyncio.sleep(pause)
            try:
                # Not broken off by close: whether it was written would not be known.
                await _finished(asyncio.create_task(self._write()))
                pause = self._pause_s
            except Unavailable:
                pause = min(2 * pause, LONGEST_PAUSE_S)
                log.warning(
                    "hits of standard answers are kept, as the database does not take them", exc_info=True
                )

    async def _write(self) -> None:
        counted, self._counted = self._counted, Counter()
        if not counted:
            return
        try:
            await self._records.add_hits(counted, self._last)
        except BaseException:
            self._counted.update(counted)
            raise


async def _finished(task: asyncio.Task[None]) -> None:
    """Wait to the task's end, also when this is cancelled meanwhile."""
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise
