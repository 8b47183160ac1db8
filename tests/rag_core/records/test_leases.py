"""What one process at a time may do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.errors import Busy
from rag_core.records.database import transaction
from rag_core.records.leases import Lease, held
from rag_core.records.tables import leases

ELSEWHERE = "other-machine:7:abcd.1"


async def keep(database: AsyncEngine, owner: str, until: datetime) -> None:
    async with transaction(database) as connection:
        await connection.execute(insert(leases).values(name="training", owner=owner, until=until))


async def test_a_second_holder_is_refused_and_told_who_holds_it(database: AsyncEngine) -> None:
    """And the same holder's second attempt: two runs in one process are two runs."""
    async with held(database, "training"):
        with pytest.raises(Busy, match="process"):
            async with held(database, "training"):
                pass
        async with held(database, "something else"):
            pass


async def test_it_is_free_again_at_the_end_also_after_an_error(database: AsyncEngine) -> None:
    with pytest.raises(ValueError, match="on purpose"):
        async with held(database, "training"):
            raise ValueError("on purpose")
    async with held(database, "training"):
        pass
    async with transaction(database) as connection:
        assert await connection.scalar(select(leases.c.name)) is None


async def test_that_of_another_machine_is_respected_while_it_is_renewed(database: AsyncEngine) -> None:
    await keep(database, ELSEWHERE, datetime.now(UTC) + timedelta(seconds=60))
    with pytest.raises(Busy, match="process 7 on other-machine"):
        async with held(database, "training"):
            pass


async def test_that_of_another_machine_is_taken_over_when_it_was_not(database: AsyncEngine) -> None:
    await keep(database, ELSEWHERE, datetime.now(UTC) - timedelta(seconds=1))
    async with held(database, "training") as lease:
        assert lease.owner != ELSEWHERE


async def test_a_holder_that_slept_too_long_finds_out_in_the_transaction_that_it_would_change(
    database: AsyncEngine,
) -> None:
    """What the transaction did until then is taken back with it."""
    async with held(database, "training") as lease:
        async with transaction(database) as connection:
            await lease.confirm(connection)
        async with transaction(database) as connection:
            await connection.execute(update(leases).values(owner=ELSEWHERE))
        with pytest.raises(Busy, match="taken over"):
            await changed_under(database, lease)
    async with transaction(database) as connection:
        names = (await connection.execute(select(leases.c.name, leases.c.owner))).all()
    assert names == [("training", ELSEWHERE)]  # nor is what another holds given back


async def changed_under(database: AsyncEngine, lease: Lease) -> None:
    async with transaction(database) as connection:
        await connection.execute(insert(leases).values(name="x", owner="x", until=datetime.now(UTC)))
        await lease.confirm(connection)
