"""A release that is tried out on a share of the conversations, beside the active one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.access import Access
from rag_core.bootstrap import Core, only_writer, open_core, open_library, open_records
from rag_core.errors import Busy
from rag_core.records.index.documents import Documents
from rag_core.records.index.releases import Release, Releases
from rag_core.review.releasing.watching import keep_watching, latest_rollback
from rag_core.running.active import ActiveRelease
from rag_core.running.canary import is_chosen
from rag_core.running.following import put_in_force
from rag_core.running.preparation import new_release
from rag_core.running.synchronising import keep_synchronised
from rag_core.settings import AccessRule, FolderSource, Settings
from rag_core.types import Answer, Principal, Question, Vote

OFFICE = "Where is the office?"


def asked(thread: str = "", user: str = "ada", text: str = OFFICE) -> Question:
    return Question(text, Principal("slack", user, "T1", "C1", direct=True), thread)


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[AsyncEngine]:
    async with open_records(settings) as opened:
        yield opened


@pytest.fixture
async def active(settings: Settings, database: AsyncEngine, tmp_path: Path) -> AsyncIterator[ActiveRelease]:
    """The first release, over a folder of one page."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "office.md").write_text("The office is in Porto.\n")
    first = await new_release(database, settings)
    await Releases(database).activate(first.id)
    async with open_core(settings) as core, open_library(core) as library:
        await library.add(FolderSource(name="docs", path=tmp_path / "docs", scope="public"))
        await library.sync((await library.sources())[0])
    rules = Access((AccessRule(scopes=("public",)),))
    async with ActiveRelease(settings, rules, first) as opened:
        yield opened


async def another(
    database: AsyncEngine, share: float, *, own_index: bool = False, **made_of: object
) -> Release:
    """One made from the active release, tried out on this share."""
    releases = Releases(database)
    first = await releases.active()
    assert first is not None
    made = await releases.add_from(replace(first, **made_of), None, "", own_index)  # type: ignore[arg-type]
    await releases.try_out(made.id, share)
    return made


@asynccontextmanager
async def kept(*works: Awaitable[None]) -> AsyncIterator[None]:
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await condition():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def answered_by(active: ActiveRelease, *threads: str) -> list[str]:
    return [(await active.ask(asked(thread))).release for thread in threads]


def tried_on(release: str, share: float, chosen: bool) -> str:
    """A thread whose conversation is one of the chosen, or not."""
    threads = (f"{number}.0" for number in range(1000))
    return next(one for one in threads if is_chosen(asked(one), release, share) is chosen)


def test_conversations_are_drawn_by_chance_and_stay() -> None:
    """As many as the share says; a thread with all who ask in it; without a thread each person; anew for each release."""
    threads = [f"{number}.0" for number in range(4000)]
    chosen = {one for one in threads if is_chosen(asked(one), "r2", 0.1)}
    assert 300 < len(chosen) < 500
    assert {one for one in threads if is_chosen(asked(one, "bob", "Why?"), "r2", 0.1)} == chosen
    assert chosen <= {one for one in threads if is_chosen(asked(one), "r2", 0.2)}
    assert {one for one in threads if is_chosen(asked(one), "r3", 0.1)} != chosen
    people = [is_chosen(asked("", f"U{number}"), "r2", 0.5) for number in range(100)]
    assert 30 < sum(people) < 70
    assert not any(is_chosen(asked(one), "r2", 0.0) for one in threads)


async def test_two_releases_share_the_conversations(active: ActiveRelease, database: AsyncEngine) -> None:
    """Each conversation stays with one; when nothing is tried out any more, the active one answers all."""
    made = await another(database, 0.5)
    on, off = tried_on(made.id, 0.5, True), tried_on(made.id, 0.5, False)

    async def shared() -> bool:
        return await answered_by(active, on) == [made.id]

    async def alone() -> bool:
        return await answered_by(active, on) == ["r1"]

    async with kept(active.keep_trying_out(database, 0.02)):
        await until(shared)
        assert await answered_by(active, on, off, on, off) == [made.id, "r1", made.id, "r1"]
        file = await active.read_file("slack:F1", "offer.md", b"The salary is 61,000 euros a year.", "")
        with_file = await active.ask(replace(asked(on, text="How high is the salary?"), attached=(file,)))
        assert with_file.release == "r1"
        await Releases(database).try_out(made.id, 0.0)
        await until(alone)


async def test_one_that_cannot_be_opened_is_told_once(
    active: ActiveRelease, database: AsyncEngine, caplog: pytest.LogCaptureFixture
) -> None:
    """And the active release answers everything."""
    made = await another(database, 0.99, embedder="gone-model")
    with caplog.at_level(logging.WARNING):
        async with kept(active.keep_trying_out(database, 0.02)):
            await asyncio.sleep(0.5)
            assert await answered_by(active, tried_on(made.id, 0.99, True)) == ["r1"]
    assert sum("cannot be tried out" in record.message for record in caplog.records) == 1


async def test_an_index_of_its_own_follows_that_of_the_active_release(
    active: ActiveRelease, database: AsyncEngine, settings: Settings, tmp_path: Path
) -> None:
    """It answers once it holds what the other does; what changes in the documents, and in their scopes, reaches it too."""
    made = await another(database, 0.99, own_index=True)
    on = tried_on(made.id, 0.99, True)
    source = FolderSource(name="docs", path=tmp_path / "docs", scope="public")
    sources = [source]

    async def says(words: str) -> bool:
        answer = await active.ask(asked(on))
        return answer.release == made.id and words in answer.text

    async def silent() -> bool:
        answer = await active.ask(asked(on))
        return answer.release == made.id and answer.abstained

    def synchronised(core: Core) -> Awaitable[None]:
        return keep_synchronised(core, 0.05, lambda: sources, active.catch_up)

    async with kept(active.keep_trying_out(database, 0.02), active.keep(synchronised)):
        await until(lambda: says("Porto"))
        (tmp_path / "docs" / "office.md").write_text("The office is in Berlin.\n")
        await Documents(database, "").syncs.want("docs", "local:ada")
        await until(lambda: says("Berlin"))
        sources = [source.model_copy(update={"scope": "board"})]
        await until(silent)


async def test_what_is_returned_to_is_in_force_before_it_answers(
    active: ActiveRelease, database: AsyncEngine, settings: Settings, tmp_path: Path
) -> None:
    """What happened to sources while another index was kept up to date: a scope changed, another source went away."""
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "party.md").write_text("The party is on Friday.\n")
    releases, first = Releases(database), await Releases(database).active()
    assert first is not None
    old = FolderSource(name="old", path=tmp_path / "old", scope="public")
    async with open_core(settings, first) as core, open_library(core) as library:
        await library.add(old)
        await library.sync(old)
    second = await another(database, 0.0, own_index=True)
    await releases.activate(second.id)
    async with open_core(settings, second) as core, open_library(core) as library:
        await library.remove("old")
        await library.add(FolderSource(name="docs", path=tmp_path / "docs", scope="board"))
    async with open_core(settings, first) as core:
        assert (await core.store.state()).passages == 2
        with only_writer(settings), pytest.raises(Busy):
            await put_in_force(core)
        await put_in_force(core)
        scopes = [row.passage.scope async for page in core.store.scan() for row in page.rows]
        assert scopes == ["board"]
        with only_writer(settings):  # nothing is to be changed any more: nobody is waited for
            await put_in_force(core)


async def test_a_release_is_tried_out_promoted_and_rolled_back_by_what_people_say(
    active: ActiveRelease, database: AsyncEngine, settings: Settings
) -> None:
    """From the first conversation to the last vote by itself, while questions are asked."""
    watch = settings.training.watch.model_copy(update={"canary_votes": 8, "votes": 8, "level": 0.1})
    training = settings.training.model_copy(update={"watch": watch})
    settings = settings.model_copy(update={"training": training})
    releases, first = Releases(database), await Releases(database).active()
    assert first is not None
    made = await releases.add_from(first, "run-1", "", own_index=False)
    await releases.measured(made.id, {"ndcg@10": 0.9})
    await releases.try_out(made.id, 0.5)
    on, off = tried_on(made.id, 0.5, True), tried_on(made.id, 0.5, False)

    async def told(thread: str, value: int, people: int) -> list[Answer]:
        given = [await active.ask(asked(thread)) for _ in range(people)]
        for number, answer in enumerate(given):
            await active.vote(Vote(answer.id, "slack", f"V{number}", value))  # type: ignore[arg-type]
        return given

    def answers_from(thread: str, release: str) -> Callable[[], Awaitable[bool]]:
        async def so() -> bool:
            return await answered_by(active, thread) == [release]

        return so

    works = (
        active.keep_trying_out(database, 0.02),
        active.keep(lambda core: keep_synchronised(core, 0.05)),
        keep_watching(database, lambda: settings, 0.2),
    )
    async with kept(*works):
        await until(answers_from(on, made.id))
        assert {one.release for one in await told(off, 1, 10)} == {"r1"}
        assert {one.release for one in await told(on, 1, 10)} == {made.id}
        await until(answers_from(off, made.id))  # promoted
        assert await releases.canary() is None
        await told(off, -1, 12)
        await until(answers_from(on, "r1"))  # rolled back
        assert await latest_rollback(database) is not None
