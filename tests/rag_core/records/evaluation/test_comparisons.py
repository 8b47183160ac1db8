"""Comparisons, their items and judgements, on both kinds of database."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.errors import InvalidEntry, NotFound
from rag_core.records.audit import Audit
from rag_core.records.database import transaction
from rag_core.records.evaluation.comparisons import Comparison, Comparisons, Item, Shown
from rag_core.records.tables import comparisons
from rag_core.review.comparing.comparing import latest_for, verdict

CITED = ({"number": 1, "title": "Leave", "location": "", "quote": "27 days.", "place": ""},)


def shown(text: str) -> Shown:
    return Shown(text, CITED, False)


async def opened(database: AsyncEngine, n: int = 3, candidate: str = "r2") -> Comparison:
    records = Comparisons(database)
    made = await records.begin(" Is it\nbetter? ", "r1", candidate, "local:ada", n, seed=5)
    for number in range(1, n + 1):
        answers = (shown("old"), shown("new"))
        await records.add(Item(made.id, number, f"a{number}", "slack", "q?", None, *answers))
    await records.prepared(made.id)
    return await records.get(made.id)


async def test_a_comparison_goes_from_preparing_to_open_to_closed(database: AsyncEngine) -> None:
    """Its items come back as they were put; who started and closed it is in the audit log."""
    records = Comparisons(database)
    made = await opened(database, 2)
    assert (made.name, made.state, made.wanted, made.seed) == ("Is it better?", "open", 2, 5)
    items = await records.items(made.id)
    assert items[1] == Item(made.id, 2, "a2", "slack", "q?", None, shown("old"), shown("new"))
    assert await records.count(made.id) == 2
    assert await records.close(made.id, "local:bob")
    assert not await records.close(made.id, "local:bob")
    after = await records.get(made.id)
    assert after.state == "closed"
    assert after.closed_at is not None
    assert after.closed_at.tzinfo is not None
    noted = [(entry.actor, entry.action) for entry in await Audit(database).latest(9)]
    assert noted == [("local:bob", "comparison.close"), ("local:ada", "comparison.start")]


async def test_the_last_word_of_a_rater_stands(database: AsyncEngine) -> None:
    """Also of many at once: one judgement for each rater and question."""
    records, made = Comparisons(database), await opened(database)
    words = ("candidate", "baseline", "tie", "skipped") * 5
    await asyncio.gather(*(records.judge(made.id, 1, "local:ada", word) for word in words))  # type: ignore[arg-type]
    await records.judge(made.id, 1, "local:ada", "candidate")
    await records.judge(made.id, 1, "local:bob", "tie")
    kept = {(one.number, one.rater): one.preference for one in await records.judgements(made.id)}
    assert kept == {(1, "local:ada"): "candidate", (1, "local:bob"): "tie"}


async def test_nothing_is_judged_that_is_not_open(database: AsyncEngine) -> None:
    records, made = Comparisons(database), await opened(database)
    with pytest.raises(NotFound):
        await records.judge(made.id, 9, "local:ada", "tie")
    with pytest.raises(NotFound):
        await records.judge("other", 1, "local:ada", "tie")
    await records.close(made.id, "local:ada")
    with pytest.raises(InvalidEntry, match="closed"):
        await records.judge(made.id, 1, "local:ada", "tie")


async def test_one_whose_process_ended_has_failed(database: AsyncEngine) -> None:
    """Otherwise it would be preparing for ever; one that this process prepares goes on."""
    records = Comparisons(database)
    made = await records.begin("x", "r1", "r2", "local:ada", 2)
    assert (await records.get(made.id)).state == "preparing"
    host, _, _ = made.owner.split(":")
    async with transaction(database) as connection:
        await connection.execute(update(comparisons).values(owner=f"{host}:999999999:00000000.0"))
    [found] = await records.all()
    assert (found.state, "start it again" in found.error) == ("failed", True)


async def test_what_makes_no_sense_is_refused(database: AsyncEngine) -> None:
    records = Comparisons(database)
    with pytest.raises(InvalidEntry, match=r"^name: "):
        await records.begin(" ", "r1", "r2", "local:ada", 2)
    with pytest.raises(InvalidEntry, match=r"^candidate: "):
        await records.begin("x", "r1", "r1", "local:ada", 2)
    with pytest.raises(NotFound):
        await records.get("x")


async def test_a_comparison_is_removed_with_all_that_belongs_to_it(database: AsyncEngine) -> None:
    records, made = Comparisons(database), await opened(database)
    await records.judge(made.id, 1, "local:ada", "tie")
    await records.remove(made.id, "local:ada")
    assert await records.items(made.id) == []
    assert await records.judgements(made.id) == []
    with pytest.raises(NotFound):
        await records.remove(made.id, "local:ada")


async def test_the_gate_gets_what_people_said_last(database: AsyncEngine) -> None:
    """Of the newest comparison of these two releases that somebody judged; None where nobody did."""
    records = Comparisons(database)
    assert await latest_for(database, "r2", "r1") is None
    older = await opened(database, 12)
    for number in range(1, 13):
        for rater in ("local:ada", "local:bob"):
            won = number <= 11 or rater == "local:bob"
            await records.judge(older.id, number, rater, "candidate" if won else "baseline")
    newer = await opened(database, 2)
    await records.judge(newer.id, 1, "local:ada", "skipped")
    found = await latest_for(database, "r2", "r1")
    assert found is not None
    assert (found.wins, found.losses, found.ties, found.raters) == (11, 0, 1, 2)
    assert 0.7 < found.low < found.high == 1
    assert found.alpha is not None
    assert await latest_for(database, "r1", "r2") is None
    nothing = await verdict(database, newer)
    assert (nothing.low, nothing.high, nothing.alpha) == (0, 1, None)
