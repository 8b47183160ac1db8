"""The release that answers now: opened, changed over to the next one while questions are asked, closed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from rag_core.access import Access
from rag_core.assistant import Assistant, Preview
from rag_core.bootstrap import Core, make_assistant, make_attachments, open_core, warm_up
from rag_core.generation.protocol import Said, nothing
from rag_core.records.index.releases import Release
from rag_core.settings import Settings
from rag_core.types import Answer, Attached, Question, Ranked, Vote

if TYPE_CHECKING:
    from rag_core.attachments import Attachments

__all__ = ["ActiveRelease"]

FINISH_WITHIN_S = 60.0
"""What was asked of the release before is answered by it, in so much time."""
log = logging.getLogger(__name__)


class ActiveRelease:
    """Answers from one release at a time. Implements adapters.chat.Answerer; use it as a context manager."""

    def __init__(self, settings: Settings, access: Access, release: Release) -> None:
        self._settings = settings
        self._access = access
        self._first = release
        self._closing: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> ActiveRelease:
        self._now = await self._opened(self._first)
        return self

    async def __aexit__(self, *error: object) -> None:
        for task in self._closing:
            task.cancel()
        await asyncio.gather(*self._closing, return_exceptions=True)
        await self._now.stack.aclose()

    async def ask(self, question: Question, said: Said = nothing) -> Answer:
        async with self._now as assistant:
            return await assistant.ask(question, said)

    async def preview(self, question: Question, scopes: frozenset[str] | None) -> Preview:
        """rag_core.assistant.Assistant.preview, by the release that answers now."""
        async with self._now as assistant:
            return await assistant.preview(question, scopes)

    async def search(self, text: str, scopes: frozenset[str] | None, keep: int) -> list[Ranked]:
        """rag_core.assistant.Assistant.search, in the index of the release that answers now."""
        async with self._now as assistant:
            return await assistant.search(text, scopes, keep)

    async def vote(self, vote: Vote) -> None:
        async with self._now as assistant:
            await assistant.vote(vote)

    async def state(self) -> dict[str, object]:
        async with self._now as assistant:
            return await assistant.state()

    @asynccontextmanager
    async def core(self) -> AsyncIterator[Core]:
        """The release that answers now, open at least as long as it is used here."""
        now = self._now
        async with now:
            yield now.core

    def known_file(self, id: str) -> Attached | None:
        """The file of this id, if the release that answers now has read it and still keeps it."""
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
        """Do the work on the release that answers; when it returns, because another is active, change over."""
        while True:
            await work(self._now.core)
            await self._change_over()

    async def _change_over(self) -> None:
        """From the next question on the active release answers."""
        before, self._now = self._now, await self._opened(None)
        log.warning(
            "release %s answers now, and %s no longer", self._now.core.release.id, before.core.release.id
        )
        task = asyncio.create_task(before.finished())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _opened(self, release: Release | None) -> _Opened:
        stack = AsyncExitStack()
        core = await stack.enter_async_context(open_core(self._settings, release))
        warming = asyncio.create_task(warm_up(core))  # questions meanwhile are answered with what there is
        stack.callback(warming.cancel)
        return _Opened(core, make_assistant(core, self._access), stack)


class _Opened:
    """A release and how many questions it is answering."""

    def __init__(self, core: Core, assistant: Assistant, stack: AsyncExitStack) -> None:
        self.core = core
        self.stack = stack
        self.attachments: Attachments | None = None
        """None: no file was read yet."""
        self._assistant = assistant
        self._asked = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def __aenter__(self) -> Assistant:
        self._asked += 1
        self._idle.clear()
        return self._assistant

    async def __aexit__(self, *error: object) -> None:
        self._asked -= 1
        if not self._asked:
            self._idle.set()

    def reader(self) -> Attachments:
        """Of files; it is closed with the release."""
        if self.attachments is None:
            self.attachments = make_attachments(self.core)
            self.stack.push_async_callback(self.attachments.close)
        return self.attachments

    async def finished(self) -> None:
        """Close it once it has answered what it was asked."""
        try:
            async with asyncio.timeout(FINISH_WITHIN_S):
                await self._idle.wait()
        except TimeoutError:
            log.warning("release %s is closed although it is still asked", self.core.release.id)
        finally:
            await self.stack.aclose()
