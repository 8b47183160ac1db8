"""What is kept of one person: given to them, and forgotten."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Table, delete, insert, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.errors import InvalidEntry
from rag_core.records import tables
from rag_core.records.database import transaction
from rag_core.records.feedback import Feedback
from rag_core.records.people import People
from rag_core.types import Principal, Question, Vote
from tests.fakes import an_answer

ADA, BOB = "U0ADA12345", "U0BOB12345"
NOW = datetime(2026, 11, 22, tzinfo=UTC)
WORDS = "zebra"
"""In all that Ada wrote, and in nothing else."""


async def kept(database: AsyncEngine) -> None:
    """Ada in every table that names people, with Bob beside her."""
    feedback = Feedback(database)
    for id, user, words in (("a1", ADA, WORDS), ("a2", BOB, f"ask <@{ADA}>")):
        asked = Question(f"What of {words}?", Principal("slack", user, "T1", "C1"), thread="1.1")
        answer = an_answer(id, text=f"About {words} [1].", standalone=words)
        await feedback.record_answer(asked, answer, passages=[], scopes=frozenset({"public"}), generation=1)
    for answer in ("a1", "a2"):
        await feedback.record_vote(Vote(answer, "slack", ADA, -1, "other", WORDS, f"{WORDS} it is"))
        await feedback.record_vote(Vote(answer, "slack", BOB, -1, comment="no"))
    async with transaction(database) as connection:  # those that the votes asked for: here they have names
        await connection.execute(delete(tables.reviews))
    await put(database, tables.escalations, escalation("e1", ADA, "a1", question=WORDS))
    await put(database, tables.escalations, escalation("e2", BOB, "a1", question=WORDS))
    await put(
        database,
        tables.escalations,
        escalation("e3", BOB, "a2", question="mine", resolved_by=ADA, reply=WORDS, state="resolved"),
    )
    await put(database, tables.reviews, review("r1", "a1", resolution="good_example"))
    await put(database, tables.reviews, review("r2", "a2", proposed=WORDS, proposed_by=f"slack:{ADA}"))
    await put(
        database,
        tables.reviews,
        review("r3", "a2", resolution="no_fault", reviewer=f"slack:{ADA}", note=WORDS),
        review("r4", "a2", resolution="corrected_answer", reviewer=f"slack:{ADA}", correction=WORDS),
        review("r5", "a2", resolution="corrected_answer", reviewer=f"slack:{BOB}", correction="kept"),
    )
    for message, user, answer in (("1.2", ADA, "a1"), ("1.3", BOB, "a2")):
        await put(database, tables.postings, posting(message, user, answer))
    thread = {"platform": "slack", "channel": "C1", "workspace": "T1", "updated_at": NOW}
    await put(
        database,
        tables.threads,
        {**thread, "thread": "1.1", "silenced_by": ADA, "context": {"user_id": ADA}},
    )
    values = {"users": [ADA, BOB], "tone": "kind"}
    channel = {"platform": "slack", "workspace": "T1", "channel": "C1"}
    await put(
        database,
        tables.channel_settings,
        {**channel, "values": values, "changed_by": ADA, "changed_at": NOW},
    )
    sent = {"event": {"user": ADA, "text": WORDS}}
    mentioning = {"event": {"user": BOB, "text": f"<@{ADA}> knows"}}
    await put(
        database,
        tables.deliveries,
        delivery(1, sent, "C1:1.1", "taken"),
        delivery(2, mentioning, "C1:1.2", "waiting"),
        delivery(3, None, f"action:{ADA}:C1:1.2", "done"),
    )


async def put(database: AsyncEngine, table: Table, *rows: dict[str, Any]) -> None:
    async with transaction(database) as connection:
        await connection.execute(insert(table), list(rows))


def escalation(id: str, user: str, answer: str, **given: Any) -> dict[str, Any]:
    blank = dict.fromkeys(
        ("workspace", "channel", "thread", "message", "target_channel", "target_message", "mentioned"), ""
    )
    return {
        "id": id,
        "answer_id": answer,
        "platform": "slack",
        "user_id": user,
        **blank,
        "state": "open",
        "created_at": NOW,
        "remind_after_s": 0,
        "reminders": 0,
        "resolved_by": "",
        "reply": "",
        "replied_by": "",
        **given,
    }


def review(id: str, answer: str, **given: Any) -> dict[str, Any]:
    blank = dict.fromkeys(("proposed", "proposed_by", "correction", "note", "reviewer"), "")
    return {
        "id": id,
        "answer_id": answer,
        "source": "vote",
        "state": "resolved" if given.get("resolution") else "pending",
        "resolution": "",
        **blank,
        "created_at": NOW,
        **given,
    }


def posting(message: str, user: str, answer: str) -> dict[str, Any]:
    return {
        "platform": "slack",
        "channel": "C1",
        "message": message,
        "workspace": "T1",
        "thread": "1.1",
        "question_message": "1.1",
        "part": 0,
        "kind": "answer",
        "answer_id": answer,
        "user_id": user,
        "created_at": NOW,
    }


def delivery(number: int, payload: Any, lane: str, state: str) -> dict[str, Any]:
    return {
        "number": number,
        "platform": "slack",
        "key": f"k{number}",
        "kind": "message",
        "lane": lane,
        "payload": payload and json.dumps(payload),
        "state": state,
        "received_at": NOW,
        "owner": "",
        "attempts": 0,
        "progress": "{}",
    }


async def every_text(database: AsyncEngine) -> dict[str, list[str]]:
    """Of each row of each table there is, whether this module knows it or not."""
    found: dict[str, list[str]] = {}
    async with transaction(database) as connection:
        names = await connection.run_sync(
            lambda sync: sync.dialect.get_table_names(sync)  # type: ignore[attr-defined]
        )
        for name in names:
            rows = (await connection.execute(text(f'SELECT * FROM "{name}"'))).all()
            found[name] = [json.dumps(list(row), default=str) for row in rows]
    return found


def holding(texts: dict[str, list[str]], needle: str) -> Iterator[str]:
    return (table for table, rows in texts.items() if any(needle in row for row in rows))


async def test_a_person_gets_all_that_is_kept_of_them(database: AsyncEngine) -> None:
    """Questions with their answers, votes, escalations, reviews, settings, threads, postings; nothing of others."""
    await kept(database)
    given = await People(database).export("slack", ADA)
    ids = {
        name: [row.get("id") or row.get("answer_id") for row in rows]
        for name, rows in given.items()
        if isinstance(rows, list)
    }
    assert ids == {
        "questions": ["a1"],
        "votes": ["a1", "a2"],
        "escalations": ["e1", "e3"],
        "reviews_proposed": ["r2"],
        "reviews_decided": ["r3", "r4"],
        "channel_settings": [None],
        "threads_silenced": [None],
        "postings": ["a1"],
    }
    assert given["questions"][0]["question"] == f"What of {WORDS}?"
    assert given["reviews_decided"][0]["created_at"] == "2026-11-22T00:00:00+00:00"
    assert json.loads(json.dumps(given)) == given
    assert f"ask <@{ADA}>" not in json.dumps(given)


async def test_of_a_person_who_is_forgotten_nothing_is_left(database: AsyncEngine) -> None:
    """Neither the id nor a word of theirs, in any column of any table; with a report of how much there was."""
    await kept(database)
    before = await every_text(database)
    assert set(holding(before, WORDS)) == {"answers", "votes", "escalations", "reviews", "deliveries"}
    named = {
        "answers",
        "votes",
        "escalations",
        "reviews",
        "deliveries",
        "postings",
        "threads",
        "channel_settings",
    }
    assert set(holding(before, ADA)) == named
    report = await People(database).forget("slack", ADA)
    after = await every_text(database)
    assert [*holding(after, ADA), *holding(after, WORDS)] == []
    assert report == {
        "escalations": 2,
        "escalations_resolved": 1,
        "postings": 1,
        "votes_on_answers": 2,
        "votes": 1,
        "reviews": 2,
        "reviews_proposed": 1,
        "reviews_decided": 1,
        "reviews_pending": 0,
        "standard_answers": 0,
        "questions": 1,
        "threads": 1,
        "channel_settings": 1,
        "deliveries": 1,
        "mentions": 4,
    }


async def test_what_is_others_stays(database: AsyncEngine) -> None:
    """Their questions, votes, reviews, and what is on its way from them; a silenced thread stays silenced."""
    await kept(database)
    await People(database).forget("slack", ADA)
    given = await People(database).export("slack", BOB)
    assert [row["question"] for row in given["questions"]] == ["What of ask forgotten?"]
    assert [row["comment"] for row in given["votes"]] == ["no"]
    assert [(row["id"], row["correction"]) for row in given["reviews_decided"]] == [("r5", "kept")]
    assert [row["id"] for row in given["escalations"]] == ["e3"]
    async with transaction(database) as connection:
        ways = (
            (await connection.execute(select(tables.deliveries).order_by(tables.deliveries.c.number)))
            .mappings()
            .all()
        )
        silenced = await connection.scalar(select(tables.threads.c.silenced_by))
        values = await connection.scalar(select(tables.channel_settings.c["values"]))
    assert [(row["state"], row["lane"]) for row in ways] == [
        ("done", "C1:1.1"),
        ("waiting", "C1:1.2"),
        ("done", ""),
    ]
    assert json.loads(ways[1]["payload"])["event"] == {"user": BOB, "text": "forgotten knows"}
    assert silenced == "forgotten"
    assert values == {"users": ["forgotten", BOB], "tone": "kind"}


async def test_a_review_that_only_their_vote_asked_for_is_not_pending_any_more(database: AsyncEngine) -> None:
    """As if the vote had been taken back."""
    await kept(database)
    await Feedback(database).record_vote(Vote("a2", "slack", BOB, 0))
    assert (await People(database).forget("slack", ADA))["reviews_pending"] == 1


@pytest.mark.parametrize("user", ["ada", "U0ADA1234", "%", "_"])
async def test_somebody_else_is_not_forgotten_for_a_likeness(database: AsyncEngine, user: str) -> None:
    """An id that another begins with, or that stands for others in a search."""
    await kept(database)
    before = await every_text(database)
    assert set((await People(database).forget("slack", user)).values()) == {0}
    assert set((await People(database).forget("discord", ADA)).values()) == {0}
    assert await every_text(database) == before


async def test_nobody_is_not_a_person(database: AsyncEngine) -> None:
    """Visitors without an id are many; they are not forgotten by one of them."""
    people = People(database)
    for platform, user in (("web", ""), ("", ADA)):
        with pytest.raises(InvalidEntry):
            await people.forget(platform, user)
        with pytest.raises(InvalidEntry):
            await people.export(platform, user)
