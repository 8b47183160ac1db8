"""The release that is tried out: it answers a share of the conversations beside the active one."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from rag_core.access import Access
from rag_core.bootstrap import Core
from rag_core.errors import AnswerloopError, Busy
from rag_core.records.index.releases import Release, Releases
from rag_core.running.following import catch_up
from rag_core.running.opened import OpenedRelease
from rag_core.settings import Settings
from rag_core.types import Question

__all__ = ["Canary", "is_chosen"]

TRY_AGAIN_AFTER_S = 60.0
"""One that could not be opened."""
log = logging.getLogger(__name__)
ActiveCore = Callable[[], AbstractAsyncContextManager[Core]]


def is_chosen(question: Question, release: str, share: float) -> bool:
    """Whether a question belongs to a conversation that this release is tried out on. Pure: every question of a conversation
    is, or none, in every process; other releases are tried out on others.

    share: of all conversations, 0 to 1.
    """
    who = question.principal
    where = (who.platform, question.asked_in, who.channel, question.thread or f"@{who.user}")
    digest = hashlib.sha256("\0".join((release, *where)).encode("utf-8", "replace")).digest()
    return int.from_bytes(digest[:8], "big") < share * 2**64


class Canary:
    """The one that is open now, if there is one. Whoever makes it closes it."""

    def __init__(self, settings: Settings, access: Access, active: ActiveCore) -> None:
        """active: the release that answers everything else, open as long as it is used."""
        self._settings = settings
        self._access = access
        self._active = active
        self._opened: OpenedRelease | None = None
        self._share = 0.0
        self._failed: tuple[str, float] = ("", 0.0)
        """The one that could not be opened, and when it was tried."""
        self._closing: set[asyncio.Task[None]] = set()

    def of(self, question: Question) -> OpenedRelease | None:
        """What answers the question, if it is to be tried out on that. Files are of the active release: never on those."""
        now = self._opened
        if now is None or question.attached or not is_chosen(question, now.core.release.id, self._share):
            return None
        return now

    async def follow(self, wanted: Release | None) -> None:
        """From now on this one is tried out, with the share that it has. One that cannot be opened is told in the log, once;
        until it can be, the active release answers everything."""
        now = self._opened.core.release.id if self._opened else None
        if wanted is None or wanted.id != now:
            self._close()
        if wanted is None:
            return
        if wanted.id != now and not self._is_given_up(wanted.id):
            await self._open(wanted)
        self._share = wanted.canary

    async def catch_up(self) -> None:
        """Bring its index to what the active release's holds; what stands in the way is told in the log."""
        if (opened := self._opened) is None:
            return
        async with opened, self._active() as active:
            try:
                if await _is_tried_out(
                    opened.core
                ):  # else it may be the active one by now, and ahead of this
                    await catch_up(opened.core, active)
            except Busy:
                log.info("release %s follows when nobody else writes", opened.core.release.id)
            except AnswerloopError as error:
                log.warning(
                    "the index of %s could not be brought up to date: %s", opened.core.release.id, error
                )

    async def close(self) -> None:
        self._close()
        for task in self._closing:
            task.cancel()
        await asyncio.gather(*self._closing, return_exceptions=True)

    async def _open(self, wanted: Release) -> None:
        try:
            opened = await OpenedRelease.open(self._settings, self._access, wanted)
        except AnswerloopError as error:
            return self._give_up(wanted.id, error)
        try:
            async with self._active() as active:
                await catch_up(opened.core, active)
        except Busy:  # nobody is answered from an index that may not be in force: the next look tries again
            await opened.stack.aclose()
        except AnswerloopError as error:
            await opened.stack.aclose()
            self._give_up(wanted.id, error)
        except BaseException:
            await opened.stack.aclose()
            raise
        else:
            self._opened, self._failed = opened, ("", 0.0)
            log.warning("release %s answers %.0f %% of the conversations", wanted.id, 100 * wanted.canary)

    def _is_given_up(self, id: str) -> bool:
        failed, at = self._failed
        return failed == id and time.monotonic() - at < TRY_AGAIN_AFTER_S

    def _give_up(self, id: str, error: AnswerloopError) -> None:
        if self._failed[0] != id:
            log.warning("release %s cannot be tried out, the active one answers everything: %s", id, error)
        self._failed = (id, time.monotonic())

    def _close(self) -> None:
        """The one that is open, once it has answered what it was asked."""
        if (before := self._opened) is None:
            return
        self._opened = None
        log.warning("release %s is tried out no longer", before.core.release.id)
        task = asyncio.create_task(before.finished())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


async def _is_tried_out(core: Core) -> bool:
    canary = await Releases(core.database).canary()
    return canary is not None and canary.id == core.release.id
