"""Files and the release that answers: each release reads them with its own embedder."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from rag_core.access import Access
from rag_core.bootstrap import Core, open_records
from rag_core.errors import DocumentError, Unavailable
from rag_core.records.index.releases import Release, Releases
from rag_core.running.active import ActiveRelease
from rag_core.running.preparation import new_release
from rag_core.settings import Settings
from rag_core.types import Principal, Question

ADA = Principal("slack", "ada", direct=True)
FILE = ("slack:F1", "offer.md", b"The salary is 61,000 euros a year.", "https://files.example/F1")
SALARY = "How high is the salary in this file?"


async def a_release(settings: Settings) -> Release:
    async with open_records(settings) as database:
        release = await new_release(database, settings)
        await Releases(database).activate(release.id)
    return release


async def changed_over(active: ActiveRelease) -> None:
    """To the release that is active now."""
    begun = 0
    changed = asyncio.Event()

    async def work(core: Core) -> None:
        nonlocal begun
        begun += 1
        if begun > 1:
            changed.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(active.keep(work))
    await changed.wait()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_a_file_is_read_for_the_release_that_answers(settings: Settings) -> None:
    """Once; after a change of release what was read before is refused, and read anew it is answered from."""
    async with ActiveRelease(settings, Access(), await a_release(settings)) as active:
        assert active.known_file("slack:F1") is None
        first = await active.read_file(*FILE)
        assert active.known_file("slack:F1") is first
        assert "61,000" in (await active.ask(Question(SALARY, ADA, attached=(first,)))).text
        second_release = await a_release(settings)
        await changed_over(active)
        assert active.known_file("slack:F1") is None
        with pytest.raises(Unavailable):
            await active.ask(Question(SALARY, ADA, attached=(first,)))
        second = await active.read_file(*FILE)
        assert (first.release, second.release) != (second.release, second.release)
        assert second.release == second_release.id
        assert "61,000" in (await active.ask(Question(SALARY, ADA, attached=(second,)))).text


async def test_a_file_that_cannot_be_read_is_told(settings: Settings) -> None:
    """And the release answers on."""
    async with ActiveRelease(settings, Access(), await a_release(settings)) as active:
        with pytest.raises(DocumentError, match=r"photo\.png"):
            await active.read_file("slack:F2", "photo.png", b"\x89PNG", "")
        assert (await active.ask(Question("How high is the salary?", ADA))).abstained
