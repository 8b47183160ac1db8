"""The flow that all platforms share."""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import replace

import pytest

from adapters.chat import REASONS, Chat, Conversations, unsure, written_by
from rag_core.errors import InvalidQuestion, NotReady, Unavailable
from rag_core.generation.protocol import Said, nothing
from rag_core.messages import LANGUAGES, say
from rag_core.types import Answer, Principal, Question, Turn, Vote
from tests.fakes import FakeAssistant, Written, an_answer

QUESTION = Question("When are expenses refunded?", Principal("web", "ada", direct=True))


async def test_an_answer_is_passed_on_whole() -> None:
    """The reply carries the answer, with its text as what to show."""
    answer = an_answer()
    reply = await Chat(FakeAssistant([answer])).answer(QUESTION)
    assert (reply.text, reply.answer, reply.reference) == (answer.text, answer, None)


async def test_the_text_is_passed_on_while_it_is_written() -> None:
    """Each text so far, in order; the reply is the answer all the same."""
    heard: list[str] = []
    assistant = FakeAssistant([Written(["Within", "Within 30 days"], an_answer())])
    reply = await Chat(assistant).answer(QUESTION, heard.append)
    assert heard == ["Within", "Within 30 days"]
    assert reply.answer == an_answer()


async def test_an_invalid_question_is_answered_in_the_askers_language() -> None:
    """An error that names its message is worded anew; the sentence it carries is for logs and commands."""
    error = InvalidQuestion("Your question has 5,000 characters.", "too-long", length=5_000, most=4_000)
    reply = await Chat(FakeAssistant([error])).answer(replace(QUESTION, language="de-AT"))
    assert reply.text == "Deine Frage hat 5.000 Zeichen; bitte kürze sie auf höchstens 4.000."


async def test_failures_and_thanks_are_in_the_persons_language() -> None:
    """Or in the one language of the installation, where it has one."""
    assistant = FakeAssistant([Unavailable("down")])
    french, spanish = Chat(assistant), Chat(assistant, "es")
    question = replace(QUESTION, language="fr")
    assert "(référence " in (await french.answer(question)).text
    assert "(referencia " in (await spanish.answer(question)).text
    assert "(Referenz " in (await spanish.answer(replace(question, spoken="de"))).text  # a channel's
    vote = Vote("gone", "web", "ada", 1)
    assert (await french.vote(vote, "fr")).text == say("fr", "vote-unknown")
    assert (await spanish.vote(vote, "fr")).text == say("es", "vote-unknown")


async def test_an_invalid_question_is_answered_with_its_own_sentence() -> None:
    """The asker reads what to do differently; that is no failure, so it has no reference."""
    reply = await Chat(FakeAssistant([InvalidQuestion("Please write at least one word.")])).answer(QUESTION)
    assert (reply.text, reply.answer, reply.reference) == ("Please write at least one word.", None, None)


@pytest.mark.parametrize(
    "error", [Unavailable("10.0.0.7 is down"), NotReady("run ingest"), ValueError("password=hunter2")]
)
async def test_a_failure_is_told_with_a_reference_and_nothing_else(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    """The asker gets a sentence with a reference; the log has the same reference and the traceback."""
    with caplog.at_level(logging.ERROR):
        reply = await Chat(FakeAssistant([error])).answer(QUESTION)
    assert reply.answer is None
    assert reply.reference
    assert re.fullmatch(r"[0-9a-f]{6}", reply.reference)
    assert reply.reference in reply.text
    assert str(error) not in reply.text
    [record] = caplog.records
    assert reply.reference in record.getMessage()
    assert record.exc_info
    assert record.exc_info[1] is error


async def test_what_was_asked_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """A failure's log line names the platform, not the question."""
    await Chat(FakeAssistant([Unavailable("down")])).answer(QUESTION)
    assert "web" in caplog.text
    assert QUESTION.text not in caplog.records[0].getMessage()


async def test_being_cancelled_is_no_failure() -> None:
    """A cancelled question is cancelled, not answered with an apology."""

    class Slow(FakeAssistant):
        async def ask(self, question: Question, said: Said = nothing) -> Answer:
            await asyncio.sleep(60)
            raise AssertionError

    task = asyncio.create_task(Chat(Slow()).answer(QUESTION))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize(
    ("vote", "words"),
    [
        (Vote("a1", "web", "ada", 1), "Thank you"),
        (Vote("a1", "web", "ada", -1), "What was wrong"),
        (Vote("a1", "web", "ada", -1, reason="other"), "A person will look"),
        (Vote("a1", "web", "ada", 0), "Taken back"),
    ],
)
async def test_a_vote_is_recorded_and_thanked_for(vote: Vote, words: str) -> None:
    """The thanks fit the vote; a bare 👎 is asked what was wrong."""
    assistant = FakeAssistant()
    chat = Chat(assistant)
    await chat.answer(QUESTION)
    receipt = await chat.vote(vote)
    assert receipt.recorded
    assert words in receipt.text
    assert assistant.votes == [vote]


async def test_a_vote_on_an_unknown_answer_says_so() -> None:
    """That is nobody's failure: nothing is recorded, and no reference is given."""
    receipt = await Chat(FakeAssistant()).vote(Vote("gone", "web", "ada", 1))
    assert (receipt.recorded, receipt.reference) == (False, None)
    assert "do not know this answer" in receipt.text


async def test_a_vote_that_fails_is_told_with_a_reference() -> None:
    """A vote that could not be recorded is never thanked for."""
    assistant = FakeAssistant()
    assistant.refuse_votes = Unavailable("the database is locked")
    receipt = await Chat(assistant).vote(Vote("a1", "web", "ada", 1))
    assert not receipt.recorded
    assert receipt.reference
    assert receipt.reference in receipt.text
    assert "locked" not in receipt.text


def test_reasons_are_short_codes_with_words_for_people() -> None:
    """Codes are fit for a database and a form; each has its words in every language, and no two the same."""
    assert all(re.fullmatch(r"[a-z_]+", code) for code in REASONS)
    for language in LANGUAGES:
        assert len({say(language, message) for message in REASONS.values()} - set(REASONS.values())) == 5


def test_a_language_model_is_named_and_nothing_else() -> None:
    """What was quoted, or approved by people, was not written by a machine."""
    assert written_by(an_answer(generator="openai:gpt-4o-mini")) == "openai:gpt-4o-mini"
    assert written_by(an_answer(generator="local:tiny")) == "local:tiny"
    assert (
        written_by(an_answer(generator="extractive")) == written_by(an_answer(generator="standard:4")) == ""
    )


def test_a_doubtful_answer_is_unsure_and_an_abstention_is_not() -> None:
    """An abstention already says that there is no answer; only answers are doubted."""
    assert unsure(an_answer(confidence=0.2))
    assert not unsure(an_answer(confidence=0.9))
    assert not unsure(an_answer(confidence=0.1, abstained=True))


def test_a_conversation_is_remembered_in_order() -> None:
    """A thread's turns come back oldest first, and other threads are apart."""
    memory = Conversations()
    memory.add("t", "Who?", an_answer("a1", text="Ada [1]."))
    memory.add("t", "When?", an_answer("a2", text="1843 [1]."))
    assert memory.turns("t") == (
        Turn("user", "Who?"),
        Turn("assistant", "Ada [1].", answer="a1"),
        Turn("user", "When?"),
        Turn("assistant", "1843 [1].", answer="a2"),
    )
    assert memory.turns("another") == ()


def test_of_an_abstention_the_question_is_remembered() -> None:
    """A follow-up may be about what it named; that nothing was found says nothing about the documents."""
    memory = Conversations()
    memory.add("t", "Where is the spa?", an_answer(text="I could not find that.", abstained=True))
    assert memory.turns("t") == (Turn("user", "Where is the spa?"),)


def test_a_long_turn_is_cut() -> None:
    """Memory per turn is bounded."""
    memory = Conversations()
    memory.add("t", "q" * 10_000, an_answer(text="a" * 100_000))
    assert [len(turn.text) for turn in memory.turns("t")] == [4_000, 4_000]


def test_a_long_conversation_keeps_its_latest_turns() -> None:
    """Memory per thread is bounded."""
    memory = Conversations(turns=4)
    for number in range(10):
        memory.add("t", f"q{number}", an_answer(text=f"a{number}"))
    assert [turn.text for turn in memory.turns("t")] == ["q8", "a8", "q9", "a9"]


def test_the_thread_that_was_quiet_longest_is_forgotten_first() -> None:
    """The number of threads is bounded; reading one counts as using it."""
    memory = Conversations(threads=2)
    memory.add("first", "q", an_answer())
    memory.add("second", "q", an_answer())
    memory.turns("first")
    memory.add("third", "q", an_answer())
    assert memory.turns("second") == ()
    assert memory.turns("first")
    assert memory.turns("third")
