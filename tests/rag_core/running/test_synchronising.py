"""Sources are synchronised when they are due, while the bot serves."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from rag_core.bootstrap import Core, open_library
from rag_core.index.embedding import ModelCard
from rag_core.ingest.sync import Progress
from rag_core.records.database import transaction
from rag_core.records.index.documents import SourceRecord
from rag_core.records.index.releases import Releases
from rag_core.records.index.syncs import Syncs
from rag_core.records.platforms.owners import new_owner
from rag_core.records.tables import syncs
from rag_core.running.synchronising import due, keep_synchronised
from rag_core.settings import FolderSource, ReaderSource

NOW = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def source(every: str | None = "1h", synced_at: datetime | None = None) -> SourceRecord:
    return SourceRecord("docs", {"every": every}, True, synced_at, None)


def test_a_source_without_a_schedule_is_never_due() -> None:
    """Only `answerloop ingest` reads it."""
    assert not due(source(every=None), None, NOW)
    assert not due(SourceRecord("docs", {}, False, None, None), None, NOW)


def test_a_source_that_was_never_read_is_due() -> None:
    """At once."""
    assert due(source(), None, NOW)


@pytest.mark.parametrize(
    ("ago", "is_due"), [(HOUR, True), (2 * HOUR, True), (0.9 * HOUR, False), (-HOUR, False)]
)
def test_a_source_is_due_when_its_time_has_passed(ago: timedelta, is_due: bool) -> None:
    """Since it was last read; a clock that was put back does no harm."""
    assert due(source(synced_at=NOW - ago), None, NOW) is is_due


def test_times_from_sqlite_have_no_zone() -> None:
    """All of ours are UTC."""
    naive = (NOW - HOUR).replace(tzinfo=None)
    assert due(source(synced_at=naive), None, NOW)
    assert not due(source(synced_at=naive + HOUR / 2), None, NOW)


def test_a_source_that_fails_is_not_hammered() -> None:
    """What this process tried counts like what succeeded."""
    assert not due(source(), NOW - HOUR / 2, NOW)
    assert not due(source(synced_at=NOW - 5 * HOUR), NOW - HOUR / 2, NOW)
    assert due(source(), NOW - HOUR, NOW)


# --- a folder, watched -------------------------------------------------------------------------------------------


@asynccontextmanager
async def watching(core: Core) -> AsyncIterator[None]:
    """keep_synchronised in the background, looking often."""
    task = asyncio.create_task(keep_synchronised(core, look_every_s=0.05))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(condition: Callable[[], Any], within_s: float = 20) -> None:
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        if await condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"not within {within_s:.0f} s")


async def add(core: Core, *sources: FolderSource | ReaderSource) -> None:
    async with open_library(core) as library:
        for one in sources:
            await library.add(one)


async def digests(core: Core, name: str = "docs") -> dict[str, str]:
    return {key: known.digest for key, known in (await core.documents.of(name)).items()}


async def test_a_file_that_changes_is_taken_up(core: Core, tmp_path: Path) -> None:
    """Within its interval: read at first, and again when it changed; what vanished is removed."""
    (tmp_path / "docs").mkdir()
    page = tmp_path / "docs" / "cup.md"
    page.write_text("France won the last World Cup.\n")
    await add(core, FolderSource(name="docs", path=tmp_path / "docs", every="1s"))

    async def has_passages() -> int:
        return (await core.store.state()).passages

    async def changed() -> bool:
        return await digests(core) not in ({}, first)

    async def gone() -> bool:
        return await has_passages() == 0

    async with watching(core):
        await until(has_passages)
        first = await digests(core)
        page.write_text("Argentina won the last World Cup, in Qatar.\n")
        await until(changed)
        page.unlink()
        await until(gone)


async def test_a_source_whose_settings_are_wrong_does_not_hold_up_the_others(
    core: Core, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Its mistake is logged, once an hour and not at every look."""
    (tmp_path / "page.md").write_text("The office is in Porto.\n")
    await add(
        core,
        ReaderSource(name="a-wiki", reader="no_such_module:Reader", every="1h"),
        FolderSource(name="docs", path=tmp_path / "page.md", every="1h"),
    )

    async def was_read() -> dict[str, str]:
        return await digests(core)

    with caplog.at_level(logging.WARNING, "rag_core.running.synchronising"):
        async with watching(core):
            await until(was_read)
            await asyncio.sleep(0.3)
    assert [r.getMessage() for r in caplog.records if "a-wiki" in r.getMessage()] == [caplog.messages[0]]
    assert "no_such_module" in caplog.messages[0]


async def test_a_sync_by_another_process_is_waited_for(core: Core, tmp_path: Path) -> None:
    """What was due meanwhile is read at the next look after it, not an interval later."""
    (tmp_path / "page.md").write_text("The office is in Porto.\n")
    await add(core, FolderSource(name="docs", path=tmp_path / "page.md", every="1w"))

    async def was_read() -> dict[str, str]:
        return await digests(core)

    async with AsyncExitStack() as stack:
        async with open_library(core):
            await stack.enter_async_context(watching(core))
            await asyncio.sleep(0.3)
            assert await was_read() == {}
        await until(was_read)


async def test_another_active_release_ends_the_synchronisation(
    core: Core, model_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Its caller changes over to it; the log says so."""
    releases = Releases(core.database)
    other = await releases.add("model", ModelCard.read(model_folder))
    await releases.activate(other.id)
    with caplog.at_level(logging.INFO, "rag_core.running.synchronising"):
        await asyncio.wait_for(keep_synchronised(core, look_every_s=60), timeout=10)
    assert f"release {other.id} is active now" in caplog.text


# --- asked for by a person ---------------------------------------------------------------------------------------


async def test_what_is_asked_for_while_it_is_read_is_read_once_more(core: Core, tmp_path: Path) -> None:
    """The sync that runs may have passed the document that somebody has just changed."""
    (tmp_path / "page.md").write_text("The office is in Porto.\n")
    await add(core, FolderSource(name="docs", path=tmp_path / "page.md"))
    wanted = core.documents.syncs
    await wanted.want("docs", "local:ada")
    async with wanted.recorded("docs"):
        assert (await core.documents.sources())[0].wanted_at is None
        await wanted.want("docs", "local:ada")
        assert "docs" in await wanted.running()
    assert (await core.documents.sources())[0].wanted_at is not None
    assert await wanted.running() == {}

    async def was_read() -> bool:
        return bool(await digests(core)) and (await core.documents.sources())[0].wanted_at is None

    async with watching(core):
        await until(was_read)


async def test_a_sync_that_is_broken_off_is_still_asked_for(core: Core, tmp_path: Path) -> None:
    """By a person who stops the process, or by its crash; one that failed was done."""
    await add(core, FolderSource(name="docs", path=tmp_path))
    wanted = core.documents.syncs
    await wanted.want("docs", "local:ada")
    with suppress(asyncio.CancelledError):
        async with wanted.recorded("docs"):
            raise asyncio.CancelledError
    assert (await core.documents.sources())[0].wanted_at is not None
    with suppress(ValueError):
        async with wanted.recorded("docs"):
            raise ValueError
    assert (await core.documents.sources())[0].wanted_at is None
    await wanted.want("docs", "local:ada")
    async with wanted.recorded("docs"), transaction(core.database) as connection:
        host, pid, _ = new_owner().split(":")
        await connection.execute(update(syncs).values(owner=f"{host}:{pid}:ffffffff.1"))
    assert await wanted.running() == {}
    await wanted.recover()
    assert (await core.documents.sources())[0].wanted_at is not None


async def test_progress_is_written_while_a_source_is_read(core: Core, tmp_path: Path) -> None:
    """At most as often as is said, and by whoever reads: `answerloop ingest` too."""
    for n in range(3):
        (tmp_path / f"page{n}.md").write_text(f"The office {n} is in Porto.\n")
    seen: list[tuple[int, int, bool]] = []
    syncing = Syncs(core.database, write_every_s=0.01)
    async with syncing.recorded("docs") as report:
        report(Progress("docs", 2, 3, True, 7))

        async def was_written() -> bool:
            one = (await syncing.running())["docs"]
            seen.append((one.done, one.listed, one.complete))
            return one.passages == 7

        await until(was_written)
    assert seen[-1] == (2, 3, True)


async def test_another_active_release_ends_a_sync_on_its_way(
    core: Core, model_folder: Path, tmp_path: Path
) -> None:
    """However long it would take: its caller changes over within seconds, and what was asked for is asked of the next."""
    for n in range(400):
        (tmp_path / f"page{n}.md").write_text(f"# Page {n}\n\n" + f"The office {n} is in Porto. " * 200)
    await add(core, FolderSource(name="docs", path=tmp_path))
    await core.documents.syncs.want("docs", "local:ada")
    releases = Releases(core.database)
    await releases.activate(core.release.id)
    other = await releases.add("model", ModelCard.read(model_folder))
    task = asyncio.create_task(keep_synchronised(core, look_every_s=60))

    async def runs() -> bool:
        return "docs" in await core.documents.syncs.running()

    await until(runs)
    await releases.activate(other.id)
    await asyncio.wait_for(task, timeout=15)
    assert len(await digests(core)) < 400
    assert (await core.documents.sources())[0].wanted_at is not None
