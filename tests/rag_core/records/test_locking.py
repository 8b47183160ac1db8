"""Those who write the same rows at once wait for one another, and none fails: on PostgreSQL, as SQLite locks no rows."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.errors import InvalidEntry
from rag_core.records.database import open_database, transaction
from rag_core.records.feedback.recording import Feedback
from rag_core.records.people.people import People
from rag_core.records.people.retention import expire
from rag_core.records.reviews.deciding import decide_all
from rag_core.records.reviews.queue import Queue
from rag_core.records.reviews.reviews import Reviews
from rag_core.records.reviews.undoing import undo
from rag_core.records.tables import answers, reviews
from rag_core.review.triage import Triage
from rag_core.settings import Retention, Settings
from rag_core.types import Principal, Question, Vote
from tests.databases import Databases
from tests.fakes import an_answer


@pytest.fixture
async def address(databases: Databases) -> AsyncIterator[str]:
    async with databases.migrated() as made:
        yield made


async def answered(database: AsyncEngine, count: int) -> list[str]:
    """Ids of so many answers to different questions."""
    ids = [f"a{n}" for n in range(count)]
    for id in ids:
        asked = Question(f"How about {id}?", Principal("slack", "U0", "T1", "C1"))
        await Feedback(database).record_answer(asked, an_answer(id), passages=[], scopes=None, generation=1)
    return ids


async def test_those_who_work_through_the_same_reviews_at_once_do_not_fail_each_other(
    address: str, database: AsyncEngine
) -> None:
    """Six decide about many, take it back and assign them, each in an order of their own, by two connections; all of it is
    done or was done by another, none is refused."""
    other = await open_database(address)
    for id in await answered(database, 40):
        await Reviews(database).propose(id, "person")
    ids = [review.id for review in await Reviews(database).pending(50)]
    dice = random.Random(11)
    await asyncio.gather(*(_through((database, other)[n % 2], f"slack:U{n}", ids, dice) for n in range(6)))
    await other.dispose()
    async with transaction(database) as connection:
        kept = set(await connection.scalars(select(reviews.c.id).where(reviews.c.id.in_(ids))))
    assert kept == set(ids)


async def _through(database: AsyncEngine, person: str, ids: list[str], dice: random.Random) -> None:
    for _ in range(3):
        some = dice.sample(ids, 30)
        await Queue(database).assign(some, person, person)
        entry = (await decide_all(database, some, "no_fault", person)).entry
        if entry is not None:
            with contextlib.suppress(InvalidEntry):
                await undo(database, entry, person)


async def test_a_look_at_many_disagreements_waits_for_who_decides_and_holds_nothing_they_need(
    database: AsyncEngine,
) -> None:
    """However many answers people disagree about: it holds none of their reviews while it waits for another."""
    for id in await answered(database, 8):
        for value in (1, -1):
            await Feedback(database).record_vote(Vote(id, "slack", f"U{value}", value))  # type: ignore[arg-type]
    async with transaction(database) as connection:
        long_ago = datetime.now(UTC) - timedelta(days=60)  # so that it is looked at for its votes alone
        await connection.execute(update(answers).values(created_at=long_ago))
    await _holds_none_while_it_waits(database, Triage(database).look(Settings()))


async def test_forgetting_who_voted_waits_for_who_decides_and_holds_nothing_they_need(
    database: AsyncEngine,
) -> None:
    """However many answers they spoke against: of their reviews it holds none while it waits for another."""
    for id in await answered(database, 8):
        await Feedback(database).record_vote(Vote(id, "slack", "U0BOB12345", -1, correction="No."))
    await _holds_none_while_it_waits(database, People(database).forget_all("slack", "U0BOB12345"))


async def test_what_is_past_its_time_goes_without_failing_who_votes_on_it(database: AsyncEngine) -> None:
    """A vote has the answer, then writes its review: until then the review is not held."""
    [id] = await answered(database, 1)
    await Reviews(database).propose(id, "person")
    later = datetime.now(UTC) + timedelta(days=60)
    async with transaction(database) as connection:
        await connection.execute(select(answers.c.id).with_for_update())
        going = asyncio.create_task(expire(database, Retention(answers="30d"), later))
        await _until_one_waits(database)
        held = list(await connection.scalars(select(reviews.c.id).with_for_update(nowait=True)))
    await going
    assert len(held) == 1


async def _holds_none_while_it_waits(database: AsyncEngine, work: Coroutine[Any, Any, object]) -> None:
    """For a review that another holds: the others may be had."""
    own = select(reviews.c.id).order_by(reviews.c.id)
    async with transaction(database) as connection:
        await connection.execute(own.limit(1).with_for_update())
        doing = asyncio.create_task(work)
        await _until_one_waits(database)
        held = list(await connection.scalars(own.with_for_update(nowait=True)))
    await doing
    assert len(held) == 8


async def _until_one_waits(database: AsyncEngine) -> None:
    """For a lock of another."""
    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    async with asyncio.timeout(30):
        while True:
            async with transaction(database) as connection:
                if await connection.scalar(waiting):
                    return
            await asyncio.sleep(0.02)
