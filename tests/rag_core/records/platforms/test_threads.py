"""What is known of threads."""

from __future__ import annotations

import asyncio

from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.records.platforms.threads import Thread, Threads

WHERE = ("slack", "C1", "1.1")


async def test_nothing_is_known_of_a_new_thread(database: AsyncEngine) -> None:
    assert await Threads(database).get(*WHERE) == Thread("", {})


async def test_a_thread_is_silenced_and_heard_again(database: AsyncEngine) -> None:
    """What was noted of it stays."""
    threads = Threads(database)
    await threads.note("slack", "T1", "C1", "1.1", {"assistant": True})
    await threads.silence("slack", "T1", "C1", "1.1", "U1")
    assert await threads.get(*WHERE) == Thread("U1", {"assistant": True})
    await threads.silence("slack", "T1", "C1", "1.1", "")
    await threads.note("slack", "T1", "C1", "1.1", {"beside": "C2"})
    assert await threads.get(*WHERE) == Thread("", {"beside": "C2"})
    assert await threads.get("discord", "C1", "1.1") == Thread()


async def test_two_who_note_at_once_do_not_meet(database: AsyncEngine) -> None:
    threads = Threads(database)
    await asyncio.gather(*(threads.silence("slack", "T1", "C1", "1.1", f"U{n}") for n in range(8)))
    assert (await threads.get(*WHERE)).silenced_by.startswith("U")
