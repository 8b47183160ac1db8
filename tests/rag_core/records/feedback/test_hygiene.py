"""Which votes count."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.errors import Busy
from rag_core.records.audit import Audit
from rag_core.records.database import transaction
from rag_core.records.feedback.flags import Flag, Flags
from rag_core.records.feedback.recording import Feedback
from rag_core.records.reviews.reviews import Reviews
from rag_core.records.tables import answers, reviews, standard_answers, votes
from rag_core.settings import Votes
from rag_core.types import Principal, Question, Vote
from tests.fakes import an_answer

LIMITS = Votes(per_day=4, burst=50, per_document=50)
NOW = datetime.now(UTC)


async def given(feedback: Feedback, *ids: str, document: str = "", generator: str = "extractive") -> None:
    """Answers to Ada's question, citing a document each of their own unless one is named."""
    for id in ids:
        cited = replace(an_answer().citations[0], passage=f"docs/{document or id}#0")
        await feedback.record_answer(
            Question("How long?", Principal("slack", "ada", "T1", "C1")),
            an_answer(id, citations=(cited,), generator=generator),
            passages=[],
            scopes=frozenset({"public"}),
            generation=1,
        )


async def counting(database: AsyncEngine, user: str = "eve") -> dict[str, str]:
    """Why each vote of a person does not count, by the answer."""
    async with transaction(database) as connection:
        query = select(votes.c.answer_id, votes.c.excluded).where(votes.c.user_id == user)
        return dict((await connection.execute(query.order_by(votes.c.answer_id))).tuples().all())


async def waiting(database: AsyncEngine) -> list[str]:
    return sorted(review.answer_id for review in await Reviews(database).pending(100))


def by(user: str, answer: str, value: int = -1, **said: str) -> Vote:
    return Vote(answer, "slack", user, value, **said)  # type: ignore[arg-type]


async def test_the_vote_of_who_asked_counts(database: AsyncEngine) -> None:
    """It is the best there is; what is nobody's own is anybody's to judge."""
    feedback = Feedback(database, LIMITS)
    await given(feedback, "a1")
    await feedback.record_vote(by("ada", "a1", 1))
    assert await counting(database, "ada") == {"a1": ""}


@pytest.mark.parametrize(
    ("author", "corrected"), [("slack:eve", {}), ("local:bob", {"reviewer": "slack:eve"}),
                              ("local:bob", {"proposed_by": "slack:eve", "proposed": "So."})],
    ids=["author", "corrected it", "suggested it"],
)  # fmt: skip
async def test_a_vote_on_what_one_wrote_does_not_count(
    database: AsyncEngine, author: str, corrected: dict[str, str]
) -> None:
    """Written as a standard answer, or as the correction that became one; anybody else's vote on it counts."""
    feedback = Feedback(database, LIMITS)
    await given(feedback, "a0")
    await given(feedback, "a1", generator="standard:s1")
    unset = dict.fromkeys(("pattern", "platform"), "")
    row = {"id": "s1", "version": 1, "match": "exact", "questions": [], "threshold": 0.9, "answer": "So."}
    lists = {"citations": [], "channels": [], "scopes": [], "enabled": True, "from_answer": "a0"}
    times = {"created_at": NOW, "updated_at": NOW}
    await put(database, standard_answers, {**row, **unset, **lists, **times, "author": author})
    words = dict.fromkeys(("proposed", "proposed_by", "note", "reviewer"), "")
    review = {"id": "r1", "answer_id": "a0", "source": "vote", "state": "resolved", "correction": "So."}
    more = {"resolution": "corrected_answer", "created_at": NOW, "decided_at": NOW}
    await put(database, reviews, {**review, **more, **words, **corrected})
    for user in ("eve", "bob"):
        await feedback.record_vote(by(user, "a1", 1))
    assert await counting(database, "eve") == {"a1": "own"}
    assert await counting(database, "bob") == {"a1": ""}


async def put(database: AsyncEngine, table: object, row: dict[str, object]) -> None:
    async with transaction(database) as connection:
        await connection.execute(insert(table).values(row))  # type: ignore[arg-type]


async def test_beyond_so_many_in_a_day_votes_do_not_count(database: AsyncEngine) -> None:
    """They are kept, and ask for no review; a change of mind takes no place of its own, and a day later there is room."""
    feedback = Feedback(database, LIMITS)
    ids = [f"a{n}" for n in range(8)]
    await given(feedback, *ids)
    for id in ids[:4]:
        for value in (1, -1, 1, -1):
            await feedback.record_vote(by("eve", id, value))
    await feedback.record_vote(by("eve", "a4"))
    assert await counting(database) == {**dict.fromkeys(ids[:4], ""), "a4": "cap"}
    assert await waiting(database) == ids[:4]
    await feedback.record_vote(by("eve", "a0", comment="why"))
    assert (await counting(database))["a0"] == ""
    await feedback.record_vote(by("eve", "a0", 0))  # taken back: what counts is never more than the cap
    await feedback.record_vote(by("eve", "a5"))
    await feedback.record_vote(by("eve", "a6"))
    assert [(await counting(database))[id] for id in ("a5", "a6")] == ["", "cap"]
    async with transaction(database) as connection:
        await connection.execute(update(votes).values(updated_at=NOW - timedelta(hours=25)))
    await feedback.record_vote(by("eve", "a7"))
    assert (await counting(database))["a7"] == ""


async def test_a_thousand_toggles_are_one_vote_and_one_review(database: AsyncEngine) -> None:
    """One after the other, and at once; they leave one row, and nothing is flagged. (PostgreSQL is given some of them.)"""
    feedback = Feedback(database, Votes())
    await given(feedback, "a1", "a2")
    chance = random.Random(7)
    for _ in range(920 if database.dialect.name == "sqlite" else 120):
        await feedback.record_vote(by("eve", "a1", chance.choice([-1, 0, 1])))
    await asyncio.gather(*(feedback.record_vote(by("eve", "a1", chance.choice([-1, 1]))) for _ in range(79)))
    await feedback.record_vote(by("eve", "a1", -1))
    async with transaction(database) as connection:
        assert await connection.scalar(select(func.count()).select_from(votes)) == 1
    assert await counting(database) == {"a1": ""}
    assert await waiting(database) == ["a1"]
    assert await Flags(database, Votes()).open() == []


async def test_votes_at_once_do_not_slip_past_the_cap(database: AsyncEngine) -> None:
    """Each is judged with those before it."""
    feedback = Feedback(database, LIMITS)
    ids = [f"a{n}" for n in range(9)]
    await given(feedback, *ids)
    await asyncio.gather(*(feedback.record_vote(by("eve", id)) for id in ids))
    assert sorted((await counting(database)).values()) == [""] * 4 + ["cap"] * 5


async def test_a_burst_is_told_and_held_back_until_somebody_looks(database: AsyncEngine) -> None:
    """What was voted before it too, as far as it belongs to it; reviews that only it asked for go."""
    limits = Votes(burst=5, burst_within="10m", per_day=50)
    feedback, flags = Feedback(database, limits), Flags(database, limits)
    ids = [f"a{n}" for n in range(7)]
    await given(feedback, *ids)
    await feedback.record_vote(by("bob", "a0"))
    for id in ids[:4]:
        await feedback.record_vote(by("eve", id))
    assert await waiting(database) == ids[:4]
    assert await flags.open() == []
    for id in ids[4:6]:
        await feedback.record_vote(by("eve", id))
    (flag,) = await flags.open()
    assert (flag.kind, flag.person, flag.votes, flag.state) == ("burst", "slack:eve", 6, "open")
    assert set((await counting(database)).values()) == {"flag"}
    assert await waiting(database) == ["a0"]  # Bob asked for it
    shown = await flags.votes_of(flag)
    assert [(vote.answer_id, vote.value) for vote in shown] == [(id, -1) for id in reversed(ids[:6])]
    assert shown[0].question == "How long?"


async def burst(database: AsyncEngine, limits: Votes, count: int) -> tuple[Feedback, Flags, Flag]:
    feedback, flags = Feedback(database, limits), Flags(database, limits)
    await given(feedback, *(f"a{n}" for n in range(count + 1)))
    for n in range(count):
        await feedback.record_vote(by("eve", f"a{n}"))
    (flag,) = await flags.open()
    return feedback, flags, flag


async def test_what_is_dismissed_counts_within_the_cap(database: AsyncEngine) -> None:
    """And asks for its reviews; the decision is in the audit log, and can be taken back."""
    _, flags, flag = await burst(database, Votes(burst=5, per_day=4), 6)
    number = await flags.decide(flag.id, "dismissed", "local:rita")
    assert sorted((await counting(database)).values()) == [""] * 4 + ["cap"] * 2
    assert await waiting(database) == [id for id, why in (await counting(database)).items() if not why]
    entry = await Audit(database).get(number)
    assert entry
    assert (entry.actor, entry.action, entry.subject) == ("local:rita", "flag.dismiss", f"flag:{flag.id}")
    with pytest.raises(Busy):
        await flags.decide(flag.id, "upheld", "local:rita")
    again = await flags.undo(flag.id, "local:rita")
    assert set((await counting(database)).values()) <= {"flag", "cap"}
    assert await waiting(database) == []
    entry = await Audit(database).get(number)
    assert entry
    assert entry.undone_by == again
    with pytest.raises(Busy):
        await flags.undo(flag.id, "local:rita")
    assert [one.id for one in await flags.open()] == [flag.id]


async def test_after_a_burst_was_upheld_nothing_of_that_person_counts(database: AsyncEngine) -> None:
    """Until the decision is taken back."""
    feedback, flags, flag = await burst(database, Votes(burst=5, per_day=50), 6)
    await flags.decide(flag.id, "upheld", "local:rita")
    await feedback.record_vote(by("eve", "a6", 1))
    assert set((await counting(database)).values()) == {"flag"}
    assert await waiting(database) == []
    await flags.undo(flag.id, "local:rita")
    await flags.decide(flag.id, "dismissed", "local:rita")
    assert set((await counting(database)).values()) == {""}
    assert len(await waiting(database)) == 6


async def test_many_votes_against_one_document_are_told(database: AsyncEngine) -> None:
    """Only those are held back; once dismissed it takes as many more to tell it again."""
    limits = Votes(per_document=3)
    feedback, flags = Feedback(database, limits), Flags(database, limits)
    await given(feedback, *(f"a{n}" for n in range(7)), document="leave")
    await given(feedback, "other")
    await feedback.record_vote(by("eve", "other"))
    for n in range(3):
        await feedback.record_vote(by("eve", f"a{n}"))
        await feedback.record_vote(by("bob", f"a{n}", 1))
    (flag,) = await flags.open()
    assert (flag.kind, flag.document, flag.votes) == ("document", "docs/leave", 3)
    assert await counting(database) == {"a0": "flag", "a1": "flag", "a2": "flag", "other": ""}
    assert set((await counting(database, "bob")).values()) == {""}
    await feedback.record_vote(by("eve", "a3"))
    await flags.decide(flag.id, "dismissed", "local:rita")
    assert set((await counting(database)).values()) == {""}
    await feedback.record_vote(by("eve", "a4"))
    await feedback.record_vote(by("eve", "a5"))
    assert await flags.open() == []
    await feedback.record_vote(by("eve", "a6"))
    assert [one.votes for one in await flags.open()] == [7]


async def test_who_votes_too_often_is_listed(database: AsyncEngine) -> None:
    feedback = Feedback(database, LIMITS)
    ids = [f"a{n}" for n in range(7)]
    await given(feedback, *ids)
    for id in ids:
        await feedback.record_vote(by("eve", id, 1))
    (capped,) = await Flags(database, LIMITS).capped(NOW - timedelta(days=7))
    assert (capped.person, capped.votes) == ("slack:eve", 3)
    assert await Flags(database, LIMITS).capped(NOW + timedelta(hours=1)) == []


async def test_no_vote_is_lost_for_being_held_back(database: AsyncEngine) -> None:
    """Every vote is kept as it was given, whatever counts."""
    await burst(database, Votes(burst=5), 6)
    async with transaction(database) as connection:
        assert await connection.scalar(select(func.sum(votes.c.value))) == -6
        assert await connection.scalar(select(func.count()).select_from(answers)) == 7
