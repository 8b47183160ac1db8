"""How each release did, counted by the database."""

from __future__ import annotations

import math

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.feedback_data import Shape, fill
from rag_core.records.analytics.figures import share
from rag_core.records.analytics.release_figures import release_figures
from rag_core.records.database import transaction
from rag_core.records.tables import answers, votes


async def test_nothing_asked_is_no_figures(database: AsyncEngine) -> None:
    assert await release_figures(database) == {}


async def test_the_figures_are_those_that_a_plain_count_finds(database: AsyncEngine) -> None:
    """Of some thousand answers: counts exactly, votes that count only, times to a millisecond."""
    await fill(database, Shape.small(1000))
    async with transaction(database) as connection:
        rows = (await connection.execute(answers.select())).mappings().all()
        cast = (await connection.execute(votes.select())).mappings().all()
    found = await release_figures(database)
    assert set(found) == {row["release"] for row in rows}
    for release, figures in found.items():
        own = [row for row in rows if row["release"] == release]
        assert figures.questions == len(own)
        assert figures.abstained == sum(row["abstained"] for row in own)
        assert figures.cached == sum(row["cached"] for row in own)
        ids = {row["id"] for row in own}
        values = [vote["value"] for vote in cast if vote["answer_id"] in ids and not vote["excluded"]]
        assert (figures.good, figures.bad) == (values.count(1), values.count(-1))
        assert figures.helpful == share(values.count(1), len(values))
        took = sorted(row["took_ms"] for row in own if row["took_ms"] is not None)
        for part, given in ((0.5, figures.median_ms), (0.95, figures.p95_ms)):
            exact = took[max(0, math.ceil(part * len(took)) - 1)]
            assert given == pytest.approx(exact, abs=0.51 if exact >= 100 else 0.051)
        assert figures.first.toordinal() == min(row["day"] for row in own)


async def test_no_answer_is_read_whole(database: AsyncEngine) -> None:
    """SQLite counts from narrow indexes alone: a row is some kilobytes wide, and 20,000 votes would read as many."""
    if database.dialect.name != "sqlite":
        pytest.skip("PostgreSQL says so by its statistics, which it has none of here")
    await fill(database, Shape.small(200))
    asked: list[tuple[str, object]] = []
    event.listen(
        database.sync_engine,
        "before_cursor_execute",
        lambda _c, _u, sql, values, *_: asked.append((sql, values)),
    )
    await release_figures(database)
    async with database.connect() as connection:
        for sql, values in [one for one in asked if one[0].startswith("SELECT")]:
            plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)
            steps = [step for step in (row[-1] for row in plan) if "answers" in step]
            assert steps, plan
            assert all("COVERING INDEX" in step for step in steps), steps
