"""A release that was opened to answer from: counted while it is asked, closed when it has answered."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from rag_core.access import Access
from rag_core.assistant import Assistant
from rag_core.bootstrap import Core, make_assistant, make_attachments, open_core, warm_up
from rag_core.records.index.releases import Release
from rag_core.settings import Settings

if TYPE_CHECKING:
    from rag_core.attachments import Attachments

__all__ = ["OpenedRelease"]

FINISH_WITHIN_S = 60.0
"""What was asked of a release that is to be closed is answered by it, in so much time."""
log = logging.getLogger(__name__)


class OpenedRelease:
    """A release and how many questions it is answering; `async with` gives what answers them."""

    def __init__(self, core: Core, assistant: Assistant, stack: AsyncExitStack) -> None:
        """stack: what the core holds; it is closed with this."""
        self.core = core
        self.stack = stack
        self.attachments: Attachments | None = None
        """None: no file was read yet."""
        self._assistant = assistant
        self._asked = 0
        self._idle = asyncio.Event()
        self._idle.set()

    @classmethod
    async def open(cls, settings: Settings, access: Access, release: Release | None) -> OpenedRelease:
        """release: None: the active one.

        Raises:
            NotReady: it cannot be opened; the message names the remedy.
            Unavailable: the store or the database does not answer.
        """
        async with AsyncExitStack() as stack:
            core = await stack.enter_async_context(open_core(settings, release))
            warming = asyncio.create_task(
                warm_up(core)
            )  # questions meanwhile are answered with what there is
            stack.callback(warming.cancel)
            return cls(core, make_assistant(core, access), stack.pop_all())

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
