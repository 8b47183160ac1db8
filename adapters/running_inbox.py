"""The inbox at work, and what goes on beside it, for as long as a bot runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from adapters.inbox import Inbox
from rag_core.running.background import kept_going

__all__ = ["inbox_running"]

CLOSE_WITHIN_S = 10.0
"""What is being answered when the bot stops is finished in this time, or given to whoever runs next."""


@asynccontextmanager
async def inbox_running(
    inbox: Inbox,
    background: Mapping[str, Callable[[], Awaitable[None]]],
    at_once: asyncio.Event | None = None,
) -> AsyncIterator[None]:
    """Work on what the inbox accepts, until the context is left; then finish what is being answered.

    Leave it only when nothing more is given to the inbox. background: work that is kept going until the inbox is closed, by
    its name in the log. at_once: once set, closing waits for nothing.
    """
    works = {"the inbox": inbox.run, **background}
    tasks = [asyncio.create_task(kept_going(name, work)) for name, work in works.items()]
    try:
        yield
    finally:
        try:
            await _closed(inbox, at_once or asyncio.Event())
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _closed(inbox: Inbox, at_once: asyncio.Event) -> None:
    closing = asyncio.create_task(inbox.close(CLOSE_WITHIN_S))
    hurried = asyncio.create_task(at_once.wait())
    try:
        await asyncio.wait({closing, hurried}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        in_time = closing.done()
        hurried.cancel()
        closing.cancel()
        await asyncio.gather(closing, hurried, return_exceptions=True)
        if not in_time:
            await inbox.close(0)
