"""Looks at an answer while it is written: the text so far, as often as a platform takes it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

__all__ = ["Glimpses"]


class Glimpses:
    """Shows the latest text each time that the pause after the last one is over. Nobody waits for it but close()."""

    def __init__(self, show: Callable[[str], Awaitable[float]], first_s: float) -> None:
        """show: shows the text, or a part of it, or nothing; it does not raise. Seconds until more may be shown, after it
        has returned. first_s: before anything is shown, so that an answer which comes at once is shown whole."""
        self._show = show
        self._first_s = first_s
        self._text = ""
        self._still = False
        self._changed, self._closing = asyncio.Event(), asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def said(self, text: str) -> None:
        """Show the text so far when its time comes."""
        if self._closing.is_set() or text == self._text:
            return
        self._text = text
        self._changed.set()
        if self._task is None:
            self._task = asyncio.create_task(self._go_on())

    def again(self) -> None:
        """Show the same text once more, if there is no later one then."""
        self._changed.set()

    def stop(self) -> None:
        """Show no more than is shown."""
        self._still = True

    async def close(self) -> None:
        """Show no more. What is being shown is shown when this returns."""
        self._closing.set()
        if self._task is not None:
            await asyncio.wait((self._task,))

    async def _go_on(self) -> None:
        pause = self._first_s
        while not self._still and not await self._closed_within(pause):
            await self._until_changed()
            if self._closing.is_set():
                return
            self._changed.clear()
            pause = await self._show(self._text)

    async def _until_changed(self) -> None:
        waits = [asyncio.ensure_future(event.wait()) for event in (self._changed, self._closing)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _closed_within(self, seconds: float) -> bool:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), seconds)
        return self._closing.is_set()
