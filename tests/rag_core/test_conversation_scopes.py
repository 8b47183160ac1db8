"""A conversation end to end: follow-ups are answered, and nothing that the asker may not read leads to it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from rag_core.assistant import Assistant
from rag_core.bootstrap import Core, make_assistant
from rag_core.ingest.indexing import Indexer, Parsed
from rag_core.records.database import transaction
from rag_core.records.tables import answers
from rag_core.settings import Access, AccessRule, Conversation, Settings
from rag_core.types import Answer, Principal, Question, Turn

DOCUMENTS = {
    "leave": ("public", "You have 30 days of leave a year. Ask your lead two weeks ahead."),
    "leave-portugal": ("public", "In Portugal you have 22 days of leave a year, as the law says."),
    "project": ("hr", "Project Heron is led by Grace Hopper. Project Heron costs 80,000 euros a year."),
    "office": ("public", "The office in Porto is at Rua do Farol 18."),
}
LEAVE = "How many days of leave do I have?"
SECRET = "Which project does Grace Hopper lead?"
GUEST = Principal("web", "guest")
HR = Principal("slack", "ada", "T1", roles=frozenset({"hr"}), direct=True)


@pytest.fixture
def settings(home: Path) -> Settings:
    rule = AccessRule(scopes=("hr",), platform="slack", workspace=("T1",), role=("hr",))
    return Settings(home=home, access=Access(rules=(rule,)))


@pytest.fixture
async def assistant(core: Core) -> Assistant:
    for id, (scope, text) in DOCUMENTS.items():
        await indexed(core, id, scope, id, text)
    return make_assistant(core)


async def indexed(core: Core, id: str, scope: str, title: str, text: str) -> None:
    indexer = Indexer(core.embedder, core.store, core.compute)
    parsed = Parsed(f"docs/{id}", "docs", scope, title, f"https://docs.example/{id}", text)
    await indexer.write([await indexer.divide(parsed)])


def asked(text: str, principal: Principal = GUEST, *turns: Turn) -> Question:
    return Question(text, principal, thread="t1", turns=turns)


def exchange(question: str, answer: Answer) -> tuple[Turn, Turn]:
    return Turn("user", question), Turn("assistant", answer.text, answer.id)


async def test_a_follow_up_is_answered_as_the_question_it_stands_for(
    core: Core, assistant: Assistant
) -> None:
    """'And in Portugal?' is searched with what went before; the asker sees how it was understood, and so does the record."""
    first = await assistant.ask(asked(LEAVE))
    second = await assistant.ask(asked("And in Portugal?", GUEST, *exchange(LEAVE, first)))
    assert "30 days" in first.text
    assert "22 days" in second.text
    assert (first.standalone, second.standalone) == ("", "How many days of leave do I have in Portugal?")
    async with transaction(core.database) as connection:
        row = (await connection.execute(select(answers).where(answers.c.id == second.id))).mappings().one()
    assert (row["question"], row["standalone"]) == ("And in Portugal?", second.standalone)


async def test_without_turns_a_question_is_taken_as_it_is(assistant: Assistant) -> None:
    """There is nothing that it could follow up on."""
    assert (await assistant.ask(asked("And in Portugal?"))).standalone == ""


async def test_another_question_is_not_coloured_by_the_thread(assistant: Assistant) -> None:
    """A change of topic drags nothing along."""
    first = await assistant.ask(asked(LEAVE))
    second = await assistant.ask(asked("Where is the office in Porto?", GUEST, *exchange(LEAVE, first)))
    assert second.standalone == ""
    assert "Rua do Farol 18" in second.text


async def test_an_answer_of_other_scopes_never_enters_a_conversation(assistant: Assistant) -> None:
    """Who may read it has 'it' resolved from the answer; who may not is not helped by it, nor by the question to it."""
    secret = await assistant.ask(asked(SECRET, HR))
    assert "Heron" in secret.text
    turns = exchange(SECRET, secret)
    allowed = await assistant.ask(asked("How much does it cost?", HR, *turns))
    assert allowed.standalone
    assert "80,000" in allowed.text
    refused = await assistant.ask(asked("How much does it cost?", GUEST, *turns))
    assert refused.standalone == ""
    for hidden in ("Heron", "Hopper", "80,000"):
        assert hidden not in str(refused)


async def test_he_is_whom_the_document_of_the_answer_before_is_about(
    core: Core, assistant: Assistant
) -> None:
    """Its title says so, and neither the question nor the answer does; the platform gives the answer's id alone."""
    for title, awards in (("Roger Clemens", "seven"), ("Pedro Martinez", "three")):
        text = f"The pitcher won the Cy Young award {awards} times."
        if title == "Roger Clemens":
            text = f"Our oldest pitcher threw 4,672 strikeouts before he retired.\n\n{text}"
        await indexed(core, title.split()[0].lower(), "public", title, text)
    tell = "Tell me about our oldest pitcher and his strikeouts before he retired."
    first = await assistant.ask(asked(tell))
    assert first.citations[0].title == "Roger Clemens"
    assert "Clemens" not in first.text
    second = await assistant.ask(asked("Did he win any awards?", GUEST, *exchange(tell, first)))
    assert second.standalone == "Did Roger Clemens win any awards?"
    assert "seven times" in second.text
    assert second.citations[0].title == "Roger Clemens"


async def test_the_title_of_what_a_hidden_answer_cites_never_enters(core: Core, assistant: Assistant) -> None:
    """Not by its record, and not by what the platform hands over with the turn."""
    await indexed(core, "lovelace", "hr", "Ada Lovelace", "The head of design earns 80,000 euros a year.")
    question = "What does the head of design earn a year?"
    secret = await assistant.ask(asked(question, HR))
    assert secret.citations[0].title == "Ada Lovelace"
    turns = exchange(question, secret)
    assert "Lovelace" not in secret.text
    allowed = await assistant.ask(asked("Did she win any awards?", HR, *turns))
    assert allowed.standalone == "Did Ada Lovelace win any awards?"
    handed = (turns[0], replace(turns[1], titles=("Ada Lovelace",)))
    for given in (turns, handed, (*exchange(LEAVE, await assistant.ask(asked(LEAVE))), *handed)):
        refused = await assistant.ask(asked("Did she win any awards?", GUEST, *given))
        assert "Lovelace" not in str(refused)


async def test_hidden_turns_are_passed_over_and_not_the_rest(assistant: Assistant) -> None:
    """Before and after them the conversation goes on."""
    secret = await assistant.ask(asked(SECRET, HR))
    first = await assistant.ask(asked(LEAVE))
    turns = (*exchange(LEAVE, first), *exchange(SECRET, secret))
    after = await assistant.ask(asked("And in Portugal?", GUEST, *turns))
    assert after.standalone == "How many days of leave do I have in Portugal?"


async def test_an_answer_that_is_not_recorded_is_hidden(assistant: Assistant) -> None:
    """Nobody knows what it was made from."""
    turns = (Turn("user", SECRET), Turn("assistant", "Project Heron.", "0" * 16))
    assert (await assistant.ask(asked("How much does it cost?", GUEST, *turns))).standalone == ""


async def test_hidden_turns_stay_hidden_where_an_answer_took_two_messages(assistant: Assistant) -> None:
    """Long answers are split by some platforms."""
    secret = await assistant.ask(asked(SECRET, HR))
    halves = (Turn("assistant", "Project Heron", secret.id), Turn("assistant", "is led by her.", secret.id))
    refused = await assistant.ask(asked("How much does it cost?", GUEST, Turn("user", SECRET), *halves))
    assert refused.standalone == ""
    assert "Heron" not in str(refused)


async def test_what_one_was_answered_in_a_conversation_is_not_another_ones_cached_answer(
    assistant: Assistant,
) -> None:
    """The same follow-up behind other turns is another question."""
    first = await assistant.ask(asked(LEAVE))
    office = Turn("user", "Where is the office in Porto?")
    follow_up = await assistant.ask(asked("And in Portugal?", GUEST, *exchange(LEAVE, first)))
    other = await assistant.ask(asked("And in Portugal?", GUEST, office))
    assert not other.cached
    assert other.standalone != follow_up.standalone


async def test_a_follow_up_is_searched_as_it_was_asked_too(core: Core, assistant: Assistant) -> None:
    """Unless it asks nothing by itself."""
    caching = core.caching

    async def searched(text: str) -> bool:
        await asyncio.gather(*caching._tasks)
        return await caching.vector(caching.keys.embedding(text), core.embedder.card.dimension) is not None

    turns = (Turn("user", LEAVE), Turn("assistant", "Ada Lovelace leads the design team since 2019."))
    await assistant.ask(asked("How can I reach her?", GUEST, *turns))
    await assistant.ask(asked("And in Portugal?", GUEST, *turns))
    assert await searched("How can I reach Ada Lovelace?")
    assert await searched("How can I reach her?")
    assert await searched("How many days of leave do I have in Portugal?")
    assert not await searched("And in Portugal?")


async def test_questions_understood_alike_share_no_answer_where_they_were_asked_differently(
    assistant: Assistant,
) -> None:
    """What was asked is searched too, so that another wording may find something else; the same finds its answer."""
    turns = (
        Turn("user", "Who is the head of the design team?"),
        Turn("assistant", "Ada Lovelace leads the design team since 2019."),
    )
    first = await assistant.ask(asked("How can I reach her?", GUEST, *turns))
    again = await assistant.ask(asked("How can I reach her?", GUEST, *turns))
    other = await assistant.ask(asked("How can I reach him?", GUEST, *turns))
    assert first.standalone == other.standalone == "How can I reach Ada Lovelace?"
    assert again.cached
    assert not other.cached


async def test_no_turns_are_looked_at_where_the_settings_say_so(core: Core, assistant: Assistant) -> None:
    """conversation.turns = 0 takes every question by itself."""
    without = core.settings.model_copy(update={"conversation": Conversation(turns=0)})
    alone = make_assistant(replace(core, settings=without))
    first = await assistant.ask(asked(LEAVE))
    assert (await alone.ask(asked("And in Portugal?", GUEST, *exchange(LEAVE, first)))).standalone == ""
