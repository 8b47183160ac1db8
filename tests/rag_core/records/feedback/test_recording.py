"""Answers as they were given, and what people said of them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, event, select
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.errors import NotFound
from rag_core.generation.protocol import Usage
from rag_core.records.database import transaction
from rag_core.records.feedback.recording import Feedback
from rag_core.records.feedback.wording import wording_of
from rag_core.records.tables import answers
from rag_core.types import Answer, Principal, Question, Vote
from tests.fakes import an_answer

ASKED = Question(
    "How long does it take?", Principal("slack", "ada", workspace="W1", channel="C1"), thread="T1"
)


async def recorded(database: AsyncEngine, answer: Answer | None = None) -> Feedback:
    feedback = Feedback(database)
    await feedback.record_answer(
        ASKED,
        answer or an_answer("a1"),
        passages=[{"passage": "p1", "cosine": 0.5}],
        scopes=frozenset({"public", "hr"}),
        generation=7,
        generator_version="7c1f",
        notices=["sentences-removed"],
        usage=Usage(812, 40),
    )
    return feedback


async def test_an_answer_is_kept_with_all_that_produced_it(database: AsyncEngine) -> None:
    """Who asked what and where, what was said and cited, from which passages, scopes, release and generation."""
    answer = an_answer("a1", generator="openai:tiny")
    await recorded(database, answer)
    async with transaction(database) as connection:
        row = dict((await connection.execute(select(answers))).mappings().one())
    at = row.pop("created_at")
    assert row.pop("day") == at.date().toordinal()
    assert [c.pop("quote") for c in row["citations"]] == [c.quote for c in answer.citations]
    assert row.pop("citations")[0]["passage"] == "p1"
    assert row == {
        "id": "a1",
        "platform": "slack",
        "workspace": "W1",
        "channel": "C1",
        "user_id": "ada",
        "thread": "T1",
        "question": "How long does it take?",
        "answer": answer.text,
        "abstained": False,
        "confidence": 0.91,
        "passages": [{"passage": "p1", "cosine": 0.5}],
        "scopes": ["hr", "public"],
        "release": "r1",
        "generation": 7,
        "timings_ms": {"search": 3.5, "total": 8.4},
        "standalone": "",
        "generator": "openai:tiny",
        "generator_version": "7c1f",
        "notices": ["sentences-removed"],
        "prompt_tokens": 812,
        "answer_tokens": 40,
        "cached": False,
        "prompt_version": "",
        "nearest": [],
        "took_ms": 3.5,
        "wording": wording_of(ASKED.text),
    }


async def test_an_answer_is_readable_to_who_may_read_all_that_it_was_made_from(database: AsyncEngine) -> None:
    """With the titles that it cites, each once, in order; of an answer that is not, nothing is told."""
    cited = an_answer("a1").citations[0]
    citations = tuple(replace(cited, title=title) for title in ("Leave", "Beacon", "Leave"))
    feedback = await recorded(database, replace(an_answer("a1"), citations=citations))
    everything = frozenset({"public", "hr", "it"})
    assert await feedback.readable(["a1", "no-such"], everything) == {"a1": ("Leave", "Beacon")}
    assert await feedback.readable(["a1"], None) == {"a1": ("Leave", "Beacon")}
    assert await feedback.readable(["a1"], frozenset({"public"})) == {}


async def test_an_answer_is_found_as_it_was_given(database: AsyncEngine) -> None:
    """With its citations, and where it was asked; an unknown one is told to be so."""
    answer = an_answer("a1")
    feedback = await recorded(database, answer)
    found = await feedback.answer("a1")
    assert (found.id, found.question, found.text) == ("a1", ASKED.text, answer.text)
    assert found.citations == answer.citations
    assert (found.platform, found.workspace, found.channel) == ("slack", "W1", "C1")
    assert (found.user, found.thread, found.release) == ("ada", "T1", "r1")
    assert (found.confidence, found.abstained) == (0.91, False)
    assert found.created_at.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - found.created_at) < timedelta(minutes=5)
    with pytest.raises(NotFound, match="There is no answer a2"):
        await feedback.answer("a2")


async def test_what_a_person_asked_last_is_found(database: AsyncEngine) -> None:
    """The newest first, so many of them, and nothing of others."""
    feedback = Feedback(database)
    for n, (platform, user) in enumerate(
        [("slack", "ada"), ("slack", "bob"), ("discord", "ada"), ("slack", "ada"), ("slack", "ada")]
    ):
        question = Question(f"question {n}", Principal(platform, user))
        await feedback.record_answer(
            question, an_answer(f"a{n}"), passages=[], scopes=frozenset(), generation=1
        )
    assert [one.id for one in await feedback.recent_questions("slack", "ada", 2)] == ["a4", "a3"]
    assert [one.question for one in await feedback.recent_questions("slack", "bob", 9)] == ["question 1"]
    assert await feedback.recent_questions("slack", "eve", 9) == []


async def test_the_last_vote_of_a_person_stands(database: AsyncEngine) -> None:
    """With all that was said in it, and nothing of the vote before."""
    feedback = await recorded(database)
    await feedback.record_vote(Vote("a1", "slack", "ada", -1, reason="wrong", comment="no", correction="yes"))
    last = Vote("a1", "slack", "ada", 1, comment="found it")
    await feedback.record_vote(last)
    assert await feedback.votes_on("a1") == [last]


async def test_a_vote_of_zero_takes_it_back(database: AsyncEngine) -> None:
    """Also when there is none."""
    feedback = await recorded(database)
    await feedback.record_vote(Vote("a1", "slack", "ada", 0))
    await feedback.record_vote(Vote("a1", "slack", "ada", 1))
    await feedback.record_vote(Vote("a1", "slack", "ada", 0))
    assert await feedback.votes_on("a1") == []


async def test_people_of_one_name_on_two_platforms_are_two_people(database: AsyncEngine) -> None:
    """One vote each."""
    feedback = await recorded(database)
    given = [
        Vote("a1", "slack", "ada", 1),
        Vote("a1", "discord", "ada", -1),
        Vote("a1", "slack", "bob", -1),
    ]
    for vote in given:
        await feedback.record_vote(vote)
    assert set(await feedback.votes_on("a1")) == set(given)


async def test_clicks_at_the_same_moment_are_one_vote(database: AsyncEngine) -> None:
    """An impatient double click is no error."""
    feedback = await recorded(database)
    await asyncio.gather(*(feedback.record_vote(Vote("a1", "slack", "ada", v)) for v in (1, -1) * 10))
    assert len(await feedback.votes_on("a1")) == 1


async def test_a_vote_on_an_answer_that_there_is_not_is_not_found(database: AsyncEngine) -> None:
    """Nothing is kept; the message names the answer, and is short whatever was sent."""
    feedback = await recorded(database)
    for unknown in ("a2", "a1\x00", "a1\ud800", "", "x" * 10_000):
        with pytest.raises(NotFound, match=r"^There is no answer ") as error:
            await feedback.record_vote(Vote(unknown, "slack", "ada", 1))
        assert len(str(error.value)) < 100
        assert await feedback.votes_on(unknown) == []


@pytest.mark.parametrize("text", ["a\x00b", "a\ud800b"])
async def test_what_no_database_can_hold_is_replaced(database: AsyncEngine, text: str) -> None:
    """People paste anything; the answer and the vote are recorded all the same."""
    feedback = Feedback(database)
    question = Question(text, Principal("web", text))
    await feedback.record_answer(question, an_answer("a1", text=text), passages=[], scopes=None, generation=1)
    await feedback.record_vote(Vote("a1", "web", text, 1, comment=text))
    async with transaction(database) as connection:
        kept = (await connection.execute(select(answers.c.question, answers.c.user_id))).one()
    assert [(word[0], word[2:]) for word in kept] == [("a", "b")] * 2
    assert [(v.user, v.comment) for v in await feedback.votes_on("a1")] == [(kept[0], kept[0])]


async def test_an_answer_that_is_forgotten_takes_its_votes_along(database: AsyncEngine) -> None:
    """No vote without an answer."""
    feedback = await recorded(database)
    await feedback.record_vote(Vote("a1", "slack", "ada", 1))
    async with transaction(database) as connection:
        await connection.execute(delete(answers))
    assert await feedback.votes_on("a1") == []


# --- many at once ------------------------------------------------------------------------------------------------


async def test_answers_given_at_once_are_all_recorded(database: AsyncEngine) -> None:
    """Three hundred at the same moment, in far fewer transactions: none is lost, each is its own."""
    feedback, commits = Feedback(database), 0

    def count(_: object) -> None:
        nonlocal commits
        commits += 1

    event.listen(database.sync_engine, "commit", count)
    await asyncio.gather(*(_record(feedback, an_answer(f"a{n}")) for n in range(300)))
    assert commits < 30
    async with transaction(database) as connection:
        ids = (await connection.scalars(select(answers.c.id))).all()
    assert sorted(ids) == sorted(f"a{n}" for n in range(300))


async def test_an_answer_that_the_database_refuses_takes_no_other_with_it(database: AsyncEngine) -> None:
    """An id that is there already fails by itself."""
    feedback = await recorded(database, an_answer("a1"))
    ids = ["a2", "a1", "a3"]
    results = await asyncio.gather(*(_record(feedback, an_answer(id)) for id in ids), return_exceptions=True)
    assert [isinstance(r, Exception) for r in results] == [False, True, False]
    async with transaction(database) as connection:
        assert sorted((await connection.scalars(select(answers.c.id))).all()) == ["a1", "a2", "a3"]


async def test_an_asker_who_leaves_takes_no_record_along(database: AsyncEngine) -> None:
    """The answer was given; it is recorded."""
    feedback = Feedback(database)
    tasks = [asyncio.create_task(_record(feedback, an_answer(f"a{n}"))) for n in range(3)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    async with transaction(database) as connection:
        assert len((await connection.scalars(select(answers.c.id))).all()) == 3


async def _record(feedback: Feedback, answer: Answer) -> None:
    await feedback.record_answer(ASKED, answer, passages=[], scopes=None, generation=1)
