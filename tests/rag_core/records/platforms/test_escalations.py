"""Questions that a person was asked to answer."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.records.people.people import People
from rag_core.records.platforms.escalations import Escalation, Escalations, escalation_id

ASKED = Escalation(
    id=escalation_id("slack", "a1"),
    answer_id="a1",
    platform="slack",
    workspace="T1",
    channel="C1",
    thread="1.1",
    message="1.1",
    user_id="U1",
    question="How long does it take?",
    target_channel="CHELP",
    remind_after_s=60,
)


async def opened(database: AsyncEngine, escalation: Escalation = ASKED) -> Escalations:
    escalations = Escalations(database)
    kept, _ = await escalations.open(escalation)
    await escalations.posted(kept.id, kept.target_channel, "9.9", kept.mentioned)
    return escalations


async def test_of_two_who_ask_at_once_for_the_same_answer_one_opens_it(database: AsyncEngine) -> None:
    """Both learn what is open; nothing is opened twice."""
    escalations = Escalations(database)
    results = await asyncio.gather(*(escalations.open(replace(ASKED, user_id=f"U{n}")) for n in range(4)))
    assert sorted(new for _, new in results) == [False, False, False, True]
    assert len({kept.user_id for kept, _ in results}) == 1


async def test_people_who_were_not_called_can_be_called_after_all(database: AsyncEngine) -> None:
    """By one caller, once nobody is at it any more; or anew, where it failed. Those who were called are not forgotten."""
    escalations = Escalations(database)
    await escalations.open(ASKED)
    assert not await escalations.take_over(ASKED.id)
    await escalations._set(ASKED.id, created_at=datetime.now(UTC) - timedelta(minutes=5))
    assert sorted(await asyncio.gather(*(escalations.take_over(ASKED.id) for _ in range(3)))) == [0, 0, 1]
    await escalations.drop(ASKED.id)
    assert await escalations.get(ASKED.id) is None
    await opened(database)
    await escalations.drop(ASKED.id)
    assert await escalations.get(ASKED.id) is not None


async def test_an_escalation_is_found_by_the_thread_where_its_people_answer(database: AsyncEngine) -> None:
    """That of the message that called them; and, where a group was called in the thread itself, that thread."""
    escalations = await opened(database)
    await opened(database, replace(ASKED, id="b", answer_id="b", mentioned="S1", target_channel="C1"))
    assert [e.id for e in await escalations.of_thread("slack", "CHELP", "9.9")] == [ASKED.id]
    assert [e.id for e in await escalations.of_thread("slack", "C1", "1.1")] == ["b"]
    assert await escalations.of_thread("discord", "CHELP", "9.9") == []


async def test_it_is_resolved_once(database: AsyncEngine) -> None:
    """The second of two people at once learns that it was done. Later replies in a thread of its own still belong to it; the
    thread where a group was called is one like others again."""
    escalations = await opened(database)
    did = await asyncio.gather(*(escalations.resolve(ASKED.id, f"U{n}", "30 days", "U7") for n in range(3)))
    assert sorted(did) == [False, False, True]
    kept = await escalations.get(ASKED.id)
    assert kept is not None
    assert not kept.is_open
    assert kept.reply == "30 days"
    assert kept.resolved_at
    assert [e.id for e in await escalations.of_thread("slack", "CHELP", "9.9")] == [ASKED.id]
    await opened(database, replace(ASKED, id="b", answer_id="b", mentioned="S1", target_channel="C1"))
    assert await escalations.resolve("b", "U1", "", "")
    assert await escalations.of_thread("slack", "C1", "1.1") == []


async def test_its_people_are_reminded_three_times_each_after_twice_as_long(database: AsyncEngine) -> None:
    """After 60, 120 and 240 s, counted from the reminder before; then no more."""
    escalations = await opened(database)
    now, sent = datetime.now(UTC), []
    for second in range(0, 2000, 10):
        at = now + timedelta(seconds=second)
        for due in await escalations.due({"slack"}, at):
            assert await escalations.claim_reminder(due, at)
            sent.append(second)
    assert [round(later, -1) for later in sent] in ([60, 180, 420], [70, 190, 430])


async def test_of_several_processes_one_sends_a_reminder(database: AsyncEngine) -> None:
    """A claim counts for what was due when it was read, and for one of those who read it."""
    escalations = await opened(database)
    later = datetime.now(UTC) + timedelta(minutes=2)
    [due] = await escalations.due({"slack"}, later)
    claims = await asyncio.gather(*(escalations.claim_reminder(due, later) for _ in range(4)))
    assert sorted(claims) == [False, False, False, True]


async def test_a_reminder_that_could_not_be_sent_is_due_again(database: AsyncEngine) -> None:
    """It counts as not sent."""
    escalations = await opened(database)
    later = datetime.now(UTC) + timedelta(minutes=2)
    [due] = await escalations.due({"slack"}, later)
    assert await escalations.claim_reminder(due, later)
    assert await escalations.due({"slack"}, later) == []
    await escalations.give_back_reminder(due, 1)
    [again] = await escalations.due({"slack"}, later)
    assert again.reminders == 0


async def test_nobody_is_reminded_of_what_was_answered_or_not_posted(database: AsyncEngine) -> None:
    """Nor where it is set to never; nor of another platform's."""
    later = datetime.now(UTC) + timedelta(days=2)
    escalations = await opened(database)
    assert await escalations.due({"discord"}, later) == []
    await escalations.replied(ASKED.id, "U7", "30 days")
    await escalations.open(replace(ASKED, id="unposted"))
    await opened(database, replace(ASKED, id="never", remind_after_s=0))
    assert await escalations.due({"slack"}, later) == []


async def test_what_a_person_replied_is_theirs(database: AsyncEngine) -> None:
    """It is given to them, and goes with them; the question stays open."""
    escalations = await opened(database)
    await escalations.replied(ASKED.id, "U7", "30 days")
    people = People(database)
    assert [row["reply"] for row in (await people.export("slack", "U7"))["escalations"]] == ["30 days"]
    await people.forget("slack", "U7")
    kept = await escalations.get(ASKED.id)
    assert kept is not None
    assert (kept.reply, kept.replied_by, kept.state) == ("", "", "open")
