"""The inbox at work for as long as a bot runs, and how it is closed."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.inbox import Inbox
from adapters.running_inbox import inbox_running
from rag_core.records.platforms.deliveries import Deliveries
from tests.adapters.test_inbox import SOON_S, Handler, until
from tests.rag_core.records import conftest as records

address, database = records.address, records.database


def an_inbox(database: AsyncEngine, handler: Handler) -> Inbox:
    return Inbox(Deliveries(database), handler, failed=handler.failed)


async def accept(inbox: Inbox, key: str) -> None:
    await inbox.accept("test", key, "message", key, {})


async def test_what_is_being_handled_is_finished_before_work_beside_it_ends(database: AsyncEngine) -> None:
    """What is answered at the end may need what goes on beside the inbox."""
    steps: list[str] = []
    go_on = asyncio.Event()

    async def slowly(*given: object) -> None:
        await go_on.wait()
        steps.append("handled")

    async def beside() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            steps.append("work beside it ended")

    handler = Handler(slowly)
    inbox = an_inbox(database, handler)
    async with inbox_running(inbox, {"work": beside}):
        await accept(inbox, "m1")
        await until(lambda: handler.keys == ["m1"])
        asyncio.get_running_loop().call_later(0.05, go_on.set)
    assert steps == ["handled", "work beside it ended"]


@pytest.mark.parametrize("hurried", ["before", "while closing"])
async def test_at_once_waits_for_nothing(database: AsyncEngine, hurried: str) -> None:
    """What is being handled is given to whoever runs next."""

    async def endless(*given: object) -> None:
        await asyncio.Event().wait()

    at_once, handler = asyncio.Event(), Handler(endless)
    inbox = an_inbox(database, handler)
    async with asyncio.timeout(SOON_S):
        async with inbox_running(inbox, {}, at_once):
            await accept(inbox, "m1")
            await until(lambda: handler.keys == ["m1"])
            if hurried == "before":
                at_once.set()
            else:
                asyncio.get_running_loop().call_later(0.05, at_once.set)
    assert handler.cancelled == ["m1"]
    again = Handler()
    inbox = an_inbox(database, again)
    async with inbox_running(inbox, {}):
        await until(lambda: again.done == ["m1"])


async def test_work_beside_it_that_fails_starts_again(
    database: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what is accepted is handled meanwhile."""
    monkeypatch.setattr("rag_core.running.background._FIRST_PAUSE_S", 0.01)
    tries = 0

    async def broken() -> None:
        nonlocal tries
        tries += 1
        raise ValueError("broken")

    handler = Handler()
    inbox = an_inbox(database, handler)
    async with inbox_running(inbox, {"broken": broken}):
        await accept(inbox, "m1")
        await until(lambda: tries > 2 and handler.done == ["m1"])


async def test_an_error_inside_closes_it_too(database: AsyncEngine) -> None:
    """And is raised."""
    ended = asyncio.Event()

    async def beside() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async def broken() -> None:
        async with inbox_running(an_inbox(database, Handler()), {"work": beside}):
            await asyncio.sleep(0.01)
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        await broken()
    assert ended.is_set()
