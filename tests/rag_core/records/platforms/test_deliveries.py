"""Deliveries: accepted once, held by one owner at a time, forgotten when handled."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.errors import Unavailable
from rag_core.records.database import transaction
from rag_core.records.platforms.deliveries import BATCH, Deliveries
from rag_core.records.platforms.delivery import Taken
from rag_core.records.tables import deliveries


async def accepted(kept: Deliveries, key: str, lane: str = "L", **more: Any) -> Taken:
    taken = await kept.accept("slack", key, "message", lane, {"text": "How?"}, **more)
    assert taken is not None
    return taken


async def stored(database: AsyncEngine, key: str) -> Any:
    async with transaction(database) as connection:
        return (await connection.execute(select(deliveries).where(deliveries.c.key == key))).one()


async def test_a_key_is_accepted_once_per_platform(database: AsyncEngine) -> None:
    """Also within one batch, by two owners at once, and after it was handled."""
    one, other = Deliveries(database), Deliveries(database)
    told = await asyncio.gather(
        *(kept.accept("slack", "E1", "message", "L", {}) for kept in (one, one, other, other))
    )
    (first,) = [taken for taken in told if taken is not None]
    holder = one if told[0] or told[1] else other
    assert await holder.finish(first.number)
    assert await one.accept("slack", "E1", "message", "L", {}) is None
    assert await one.accept("discord", "E1", "message", "L", {}) is not None


async def test_what_comes_at_once_is_written_at_once_and_numbered_in_order(database: AsyncEngine) -> None:
    """A few transactions for many rows; notes and ends go with them."""
    kept, commits = Deliveries(database), 0

    def count(*_: object) -> None:
        nonlocal commits
        commits += 1

    event.listen(database.sync_engine, "commit", count)
    taken = await asyncio.gather(*(accepted(kept, f"E{n}") for n in range(3 * BATCH)))
    numbers = [one.number for one in taken]
    assert numbers == sorted(numbers)
    assert all(await asyncio.gather(*(kept.finish(number) for number in numbers)))
    assert commits <= 8


async def test_owners_that_accept_the_same_at_once_do_not_fail_each_other(database: AsyncEngine) -> None:
    """In whatever order the keys come; PostgreSQL may break up transactions that wait for each other."""
    owners = [Deliveries(database) for _ in range(4)]
    keys = [f"E{n}" for n in range(2 * BATCH)]
    orders = [keys, keys[::-1], keys, keys[::-1]]
    told = await asyncio.gather(
        *(
            k.accept("slack", key, "m", "L", {})
            for k, order in zip(owners, orders, strict=True)
            for key in order
        )
    )
    assert sum(taken is not None for taken in told) == len(keys)


async def test_one_that_the_database_refuses_costs_itself_only(database: AsyncEngine) -> None:
    """The others of its batch are written."""
    kept = Deliveries(database)
    first, second = await accepted(kept, "E1"), await accepted(kept, "E2")
    too_great = kept.begin(first.number, 2**80, {})
    told = await asyncio.gather(
        kept.note(first.number, {"a": 1}), too_great, kept.finish(second.number), return_exceptions=True
    )
    assert (told[0], told[2]) == (True, True)
    assert isinstance(told[1], Exception)
    assert (await stored(database, "E2")).state == "done"


async def test_what_is_handled_leaves_only_its_key(database: AsyncEngine) -> None:
    """No payload, no progress, no owner; whether it failed."""
    kept = Deliveries(database)
    first, second = await accepted(kept, "E1"), await accepted(kept, "E2")
    assert await kept.note(first.number, {"message": "M1"})
    assert await kept.finish(first.number)
    assert await kept.finish(second.number, failed=True)
    for key, state in (("E1", "done"), ("E2", "failed")):
        row = await stored(database, key)
        assert (row.state, row.payload, row.progress, row.owner, row.lease_until) == (
            state,
            None,
            "{}",
            "",
            None,
        )
    assert not await kept.finish(first.number)


async def test_what_waits_is_taken_by_one(database: AsyncEngine) -> None:
    """Of several that take at the same moment each gets others; in order, with attempt and progress."""
    before = Deliveries(database)
    for n in range(30):
        await accepted(before, f"E{n}")
    numbers = [t.number for t in await before.held(range(1000))]
    assert await before.begin(numbers[0], 1, {})
    assert await before.note(numbers[0], {"message": "M1"})
    await before.give_back()
    takers = [Deliveries(database) for _ in range(5)]
    told = await asyncio.gather(*(taker.take([]) for taker in takers))
    assert sorted(one.number for taken in told for one in taken) == numbers
    for taken in told:
        assert [one.number for one in taken] == sorted(one.number for one in taken)
    (first,) = [one for taken in told for one in taken if one.number == numbers[0]]
    assert (first.delivery.attempt, first.delivery.progress) == (2, {"message": "M1"})
    assert first.delivery.received_at.tzinfo is not None
    assert await before.renew() == set()


async def test_what_others_hold_is_taken_only_when_they_are_gone(database: AsyncEngine) -> None:
    """Whoever is said to be gone can then write nothing of it."""
    one, other = Deliveries(database), Deliveries(database)
    taken = await accepted(one, "E1")
    assert await other.take([]) == []
    assert [t.number for t in await other.take([one.owner])] == [taken.number]
    assert await one.renew() == set()
    assert not await one.note(taken.number, {"message": "M1"})
    assert not await one.finish(taken.number)
    assert await other.renew() == {taken.number}


async def test_holders_are_told_with_their_leases(database: AsyncEngine) -> None:
    """What waits, whose lease runs, whose is over, and whose was given by a clock far ahead."""
    me = Deliveries(database, lease_s=30.0)
    await accepted(me, "E0")
    await accepted(me, "E1", hold=False)
    await accepted(Deliveries(database, owner="alive", lease_s=30.0), "E2")
    await accepted(Deliveries(database, owner="late", lease_s=-1.0), "E3")
    await accepted(Deliveries(database, owner="ahead", lease_s=3600.0), "E4")
    found = {holder.owner: holder for holder in await me.holders()}
    assert found.keys() == {"", "alive", "late", "ahead"}
    assert [found[owner].overdue for owner in ("alive", "late", "ahead")] == [False, True, True]


async def test_renewing_leads_leases_on(database: AsyncEngine) -> None:
    """Of what this owner holds, and of nothing else."""
    me, other = Deliveries(database, lease_s=30.0), Deliveries(database, lease_s=30.0)
    mine, theirs = await accepted(me, "E1"), await accepted(other, "E2")
    before = {key: (await stored(database, key)).lease_until for key in ("E1", "E2")}
    assert await me.renew() == {mine.number}
    assert (await stored(database, "E1")).lease_until > before["E1"]
    assert (await stored(database, "E2")).lease_until == before["E2"]
    assert theirs.number not in await me.renew()


async def test_what_is_ahead_in_a_lane_is_known(database: AsyncEngine) -> None:
    """Something of another process, accepted before and not done; neither of other lanes nor of other platforms."""
    one, other = Deliveries(database), Deliveries(database)
    first = await accepted(one, "E1", "A")
    second, elsewhere = await accepted(other, "E2", "A"), await accepted(other, "E3", "B")
    foreign = await other.accept("discord", "E4", "message", "A", {})
    assert foreign is not None
    assert [t.behind for t in (first, second, elsewhere, foreign)] == [False, True, False, False]
    assert [await other.ahead(t) for t in (second, elsewhere, foreign)] == [True, False, False]
    await one.give_back()
    assert await other.ahead(second)
    assert not await one.ahead(first)
    await other.take([])
    assert not await other.ahead(second)


async def test_only_chosen_platforms_are_taken_up(database: AsyncEngine) -> None:
    """And only their holders are looked at."""
    everything, discord = Deliveries(database), Deliveries(database, platforms=["discord"])
    await accepted(everything, "E1", hold=False)
    assert await discord.holders() == []
    assert await discord.take([]) == []


@pytest.mark.parametrize("many", [1, 3 * BATCH + 7])
async def test_handled_deliveries_of_long_ago_are_pruned(database: AsyncEngine, many: int) -> None:
    """In small transactions; what is not handled yet and what is younger stays."""
    kept = Deliveries(database)
    await accepted(kept, "open")
    old = await asyncio.gather(*(accepted(kept, f"E{n}") for n in range(many)))
    await asyncio.gather(*(kept.finish(taken.number) for taken in old))
    cutoff = datetime.now(UTC) - timedelta(days=7)
    async with transaction(database) as connection:
        await connection.execute(update(deliveries).values(received_at=cutoff - timedelta(hours=1)))
    young = await accepted(kept, "young")
    await kept.finish(young.number)
    assert await kept.prune(cutoff) == many
    assert await kept.prune(cutoff) == 0
    async with transaction(database) as connection:
        assert set(await connection.scalars(select(deliveries.c.key))) == {"open", "young"}


async def test_a_database_that_is_gone_is_told(database: AsyncEngine) -> None:
    """As Unavailable, to each who waits; nothing is half written."""
    kept = Deliveries(database)
    async with transaction(database) as connection:
        await connection.exec_driver_sql("ALTER TABLE deliveries RENAME TO away")
    told = await asyncio.gather(
        *(kept.accept("slack", f"E{n}", "m", "L", {}) for n in range(5)), return_exceptions=True
    )
    assert all(isinstance(one, Exception) for one in told)
    if database.dialect.name == "sqlite":
        assert {type(one) for one in told} == {Unavailable}
    async with transaction(database) as connection:
        await connection.exec_driver_sql("ALTER TABLE away RENAME TO deliveries")
        assert await connection.scalar(select(func.count()).select_from(deliveries)) == 0
    assert await kept.accept("slack", "E1", "m", "L", {}) is not None


async def test_the_latest_delivery_is_that_of_the_platform_before_a_time(database: AsyncEngine) -> None:
    """Whoever accepted it, and whatever became of it; None where there is none."""
    kept, began = Deliveries(database), datetime.now(UTC)
    assert await kept.latest("slack", began) is None
    taken = await kept.accept("slack", "E1", "m", "L", {})
    assert taken is not None
    await kept.finish(taken.number)
    between = datetime.now(UTC)
    await Deliveries(database).accept("slack", "E2", "m", "L", {})
    await kept.accept("discord", "E3", "m", "L", {})
    first, last = await kept.latest("slack", between), await kept.latest("slack", datetime.now(UTC))
    assert first is not None
    assert last is not None
    assert began <= first <= between <= last
    assert await kept.latest("slack", began) is None
