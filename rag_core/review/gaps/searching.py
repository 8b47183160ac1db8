"""Finding gaps beside what is served: once an hour, and when a person asks for it."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.review.gaps.finding import find
from rag_core.running.active import ActiveRelease

__all__ = ["GapSearch", "Progress"]

EVERY_S = 3_600.0
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Progress:
    done: int
    total: int
    """Questions to be embedded; 0: not known yet."""


class GapSearch:
    """One search at a time."""

    def __init__(self, assistant: ActiveRelease, database: AsyncEngine) -> None:
        self._assistant = assistant
        self._database = database
        self._task: asyncio.Task[None] | None = None
        self._progress = Progress(0, 0)
        self.failed = ""
        """Why the last search came to nothing; '': it did not."""

    @property
    def progress(self) -> Progress | None:
        """Of the search that goes on; None: none does."""
        return self._progress if self._task is not None and not self._task.done() else None

    def start(self) -> asyncio.Task[None]:
        """Search now, unless a search goes on already."""
        if self._task is None or self._task.done():
            self._progress, self.failed = Progress(0, 0), ""
            self._task = asyncio.create_task(self._search())
        return self._task

    async def every_hour(self, every_s: float = EVERY_S) -> None:
        """Until cancelled."""
        try:
            while True:
                await self.start()
                await asyncio.sleep(every_s)
        finally:
            await self.close()

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _search(self) -> None:
        try:
            async with self._assistant.core() as core:
                await find(core, self._database, self._told)
        except Exception as error:  # whatever it is, the next hour tries again
            self.failed = "The search for gaps failed; the log says why."
            log.warning("the search for gaps failed: %s", error)

    def _told(self, done: int, total: int) -> None:
        self._progress = Progress(done, total)
