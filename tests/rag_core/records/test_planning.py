"""How databases go about reading many rows: what is told to them changes no row, and holds for one transaction."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from benchmarks.feedback_data import Shape, fill
from rag_core.records.database import transaction
from rag_core.records.planning import planned, unindexed
from rag_core.records.tables import answers

MANY = 8
"""Executions: from the sixth on PostgreSQL may plan a statement for any values."""


async def test_a_statement_that_is_planned_is_so_with_its_values_each_time(database: AsyncEngine) -> None:
    """However often it was executed; in a transaction that is not planned it is left to the server."""
    if database.dialect.name != "postgresql":
        pytest.skip("SQLite plans no statement anew")
    query = select(answers.c.id).where(answers.c.day.between(1, 2))
    async with planned(database) as connection:
        for _ in range(MANY):
            await connection.execute(query)
        assert await generic(connection) == 0
    async with transaction(database) as connection:
        for _ in range(MANY):
            await connection.execute(query)
        assert await generic(connection) > 0


async def generic(connection: AsyncConnection) -> int:
    """Executions of the statement by a plan that was made for any values."""
    query = "SELECT sum(generic_plans) FROM pg_prepared_statements WHERE statement LIKE 'SELECT answers.id%'"
    return int(await connection.scalar(text(query)) or 0)


async def test_a_column_that_is_looked_up_in_no_index_finds_the_same(database: AsyncEngine) -> None:
    """On SQLite whatever index begins with it; and what it is compared with is stored alike."""
    await fill(database, Shape.small(100))
    platform = answers.c.platform
    async with transaction(database) as connection:
        for name in ("slack", "web", "nowhere", "sl\0ack"):
            plain, apart = [
                set(await connection.scalars(select(answers.c.id).where(column == name)))
                for column in (platform, unindexed(platform))
            ]
            assert apart == plain
            assert bool(apart) == (name in ("slack", "web"))
        if database.dialect.name == "sqlite":
            query = select(answers.c.id, answers.c.question).where(unindexed(platform) == "web")
            sql = query.compile(database.sync_engine, compile_kwargs={"literal_binds": True})
            plan = (await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}")).all()
            assert [row[-1] for row in plan] == ["SCAN answers"]
