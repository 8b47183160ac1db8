"""Which models and which index are active together."""

from __future__ import annotations

import asyncio
import itertools

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.errors import NotFound
from rag_core.index.embedding import ModelCard
from rag_core.records.database import releases, transaction
from rag_core.records.releases import Releases

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
    with pytest.raises(NotFound, match=r"^There is no release r9\.$"):
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
