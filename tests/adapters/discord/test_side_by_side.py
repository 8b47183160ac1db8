"""Two processes with one token: Discord tells both everything, and people see one bot."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.discord.personal.conftest import Visited
from tests.fakes import Written, an_answer
from tests.servers.discord import readable

QUESTION = "How long do refunds take?"


class Pair:
    """The same bot twice, on the same records."""

    def __init__(self, first: Visited, second: Visited) -> None:
        self.first, self.second = first, second
        self.discord = first.discord
        self.anna, self.ben = first.anna, first.ben

    async def settled(self) -> None:
        for _ in range(2):
            await self.first.bench.settled()
            await self.second.bench.settled()

    @property
    def questions(self) -> int:
        """How often either was asked something."""
        return sum(len(one.bench.assistant.questions) for one in (self.first, self.second))

    def script(self, *steps: Any) -> None:
        for one in (self.first, self.second):
            one.bench.assistant.script = list(steps)


@pytest.fixture
async def pair(bench: Any, tmp_path: Path) -> AsyncIterator[Pair]:
    other = type(bench)(bench.discord, bench.database, tmp_path)
    made = Pair(Visited(bench), Visited(other))
    # answers of the one have other ids than those of the other, as the real ones have
    made.first.bench.assistant.script = [an_answer("first")]
    made.second.bench.assistant.script = [an_answer("second")]
    other.assistant._given, other.assistant.votes = bench.assistant._given, bench.assistant.votes
    try:
        await made.first.start()
        await made.second.start()
        yield made
    finally:
        await other.close()


async def test_a_message_is_answered_once(pair: Pair) -> None:
    for _ in range(3):
        pair.anna.asks("help", QUESTION)
    await pair.settled()
    assert len(pair.discord.answers("help")) == 3
    assert pair.questions == 3


async def test_a_command_and_clicks_count_once_and_the_log_is_quiet(
    pair: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    """The second to respond to an interaction is refused by Discord, which is as it should be."""
    caplog.set_level(logging.INFO)
    asked = pair.anna.runs("ask", "help", question=QUESTION)
    await pair.settled()
    assert asked.original is not None
    assert "30 days" in readable(asked.original)
    pair.ben.clicks(asked.original, "👍")
    await pair.settled()
    votes = pair.first.bench.assistant.votes
    assert [(vote.user, vote.value) for vote in votes] == [(pair.ben.id, 1)]
    assert len(pair.discord.ephemerals(pair.ben)) == 1
    told = [
        r.getMessage()
        for r in caplog.records
        if "acknowledged" in r.getMessage() or "40060" in r.getMessage()
    ]
    assert told == []


async def test_a_modal_is_opened_once_and_its_words_count_once(pair: Pair) -> None:
    pair.anna.asks("help", QUESTION)
    await pair.settled()
    [answer] = pair.discord.answers("help")
    pair.anna.clicks(answer, "👎")
    await pair.discord.until(lambda: pair.anna.modal)
    pair.anna.submits({"answerloop:comment": "Since March it is another page."})
    await pair.settled()
    votes = pair.first.bench.assistant.votes
    assert [vote.comment for vote in votes] == ["", "Since March it is another page."]
    assert len(pair.discord.ephemerals(pair.anna)) == 1


async def test_reactions_count_once(pair: Pair) -> None:
    """Discord gives them no id, so that each process keeps one of its own."""
    pair.anna.asks("help", QUESTION)
    await pair.settled()
    [answer] = pair.discord.answers("help")
    pair.ben.reacts(answer, "👎")
    await pair.settled()
    votes = pair.first.bench.assistant.votes
    assert [(vote.user, vote.value) for vote in votes] == [(pair.ben.id, -1)]
    assert len(pair.discord.answers(pair.ben.dm)) == 1
    pair.ben.unreacts(answer, "👎")
    await pair.settled()
    votes = pair.first.bench.assistant.votes
    assert [(vote.user, vote.value) for vote in votes] == [(pair.ben.id, -1), (pair.ben.id, 0)]


async def test_a_reaction_given_taken_back_and_given_again_stands(pair: Pair) -> None:
    pair.anna.asks("help", QUESTION)
    await pair.settled()
    [answer] = pair.discord.answers("help")
    for _ in range(2):
        pair.ben.reacts(answer, "👍")
        pair.ben.unreacts(answer, "👍")
    pair.ben.reacts(answer, "👍")
    await pair.settled()
    [id] = [one.id for v in (pair.first, pair.second) for one in v.bench.assistant.answers]
    [vote] = await pair.first.bench.feedback.votes_on(id)
    assert vote.value == 1


async def test_an_edit_that_the_other_hears_ends_what_this_one_writes(pair: Pair) -> None:
    """The answer follows the question, whoever answers it."""
    pair.script(Written(["The half "], an_answer("slow"), pause_s=1.5), an_answer("b"))
    asked = pair.anna.asks("help", QUESTION)
    await pair.discord.until(lambda: pair.questions)
    pair.anna.edits(asked, f"{pair.discord.mention} How long do claims take?")
    await pair.settled()
    assert len(pair.discord.answers("help")) == 1
    last = [q.text for v in (pair.first, pair.second) for q in v.bench.assistant.questions][-1]
    texts = {q.text for v in (pair.first, pair.second) for q in v.bench.assistant.questions}
    assert "How long do claims take?" in texts, last


async def test_a_follow_up_that_is_edited_while_it_is_answered_is_answered(pair: Pair) -> None:
    """Only the process that works on it knows that it broke off; the other may have kept the edit first."""
    for n in range(2):
        thread = pair.anna.starts_thread("help", f"Thread {n}")
        pair.script(an_answer("a"))
        pair.anna.asks("help", QUESTION, thread)
        await pair.settled()
        before = pair.questions
        pair.script(Written(["The half "], an_answer("slow"), pause_s=0.8), an_answer("b"))
        asked = pair.anna.says("help", "And how long for contractors?", thread)
        await pair.discord.until(lambda before=before: pair.questions > before)
        pair.anna.edits(asked, "And how long for partners?")
        await pair.settled()
        assert len(pair.discord.answers(thread)) == 2
        texts = [q.text for v in (pair.first, pair.second) for q in v.bench.assistant.questions]
        assert "And how long for partners?" in texts


async def test_a_question_deleted_while_it_is_answered_has_no_answer(pair: Pair) -> None:
    pair.script(Written(["The half "], an_answer("slow"), pause_s=1.0))
    asked = pair.anna.asks("help", QUESTION)
    await pair.discord.until(lambda: pair.discord.answers("help"))
    pair.anna.deletes(asked)
    await pair.settled()
    assert pair.discord.answers("help") == []
