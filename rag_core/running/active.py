"""The release that answers now: opened, changed over to the next one while questions are asked, closed. Beside it another
may be tried out on a share of the conversations (canary.py)."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.access import Access
from rag_core.assistant import Preview
from rag_core.bootstrap import Core
from rag_core.generation.protocol import Said, nothing
from rag_core.records.index.releases import Release, Releases
from rag_core.running.canary import Canary
from rag_core.running.following import put_in_force_soon
from rag_core.running.opened import OpenedRelease
from rag_core.settings import Settings
from rag_core.types import Answer, Attached, Question, Ranked, Vote

__all__ = ["ActiveRelease"]

LOOK_EVERY_S = 2.5
"""For a release to be tried out: soon enough for a person who waits."""
CATCH_UP_EVERY_S = 60.0
"""With what other processes have synchronised."""
log = logging.getLogger(__name__)


class ActiveRelease:
    """Answers from one release at a time, but for what another is tried out on. Implements adapters.chat.Answerer; use it as
    a context manager."""

    def __init__(self, settings: Settings, access: Access, release: Release) -> None:
        self._settings = settings
        self._access = access
        self._first = release
        self._canary = Canary(settings, access, self.core)
        self._closing: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> ActiveRelease:
        self._now = await OpenedRelease.open(self._settings, self._access, self._first)
        try:
            await put_in_force_soon(self._now.core)  # it may have been returned to while nothing ran
        except BaseException:
            await self._now.stack.aclose()
            raise
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._canary.close()
        for task in self._closing:
            task.cancel()
        await asyncio.gather(*self._closing, return_exceptions=True)
        await self._now.stack.aclose()

    async def ask(self, question: Question, said: Said = nothing) -> Answer:
        async with self._canary.of(question) or self._now as assistant:
            return await assistant.ask(question, said)

    async def preview(self, question: Question, scopes: frozenset[str] | None) -> Preview:
        """rag_core.assistant.Assistant.preview, by the active release."""
        async with self._now as assistant:
            return await assistant.preview(question, scopes)

    async def search(self, text: str, scopes: frozenset[str] | None, keep: int) -> list[Ranked]:
        """rag_core.assistant.Assistant.search, in the index of the active release."""
        async with self._now as assistant:
            return await assistant.search(text, scopes, keep)

    async def vote(self, vote: Vote) -> None:
        """Of whatever release's answer."""
        async with self._now as assistant:
            await assistant.vote(vote)

    async def state(self) -> dict[str, object]:
        async with self._now as assistant:
            return await assistant.state()

    @asynccontextmanager
    async def core(self) -> AsyncIterator[Core]:
        """The active release, open at least as long as it is used here."""
        now = self._now
        async with now:
            yield now.core

    def known_file(self, id: str) -> Attached | None:
        """The file of this id, if the active release has read it and still keeps it."""
        return self._now.attachments.known(id) if self._now.attachments else None

    async def read_file(self, id: str, name: str, data: bytes, url: str) -> Attached:
        """Read a file for the questions of its conversation (rag_core.attachments.Attachments.read). Give it to each of
        them anew: the release may change in between, and knows only what was read with its own embedder.

        Raises:
            DocumentError: it cannot be read; a sentence for the asker.
        """
        now = self._now
        async with now:
            return await now.reader().read(id, name, data, url)

    async def keep(self, work: Callable[[Core], Awaitable[None]]) -> None:
        """Do the work on the active release; when it returns, because another is active, change over."""
        while True:
            await work(self._now.core)
            await self._change_over()

    async def keep_trying_out(self, database: AsyncEngine, look_every_s: float = LOOK_EVERY_S) -> None:
        """Open and close what is tried out beside the active release, as the records say, and keep its index up to date with
        what other processes bring."""
        caught_up = time.monotonic()
        while True:
            await self._canary.follow(await Releases(database).canary())
            if time.monotonic() - caught_up >= CATCH_UP_EVERY_S:
                await self.catch_up()
                caught_up = time.monotonic()
            await asyncio.sleep(look_every_s)

    async def catch_up(self) -> None:
        """Bring the index of what is tried out to what the active release's holds."""
        await self._canary.catch_up()

    async def _change_over(self) -> None:
        """From the next question on the active release answers; not before its index is in force (following.py)."""
        opened = await OpenedRelease.open(self._settings, self._access, None)
        try:
            if opened.core.release.index_name != self._now.core.release.index_name:
                await put_in_force_soon(opened.core)
        except BaseException:
            await opened.stack.aclose()
            raise
        before, self._now = self._now, opened
        log.warning(
            "release %s answers now, and %s no longer", self._now.core.release.id, before.core.release.id
        )
        task = asyncio.create_task(before.finished())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
