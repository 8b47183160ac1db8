"""What is kept of one person: given to them, and forgotten."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Table, delete, insert, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.errors import InvalidEntry
from rag_core.records import tables
from rag_core.records.database import transaction
from rag_core.records.feedback.recording import Feedback
from rag_core.records.people.people import People
from rag_core.settings import Votes
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
    await reviewed(database)


async def reviewed(database: AsyncEngine) -> None:
    """Ada on the admin pages, and what was made of her questions."""
    who = f"slack:{ADA}"
    for id, identity in (("u1", who), ("u2", f"slack:{BOB}")):
        user = {
            "id": id,
            "identity": identity,
            "name": WORDS if id == "u1" else "Bob",
            "email": "",
            "role": "admin",
        }
        secret = {"password_hash": "secret", "disabled": False, "created_at": NOW}
        await put(database, tables.users, {**user, **secret})
        session = {
            "digest": f"secret{id}",
            "user_id": id,
            "csrf": "secret",
            "created_at": NOW,
            "seen_at": NOW,
        }
        await put(database, tables.sessions, {**session, "expires_at": NOW, "browser": "Firefox"})
    await put(
        database, tables.reviews, review("r6", "a2", resolution="no_fault", assignee=who, assigned_at=NOW)
    )
    for id, asked, author in (
        ("g1", f"What of {WORDS}?", f"slack:{BOB}"),
        ("g2", "What do stripes mean?", who),
        ("g3", "How many are there?", f"slack:{BOB}"),
    ):
        golden = {
            "id": id,
            "question": asked,
            "expected": [],
            "answer": "",
            "enabled": True,
            "created_at": NOW,
        }
        await put(database, tables.golden_questions, {**golden, "author": author, "from_answer": "a1"})
    comparison = {"id": "c1", "name": "n", "baseline": "r1", "candidate": "r2", "seed": 1, "state": "open"}
    by = {"error": "", "wanted": 2, "owner": "", "created_by": who, "created_at": NOW}
    await put(database, tables.comparisons, {**comparison, **by})
    for number, answer, asked in ((1, "a1", WORDS), (2, "a2", "other")):
        item = {"comparison_id": "c1", "number": number, "answer_id": answer, "platform": "slack"}
        await put(
            database, tables.comparison_items, {**item, "question": asked, "baseline": {}, "candidate": {}}
        )
        for rater in (who, f"slack:{BOB}"):
            judged = {"comparison_id": "c1", "number": number, "rater": rater, "preference": "tie", "at": NOW}
            await put(database, tables.judgements, judged)
    run = {
        "id": "n1",
        "kind": "calibration",
        "state": "failed",
        "step": "",
        "done": 0,
        "total": 0,
        "detail": {},
    }
    more = {"report": "", "owner": "", "started_by": who, "started_at": NOW, "updated_at": NOW}
    await put(database, tables.runs, {**run, **more})
    for id, of, terms in (("p1", ["a1", "a2"], [WORDS, "of"]), ("p2", ["a1"], [WORDS])):
        gap = {"id": id, "name": " ".join(terms), "terms": terms, "answers": of, "questions": len(of)}
        counted = {
            "askers": 1,
            "abstained": 0,
            "disliked": 0,
            "first_at": NOW,
            "last_at": NOW,
            "found_at": NOW,
        }
        await put(
            database, tables.gaps, {**gap, **counted, "state": "planned", "note": "", "changed_by": who}
        )
    flag = {"id": "f1", "kind": "burst", "platform": "slack", "user_id": ADA, "document": "", "votes": 20}
    times = {"first_at": NOW, "last_at": NOW, "state": "upheld", "decided_by": f"slack:{BOB}"}
    await put(database, tables.vote_flags, {**flag, **times})
    await put(database, tables.question_vectors, {"answer_id": "a1", "embedder": "e", "vector": b"12"})
    export = {"path": "/nowhere/export.jsonl", "host": "another", "made_at": NOW, "made_by": who, "rows": 3}
    await put(database, tables.exports, export)
    for actor, subject in ((who, "review:r3"), (f"slack:{BOB}", f"user:{who}")):
        entry = {"at": NOW, "actor": actor, "action": "x", "subject": subject, "detail": {"was": who}}
        await put(database, tables.audit_log, entry)


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
        "vote_flags": ["f1"],
        "escalations": ["e1", "e3"],
        "reviews_proposed": ["r2"],
        "reviews_decided": ["r3", "r4"],
        "reviews_assigned": ["r6"],
        "standard_answers": [],
        "golden_questions": ["g1", "g2", "g3"],
        "judgements": [None, None],
        "comparisons": ["c1"],
        "runs": ["n1"],
        "gaps_changed": ["p1", "p2"],
        "exports_made": [None],
        "account": ["u1"],
        "sessions": [None],
        "audit_log": [None],
        "channel_settings": [None],
        "threads_silenced": [None],
        "postings": ["a1"],
    }
    assert given["questions"][0]["question"] == f"What of {WORDS}?"
    assert given["reviews_decided"][0]["created_at"] == "2026-11-22T00:00:00+00:00"
    assert json.loads(json.dumps(given)) == given
    assert f"ask <@{ADA}>" not in json.dumps(given)
    assert "secret" not in json.dumps(given)


async def test_of_a_person_who_is_forgotten_nothing_is_left(database: AsyncEngine) -> None:
    """Neither the id nor a word of theirs, in any column of any table; with a report of how much there was."""
    await kept(database)
    before = await every_text(database)
    worded = {"answers", "votes", "escalations", "reviews", "deliveries"}
    assert set(holding(before, WORDS)) == worded | {"users", "golden_questions", "comparison_items", "gaps"}
    named = {
        "answers",
        "votes",
        "escalations",
        "reviews",
        "deliveries",
        "postings",
        "threads",
        "channel_settings",
        "users",
        "golden_questions",
        "judgements",
        "comparisons",
        "runs",
        "gaps",
        "vote_flags",
        "exports",
        "audit_log",
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
        "reviews_assigned": 1,
        "reviews_pending": 0,
        "standard_answers": 0,
        "golden_questions": 4,
        "gaps": 2,
        "comparison_items": 1,
        "judgements": 1,
        "vote_flags": 1,
        "question_vectors": 1,
        "questions": 1,
        "threads": 1,
        "channel_settings": 1,
        "accounts": 1,
        "audit_log": 1,
        "exports_made": 1,
        "deliveries": 1,
        "mentions": 9,
        "files": 0,
    }
    async with transaction(database) as connection:
        golden = (
            (await connection.execute(select(tables.golden_questions.c.id).order_by("id"))).scalars().all()
        )
        left = (await connection.execute(select(tables.gaps))).mappings().one()
        entry = (
            (await connection.execute(select(tables.audit_log).order_by(tables.audit_log.c.number.desc())))
            .mappings()
            .first()
        )
    assert golden == ["g2", "g3"]  # these were worded anew
    assert (left["answers"], left["terms"], left["questions"]) == (["a2"], ["of"], 1)
    assert entry is not None
    assert entry["action"] == "person.forget"
    assert re.fullmatch(r"person:p[0-9a-f]{16}", entry["subject"])
    assert entry["detail"]["rows"]["questions"] == 1


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
    after = await every_text(database)
    assert len(after["audit_log"]) == len(before["audit_log"]) + 2
    for noted in ("audit_log", "signing_keys"):  # that it was asked for, under a name that tells nobody
        del before[noted], after[noted]
    assert after == before


async def test_a_trial_tells_what_would_go_and_changes_nothing(database: AsyncEngine) -> None:
    """The same counts as when it is meant."""
    await kept(database)
    people = People(database)
    before = await every_text(database)
    trial = await people.forget_all("slack", ADA, dry_run=True)
    after = await every_text(database)
    del before["signing_keys"], after["signing_keys"]
    assert after == before
    meant = await people.forget_all("slack", ADA)
    assert meant.rows == trial.rows
    assert [(file.path, file.host) for file in meant.unreachable] == [("/nowhere/export.jsonl", "another")]


async def test_every_table_there_is_was_thought_of(database: AsyncEngine) -> None:
    """Ada is in each that may hold people: whoever adds a table adds her to kept(), or it to those without people."""
    await kept(database)
    without = {
        "alembic_version", "standard_answers", "standard_state", "sources", "documents", "releases", "registrations",
        "answer_documents", "activations", "syncs", "throttles", "signing_keys", "golden_results", "judged_passages",
        "leases",
    }  # fmt: skip
    filled = {name for name, rows in (await every_text(database)).items() if rows}
    assert {table.name for table in tables.metadata.sorted_tables} - filled - without == set()


async def test_nobody_is_not_a_person(database: AsyncEngine) -> None:
    """Visitors without an id are many; they are not forgotten by one of them."""
    people = People(database)
    for platform, user in (("web", ""), ("", ADA)):
        with pytest.raises(InvalidEntry):
            await people.forget(platform, user)
        with pytest.raises(InvalidEntry):
            await people.export(platform, user)


async def test_ids_that_begin_alike_are_other_people(database: AsyncEngine) -> None:
    """Accounts may have dots, hyphens and underscores in their names, and providers an @: local:ada is none of these."""
    others = ["local:ada-b", "local:ada.b", "local:ada_b", "local:b-ada", "local:ada@example.com"]
    for number, identity in enumerate((*others, "local:ada")):
        user = {"id": f"u{number}", "identity": identity, "name": "A", "email": "", "role": "admin"}
        await put(database, tables.users, {**user, "password_hash": "", "disabled": False, "created_at": NOW})
    asked = Question("Who?", Principal("local", "ada-b", "", ""))
    await Feedback(database).record_answer(asked, an_answer("a1"), passages=[], scopes=None, generation=1)
    note = "ask local:ada, local:ada-b, or (local:ada). Not local:ada.b!"
    await put(database, tables.reviews, review("r1", "a1", reviewer="local:ada-b", note=note))
    await People(database).forget_all("local", "ada")
    async with transaction(database) as connection:
        identities = set(await connection.scalars(select(tables.users.c.identity)))
        asker = await connection.scalar(select(tables.answers.c.user_id))
        [kept_] = (await connection.execute(select(tables.reviews.c.reviewer, tables.reviews.c.note))).all()
    assert (identities, asker) == (set(others), "ada-b")
    assert tuple(kept_) == (
        "local:ada-b", "ask forgotten, local:ada-b, or (forgotten). Not local:ada.b!",
    )  # fmt: skip


async def test_what_waits_is_what_the_votes_of_the_others_say(database: AsyncEngine) -> None:
    """A quorum that is not reached any more, another's correction instead; and what no vote asked for stays."""
    feedback = Feedback(database, Votes(quorum=2))
    for id in ("few", "corrected", "unsure"):
        asked = Question("Who?", Principal("slack", "U0", "T1", "C1"))
        await feedback.record_answer(asked, an_answer(id), passages=[], scopes=None, generation=1)
    await feedback.record_vote(Vote("few", "slack", BOB, -1))
    await feedback.record_vote(Vote("few", "slack", ADA, -1))
    await feedback.record_vote(Vote("corrected", "slack", BOB, -1, correction="Bob's"))
    await feedback.record_vote(Vote("corrected", "slack", ADA, -1, correction="Ada's"))
    await put(database, tables.reviews, {**review("r", "unsure"), "source": "disagreement"})
    await People(database, quorum=2).forget_all("slack", ADA)
    async with transaction(database) as connection:
        c = tables.reviews.c
        left = (
            await connection.execute(select(c.answer_id, c.proposed, c.proposed_by).order_by(c.answer_id))
        ).all()
    assert [tuple(row) for row in left] == [("corrected", "Bob's", f"slack:{BOB}"), ("unsure", "", "")]


@pytest.mark.parametrize("user", ["a\0", "a\udcff"])
async def test_an_id_that_no_database_can_hold_is_nobodys(database: AsyncEngine, user: str) -> None:
    """It is looked for in every table, and found in none."""
    assert not any((await People(database).forget("slack", user)).values())
