"""Which models and which index are active together."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.errors import Busy, NotFound
from rag_core.index.embedding import ModelCard
from rag_core.records import database as module
from rag_core.records.audit import Audit
from rag_core.records.database import open_database, transaction
from rag_core.records.index.documents import Documents
from rag_core.records.index.releases import Release, Releases
from rag_core.records.tables import releases

CARD = ModelCard("some/model", 384, 256, pooling="cls", query_prefix="query: ", cosine_mean=0.99)


async def active(database: AsyncEngine) -> list[str]:
    async with transaction(database) as connection:
        return list(await connection.scalars(select(releases.c.id).where(releases.c.active)))


async def test_a_new_installation_has_no_release(database: AsyncEngine) -> None:
    """None, not an error."""
    assert await Releases(database).active() is None


async def test_a_release_is_not_active_until_it_is_activated(database: AsyncEngine) -> None:
    """Then it comes back as it was added, its model's card included."""
    kept = Releases(database)
    added = await kept.add("some--model", CARD)
    assert await kept.active() is None
    await kept.activate(added.id)
    found = await kept.active()
    assert found is not None
    assert (found.id, found.embedder, found.index_name) == (added.id, "some--model", added.index_name)
    assert found.card == CARD
    assert (added.active, found.active) == (False, True)


@pytest.mark.parametrize("name", ["a\0", "a\udcff"])
async def test_a_name_that_no_database_can_hold_is_no_release(database: AsyncEngine, name: str) -> None:
    """A shell hands over bytes that are no text as halves of surrogate pairs."""
    kept = Releases(database)
    with pytest.raises(NotFound):
        await kept.get(name)
    with pytest.raises(NotFound):
        await kept.activate(name)
    added = await kept.add(name, CARD, name)
    assert (await kept.get(added.id)).embedder in ("a\ufffd", "a?")


async def test_each_release_has_an_index_of_its_own(database: AsyncEngine) -> None:
    """So that a new one can be filled beside the one that answers."""
    kept = Releases(database)
    added = [await kept.add("some--model", CARD) for _ in range(3)]
    assert len({r.id for r in added}) == len({r.index_name for r in added}) == 3


async def test_activating_one_deactivates_the_other(database: AsyncEngine) -> None:
    """And back again: a rollback is an activation."""
    kept = Releases(database)
    first, second = [await kept.add("some--model", CARD) for _ in range(2)]
    for release in (first, second, first, first):
        await kept.activate(release.id)
        assert await active(database) == [release.id]


async def test_an_unknown_release_is_not_found_and_changes_nothing(database: AsyncEngine) -> None:
    """The active one goes on answering."""
    kept = Releases(database)
    first = await kept.add("some--model", CARD)
    await kept.activate(first.id)
    with pytest.raises(NotFound, match=r"^There is no release r9; see the list of releases\.$"):
        await kept.activate("r9")
    assert await active(database) == [first.id]


async def test_of_two_activations_at_once_one_is_the_last(database: AsyncEngine) -> None:
    """Never two active, whoever comes first."""
    kept = Releases(database)
    added = [await kept.add("some--model", CARD) for _ in range(4)]
    for _ in range(5):
        await asyncio.gather(*(kept.activate(r.id) for r in added))
        assert len(await active(database)) == 1


async def test_an_activation_sees_one_that_was_under_way(database: AsyncEngine) -> None:
    """The later one waits for the earlier to be committed, and undoes it."""
    kept = Releases(database)
    first, second = [await kept.add("some--model", CARD) for _ in range(2)]
    async with transaction(database) as connection:
        await connection.execute(update(releases).values(active=releases.c.id == first.id))
        later = asyncio.create_task(kept.activate(second.id))
        await asyncio.sleep(0.2)
        assert not later.done()
    await later
    assert await active(database) == [second.id]


async def test_identifiers_are_short_and_speak(database: AsyncEngine) -> None:
    """People read them in reports: r1, r2, r3."""
    kept = Releases(database)
    expected = list(itertools.islice((f"r{n}" for n in itertools.count(1)), 3))
    assert [(await kept.add("some--model", CARD)).id for _ in range(3)] == expected


# --- a reranker --------------------------------------------------------------------------------------------------


async def test_a_release_may_have_a_reranker(database: AsyncEngine) -> None:
    """By the name of its folder; without one it is None."""
    kept = Releases(database)
    with_one, without = await kept.add("some--model", CARD, "reranker"), await kept.add("some--model", CARD)
    assert (with_one.reranker, without.reranker) == ("reranker", None)
    await kept.activate(with_one.id)
    found = await kept.active()
    assert found is not None
    assert found.reranker == "reranker"


async def test_another_reranker_is_another_release_with_the_same_index(database: AsyncEngine) -> None:
    """Active at once, with the embedder that filled the index; the one before stays for going back."""
    kept = Releases(database)
    before = await kept.add("some--model", CARD)
    await kept.activate(before.id)
    after = await kept.change_reranker(before, "reranker")
    assert (after.id, after.reranker, after.active) == ("r2", "reranker", True)
    assert (after.index_name, after.embedder, after.card) == (
        before.index_name,
        before.embedder,
        before.card,
    )
    assert await kept.active() == after
    assert await active(database) == ["r2"]
    await kept.activate(before.id)
    assert (await kept.active()) == replace(before, active=True)
    assert (await kept.change_reranker(before, None)).id == "r3"


async def test_the_reranker_of_a_release_that_answers_no_more_is_not_changed(database: AsyncEngine) -> None:
    """Otherwise the index of an earlier release would come back; nothing is recorded."""
    kept = Releases(database)
    first, second = [await kept.add("some--model", CARD) for _ in range(2)]
    await kept.activate(second.id)
    with pytest.raises(Busy, match=r"another release than r1 the active one; try again\.$"):
        await kept.change_reranker(first, "reranker")
    assert await active(database) == ["r2"]
    async with transaction(database) as connection:
        assert len(list(await connection.scalars(select(releases.c.id)))) == 2


async def test_of_two_changes_at_once_one_is_refused(database: AsyncEngine) -> None:
    """There is one active release after, and it has the reranker of the change that was made."""
    kept = Releases(database)
    first = await kept.add("some--model", CARD)
    await kept.activate(first.id)
    made = await asyncio.gather(*(kept.change_reranker(first, name) for name in "ab"), return_exceptions=True)
    assert sorted(isinstance(m, Busy) for m in made) == [False, True]
    (changed,) = [m for m in made if isinstance(m, Release)]
    assert await kept.active() == changed


async def test_releases_from_before_there_were_rerankers_have_none(tmp_path: Path) -> None:
    """The migration keeps them, and which one is active."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(module.__file__).with_name("migrations")))
    config.set_main_option("sqlalchemy.url", f"sqlite:///{tmp_path}/old.db")
    command.upgrade(config, "0001")
    old = create_engine(f"sqlite:///{tmp_path}/old.db")
    with old.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO releases VALUES ('r1', '2026-01-02 03:04:05', 'some--model', 'passages_r1', "
            """'{"name": "some/model", "dimension": 384, "window": 256}', 1)"""
        )
    old.dispose()
    database = await open_database(f"sqlite+aiosqlite:///{tmp_path}/old.db")
    found = await Releases(database).active()
    assert found is not None
    assert (found.id, found.index_name, found.reranker) == ("r1", "passages_r1", None)
    await database.dispose()


# --- what answered before ----------------------------------------------------------------------------------------


async def test_a_rollback_returns_to_what_answered_before(database: AsyncEngine) -> None:
    """Not to what was made before; a second one goes further back, and not forward to what was taken back."""
    kept = Releases(database)
    first, second, third = [await kept.add("some--model", CARD) for _ in range(3)]
    assert await kept.previous() is None
    for release in (first, third, second):
        await kept.activate(release.id, "local:ada")
    assert await kept.previous() == third.id
    await kept.roll_back(third.id, "local:ada")
    assert await active(database) == [third.id]
    assert await kept.previous() == first.id
    await kept.roll_back(first.id, "local:ada")
    assert await active(database) == [first.id]
    assert await kept.previous() is None
    assert [(one.release, one.back) for one in await kept.history()] == [
        (first.id, False), (third.id, False), (second.id, False), (third.id, True), (first.id, True),
    ]  # fmt: skip


async def test_a_rollback_to_another_release_than_was_shown_is_refused(database: AsyncEngine) -> None:
    """Of two people who roll back at once, one does."""
    kept = Releases(database)
    releases = [await kept.add("some--model", CARD) for _ in range(3)]
    for release in releases:
        await kept.activate(release.id)
    before = releases[1].id
    results = await asyncio.gather(*(kept.roll_back(before) for _ in range(3)), return_exceptions=True)
    assert sum(result is None for result in results) == 1
    assert all(isinstance(result, Busy) for result in results if result is not None)
    assert await active(database) == [before]


async def test_activating_what_is_active_leaves_no_trace(database: AsyncEngine) -> None:
    """So that a rollback afterwards goes where it would have gone."""
    kept = Releases(database)
    first, second = [await kept.add("some--model", CARD) for _ in range(2)]
    for release in (first, second, second):
        await kept.activate(release.id)
    assert await kept.previous() == first.id
    assert len(await kept.history()) == 2


async def test_another_index_is_brought_up_to_date_soon(database: AsyncEngine) -> None:
    """It was left alone while another was kept up to date; one that shares the index needs nothing."""
    kept, documents = Releases(database), Documents(database, "")
    await documents.put_source("docs", {"kind": "folder"}, from_settings=True)
    first, second = [await kept.add("some--model", CARD) for _ in range(2)]
    await kept.activate(first.id)
    changed = await kept.change_reranker(await kept.get(first.id), "reranker")
    await kept.activate(first.id)
    assert (await documents.sources())[0].wanted_at is None
    await kept.activate(second.id)
    assert (await documents.sources())[0].wanted_at is not None
    assert changed.index_name == first.index_name


async def test_who_changed_what_answers_is_in_the_audit_log(database: AsyncEngine) -> None:
    """With the release before; the first one of all was nobody's decision."""
    kept = Releases(database)
    first, second = [await kept.add("some--model", CARD) for _ in range(2)]
    await kept.activate(first.id)
    await kept.activate(second.id, "local:ada")
    await kept.roll_back(first.id, "local:bob")
    told = [(e.actor, e.action, e.subject, e.detail) for e in await Audit(database).latest(10)]
    assert told == [
        ("local:bob", "release.rollback", f"release:{first.id}", {"before": second.id}),
        ("local:ada", "release.promote", f"release:{second.id}", {"before": first.id}),
    ]
