"""A question's way, the same on all platforms."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.answering import Answering, Asked, shown
from adapters.channels import Channel
from adapters.chat import Chat, Reply
from rag_core.errors import Unavailable
from rag_core.records.database import open_database
from rag_core.records.platforms.postings import Postings
from rag_core.types import Principal, Question
from tests.fakes import FakeAssistant, Written, an_answer

QUESTION = Question("When?", Principal("slack", "U1", "T1", "C1"), thread="1.0")
HELD = 60.0


class Shown:
    """A surface that keeps what it was told. Implements adapters.answering.Surface."""

    def __init__(self, ids: Sequence[str] = ("2.0", "3.0")) -> None:
        self.steps: list[str] = []
        self._ids = ids

    async def begin(self) -> None:
        self.steps.append("begin")

    def said(self, text: str) -> None:
        self.steps.append(f"said {text}")

    async def finish(self, reply: Reply) -> Sequence[str]:
        self.steps.append(f"finish {reply.text}")
        return self._ids

    async def give_up(self) -> None:
        self.steps.append("give up")

    async def withdraw(self) -> None:
        self.steps.append("withdraw")


class Desk:
    """Answering, with what it was made of."""

    def __init__(self, database: AsyncEngine, assistant: FakeAssistant) -> None:
        self.postings = Postings(database)
        self.proposed: list[Reply] = []
        self.proposing: Exception | None = None
        self.surface = Shown()
        self._answering = Answering(Chat(assistant), self.postings, self._propose)

    async def ask(
        self,
        channel: Channel = Channel(),  # noqa: B008  frozen
        unasked: bool = False,
        question: Question = QUESTION,
    ) -> Reply | None:
        return await self._answering.answer(Asked(question, channel, "1.0", unasked), self.surface)

    async def _propose(self, asked: Asked, reply: Reply) -> None:
        if self.proposing is not None:
            raise self.proposing
        self.proposed.append(reply)


@pytest.fixture
async def database(database_address: str) -> AsyncIterator[AsyncEngine]:
    engine = await open_database(database_address)
    yield engine
    await engine.dispose()


async def test_an_answer_is_shown_while_it_is_written_and_remembered(database: AsyncEngine) -> None:
    """First of all the sign that the question was seen; in the end which messages show which answer."""
    desk = Desk(database, FakeAssistant([Written(["Within"], an_answer("a1", text="Within 30 days."))]))
    reply = await desk.ask()
    assert reply
    assert desk.surface.steps == ["begin", "said Within", "finish Within 30 days."]
    kept = await desk.postings.of_question("slack", "C1", "1.0")
    assert [(p.message, p.part, p.answer_id, p.thread, p.user_id) for p in kept] == [
        ("2.0", 0, "a1", "1.0", "U1"),
        ("3.0", 1, "a1", "1.0", "U1"),
    ]


async def test_what_is_remembered_names_the_workspace_that_the_bot_is_in(database: AsyncEngine) -> None:
    """In a channel that workspaces share, the asker's own may be one where it has no token."""
    desk = Desk(database, FakeAssistant())
    await desk.ask(question=replace(QUESTION, workspace="T2"))
    kept = await desk.postings.of_question("slack", "C1", "1.0")
    assert {posting.workspace for posting in kept} == {"T2"}


async def test_messages_may_stand_elsewhere_than_the_asker_is_judged(database: AsyncEngine) -> None:
    """In a thread with an id of its own, whose channel's rules hold for who asks."""
    asked = Asked(QUESTION, Channel(), "1.0", where="THREAD")
    for where, messages in (("THREAD", ["m1"]), ("C1", ["m2"])):
        found = shown(replace(asked, where=where if where != "C1" else ""), Reply("Soon."), messages)
        assert [(row.channel, row.message, row.question_message) for row in found] == [
            (where, messages[0], "1.0")
        ]


async def test_a_failure_is_shown_and_remembered_too(database: AsyncEngine) -> None:
    """So that an edited question finds the sentence that stands in the answer's place."""
    desk = Desk(database, FakeAssistant([Unavailable("down")]))
    reply = await desk.ask()
    assert reply
    assert reply.reference
    assert desk.surface.steps == ["begin", f"finish {reply.text}"]
    assert [p.answer_id for p in await desk.postings.of_question("slack", "C1", "1.0")] == [None, None]


@pytest.mark.parametrize(
    ("step", "steps"),
    [
        (an_answer(confidence=0.7), ["finish Expenses are refunded within 30 days [1]."]),
        (an_answer(confidence=0.6), ["finish Expenses are refunded within 30 days [1]."]),
        (Written(["Exp"], an_answer(confidence=0.59)), ["withdraw"]),
        (an_answer(confidence=0.9, abstained=True), ["withdraw"]),
        (Unavailable("down"), ["withdraw"]),
    ],
)
async def test_nobody_is_bothered_with_what_nobody_asked_for(
    database: AsyncEngine, step: object, steps: list[str]
) -> None:
    """Below the channel's confidence there is no answer, no sign before it, and no failure after it."""
    desk = Desk(database, FakeAssistant([step]))  # type: ignore[list-item]
    await desk.ask(Channel(auto_answer=0.6), unasked=True)
    assert desk.surface.steps == steps


async def test_a_draft_is_shown_to_those_who_decide_and_to_nobody_else(database: AsyncEngine) -> None:
    """Not while it is written either; a failure is no draft, and told."""
    desk = Desk(database, FakeAssistant([Written(["Exp"], an_answer("a1")), Unavailable("down")]))
    assert await desk.ask(Channel(draft=True)) is None
    assert desk.surface.steps == ["begin", "withdraw"]
    assert [reply.answer and reply.answer.id for reply in desk.proposed] == ["a1"]
    assert await desk.postings.of_answer("a1") == []
    assert await desk.ask(Channel(draft=True))
    assert desk.surface.steps[-1].startswith("finish ")


async def test_a_draft_that_nobody_could_be_shown_leaves_no_sign(database: AsyncEngine) -> None:
    """The question is tried again, or its asker told; until then nothing says that it is being thought about."""
    desk = Desk(database, FakeAssistant())
    desk.proposing = Unavailable("The platform is away.")
    with pytest.raises(Unavailable):
        await desk.ask(Channel(draft=True))
    assert desk.surface.steps == ["begin", "give up"]


async def test_a_question_that_is_taken_back_leaves_no_sign(database: AsyncEngine) -> None:
    """Cancelled while it is answered, as when its message is deleted."""
    assistant = FakeAssistant([Written(["Exp"], an_answer(), pause_s=HELD)])
    desk = Desk(database, assistant)
    asking = asyncio.create_task(desk.ask())
    while not assistant.questions:  # noqa: ASYNC110  it has no event to wait for
        await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert desk.surface.steps == ["begin", "give up"]


async def test_what_was_shown_is_remembered_although_the_work_on_it_ends_there(
    database: AsyncEngine, tmp_path: Path
) -> None:
    """Cancelled while the database is busy, as when the process is asked to stop: the message stands there, after all."""
    desk = Desk(database, FakeAssistant())
    busy = sqlite3.connect(tmp_path / "answerloop.db", isolation_level=None)
    busy.execute("BEGIN IMMEDIATE")
    asking = asyncio.create_task(desk.ask())
    while not desk.surface.steps[1:]:  # noqa: ASYNC110  it has no event to wait for
        await asyncio.sleep(0)
    await asyncio.sleep(0.1)
    asking.cancel()
    await asyncio.sleep(0.1)
    busy.rollback()
    busy.close()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert len(await desk.postings.of_question("slack", "C1", "1.0")) == 2
