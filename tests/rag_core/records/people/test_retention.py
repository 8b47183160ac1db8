"""What is past its time is removed, and nothing else."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.records import tables
from rag_core.records.audit import Audit
from rag_core.records.database import transaction
from rag_core.records.feedback.recording import Feedback
from rag_core.records.people.retention import expire, keep_expiring
from rag_core.records.platforms.deliveries import Deliveries
from rag_core.settings import Retention
from rag_core.types import Principal, Question, Vote
from tests.fakes import an_answer

NOW = datetime(2026, 11, 22, tzinfo=UTC)
KEPT = Retention(answers="30d", reviews="90d", deliveries="7d", audit="365d")


async def kept(database: AsyncEngine) -> None:
    """Answers of 10 to 100 days ago; some of the old ones have been reviewed."""
    feedback = Feedback(database)
    for id, days, decided in (
        ("new", 10, None), ("old", 40, None), ("good", 40, 35), ("waits", 40, None), ("past", 100, 95),
    ):  # fmt: skip
        await feedback.record_answer(
            Question("Q?", Principal("slack", "ada", "T1", "C1")),
            an_answer(id),
            passages=[],
            scopes=frozenset(),
            generation=1,
        )
        await feedback.record_vote(Vote(id, "slack", "bob", 1 if id in ("new", "old") else -1))
        async with transaction(database) as connection:
            own = tables.answers.c.id == id
            at = {"created_at": NOW - timedelta(days=days)}
            await connection.execute(update(tables.answers).where(own).values(at))
            if decided:
                values = {
                    "state": "resolved",
                    "resolution": "no_fault",
                    "decided_at": NOW - timedelta(days=decided),
                }
                of = tables.reviews.c.answer_id == id
                await connection.execute(update(tables.reviews).where(of).values(values))
    escalation = dict.fromkeys(
        ("workspace", "channel", "thread", "message", "target_channel", "target_message", "mentioned"), ""
    )
    blank = {
        "resolved_by": "",
        "reply": "",
        "replied_by": "",
        "remind_after_s": 0,
        "reminders": 0,
        "state": "open",
    }
    for id, answer in (("e1", "old"), ("e2", "new"), ("e3", None)):
        row: dict[str, Any] = {**escalation, **blank, "id": id, "answer_id": answer, "platform": "slack"}
        days = 10 if id == "e2" else 40
        await put(
            database,
            tables.escalations,
            {**row, "user_id": "ada", "question": "Q?", "created_at": NOW - timedelta(days=days)},
        )
    golden = {"id": "g1", "question": "Q?", "expected": [], "answer": "", "enabled": True, "author": ""}
    await put(database, tables.golden_questions, {**golden, "from_answer": "old", "created_at": NOW})
    await Audit(database).note("local:ada", "review.resolve", "review:r1")
    await Audit(database).note("local:ada", "review.resolve", "review:r2")
    async with transaction(database) as connection:
        old = update(tables.audit_log).where(tables.audit_log.c.number == 1)
        await connection.execute(old.values(at=NOW - timedelta(days=400)))
        new = update(tables.audit_log).where(tables.audit_log.c.number != 1)
        await connection.execute(new.values(at=NOW))
    user = {"id": "u1", "identity": "local:ada", "name": "Ada", "email": "", "role": "admin"}
    await put(database, tables.users, {**user, "password_hash": "", "disabled": False, "created_at": NOW})
    for digest, hours in (("over", -1), ("still", 1)):
        session = {
            "digest": digest,
            "user_id": "u1",
            "csrf": "",
            "created_at": NOW,
            "seen_at": NOW,
            "browser": "",
        }
        await put(database, tables.sessions, {**session, "expires_at": NOW + timedelta(hours=hours)})
    for key, days in (("past", 2), ("lately", 0)):
        row = {"key": key, "failures": 3, "failed_at": NOW - timedelta(days=days)}
        await put(database, tables.throttles, row)


async def put(database: AsyncEngine, table: Any, row: dict[str, Any]) -> None:
    async with transaction(database) as connection:
        await connection.execute(insert(table).values(row))


async def left(database: AsyncEngine, column: Any) -> list[Any]:
    async with transaction(database) as connection:
        return sorted(await connection.scalars(select(column)))


REMOVED = {
    "answers": 3,
    "escalations": 1,
    "postings": 0,
    "vote_flags": 0,
    "audit": 1,
    "deliveries": 0,
    "sessions": 1,
    "throttles": 1,
}


async def test_what_is_past_its_time_goes(database: AsyncEngine) -> None:
    """With what hangs on it; what reviewers resolved stays as long as that, golden questions for ever."""
    await kept(database)
    assert await expire(database, KEPT, NOW) == REMOVED
    assert await left(database, tables.answers.c.id) == ["good", "new"]
    assert await left(database, tables.votes.c.answer_id) == ["good", "new"]
    assert await left(database, tables.reviews.c.answer_id) == ["good"]
    assert await left(database, tables.escalations.c.id) == ["e2"]
    assert await left(database, tables.golden_questions.c.id) == ["g1"]
    assert await left(database, tables.sessions.c.digest) == ["still"]
    assert await left(database, tables.throttles.c.key) == ["lately"]
    assert await left(database, tables.audit_log.c.subject) == ["review:r2"]
    assert set((await expire(database, KEPT, NOW)).values()) == {0}


async def test_a_trial_counts_and_removes_nothing(database: AsyncEngine) -> None:
    """Escalations of answers that would go with them are counted with these."""
    await kept(database)
    trial = await expire(database, KEPT, NOW, dry_run=True)
    assert trial == REMOVED
    assert len(await left(database, tables.answers.c.id)) == 5
    assert len(await left(database, tables.sessions.c.digest)) == 2


async def test_without_periods_feedback_is_kept_for_ever(database: AsyncEngine) -> None:
    """And so is what was resolved, where only answers have a period."""
    await kept(database)
    assert set(await expire(database, Retention(), NOW)) == {"deliveries", "sessions", "throttles"}
    assert len(await left(database, tables.answers.c.id)) == 5
    await expire(database, Retention(answers="30d"), NOW)
    assert await left(database, tables.answers.c.id) == ["good", "new", "past"]


async def test_many_go_a_few_at_a_time_and_others_write_meanwhile(database: AsyncEngine) -> None:
    """No writer waits for the whole of it."""
    feedback = Feedback(database)
    asked = Question("Q?", Principal("slack", "ada"))
    await asyncio.gather(
        *(
            feedback.record_answer(asked, an_answer(f"a{n}"), passages=[], scopes=frozenset(), generation=1)
            for n in range(900)
        )
    )
    removing = asyncio.create_task(expire(database, KEPT, datetime.now(UTC) + timedelta(days=31)))
    written = 0
    while not removing.done():
        late = {"created_at": datetime.now(UTC) + timedelta(days=31)}
        await feedback.record_answer(asked, an_answer(f"b{written}"), passages=[], scopes=None, generation=1)
        async with transaction(database) as connection:
            of = tables.answers.c.id == f"b{written}"
            await connection.execute(update(tables.answers).where(of).values(late))
        written += 1
    assert (await removing)["answers"] >= 900
    assert written >= 2
    async with transaction(database) as connection:
        count = select(func.count()).select_from(tables.answers).where(tables.answers.c.id.startswith("a"))
        assert await connection.scalar(count) == 0


async def test_deliveries_that_were_handled_go_and_others_stay(database: AsyncEngine) -> None:
    deliveries = Deliveries(database)
    for key in ("k1", "k2"):
        await deliveries.accept("slack", key, "message", "lane", {})
    async with transaction(database) as connection:
        d = tables.deliveries
        await connection.execute(update(d).values(received_at=NOW - timedelta(days=8)))
        await connection.execute(update(d).where(d.c.key == "k1").values(state="done", owner=""))
    assert (await expire(database, KEPT, NOW, dry_run=True))["deliveries"] == 1
    assert (await expire(database, KEPT, NOW))["deliveries"] == 1
    assert await left(database, tables.deliveries.c.key) == ["k2"]


async def test_it_goes_on_by_itself_by_the_settings_in_force(database: AsyncEngine) -> None:
    """Once a day, beside what is served."""
    await kept(database)
    pauses: list[float] = []
    given = [Retention(), Retention(answers="1d")]

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            raise asyncio.CancelledError

    with suppress(asyncio.CancelledError):
        await keep_expiring(database, lambda: given[len(pauses)], sleep=sleep)
    assert pauses == [24 * 3600.0] * 2
    assert await left(database, tables.answers.c.id) == ["good", "past"]


def test_reviews_cannot_go_before_their_answers() -> None:
    with pytest.raises(ValueError, match="reviews cannot be kept for less time"):
        Retention(answers="52w", reviews="4w")


async def test_what_is_decided_at_this_moment_keeps_its_answer_and_all_that_is_its(
    database: AsyncEngine,
) -> None:
    """Either the decision is in time, or there is nothing left to decide; never an answer without its votes."""
    await kept(database)
    async with transaction(database) as connection:
        resolved = update(tables.reviews).where(tables.reviews.c.answer_id == "waits")
        await connection.execute(resolved.values(state="resolved", resolution="no_fault", decided_at=NOW))
        expiring = asyncio.create_task(expire(database, KEPT, NOW))
        await asyncio.sleep(0.3)
    await expiring
    async with transaction(database) as connection:
        c = tables.votes.c
        assert await connection.scalar(select(tables.answers.c.id).where(tables.answers.c.id == "waits"))
        assert await connection.scalar(select(c.value).where(c.answer_id == "waits")) == -1
        state = select(tables.reviews.c.state).where(tables.reviews.c.answer_id == "waits")
        assert await connection.scalar(state) == "resolved"
