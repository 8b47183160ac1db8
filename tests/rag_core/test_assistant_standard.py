"""Standard answers through the assistant: given before anything is searched, shown as such, counted."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from rag_core.assistant import Assistant
from rag_core.bootstrap import Core, make_assistant
from rag_core.ingest.indexing import Indexer, Parsed
from rag_core.messages import say
from rag_core.records.database import transaction
from rag_core.records.tables import answers
from rag_core.standard.answer import StandardAnswer
from rag_core.types import Principal, Question, Turn

HOURS = "When is the office open?"
APPROVED = "From 8 to 20 o'clock, as [the porter](https://porter.example/hours) says. Ask @everyone."
GUEST = Principal("slack", "ada", "T1", channel="C1")


@pytest.fixture
async def assistant(core: Core) -> Assistant:
    indexer = Indexer(core.embedder, core.store, core.compute)
    parsed = Parsed(
        "docs/office", "docs", "public", "office", "https://docs.example/office", "The office is open."
    )
    await indexer.write([await indexer.divide(parsed)])
    return make_assistant(core)


def asked(text: str = HOURS, principal: Principal = GUEST, turns: tuple[Turn, ...] = ()) -> Question:
    return Question(text, principal, turns=turns)


async def saved(core: Core, **fields: object) -> StandardAnswer:
    (entry,) = await core.standard.save(StandardAnswer(APPROVED, (HOURS,), **fields))  # type: ignore[arg-type]
    return entry


async def test_a_standard_answer_is_given_and_shown_as_such(core: Core, assistant: Assistant) -> None:
    """With its links as citations, and nobody mentioned."""
    entry = await saved(core)
    answer = await assistant.ask(asked(HOURS.lower()))
    assert answer.text.startswith("From 8 to 20 o'clock, as the porter [1] says.")
    assert "@everyone" not in answer.text
    assert answer.citations[0].location == "https://porter.example/hours"
    assert answer.generator == f"standard:{entry.id}"
    assert answer.notices == (say("en", "standard-answer"),)
    assert (answer.abstained, answer.confidence) == (False, 1.0)


async def test_it_is_recorded_and_counted(core: Core, assistant: Assistant) -> None:
    """So that people can vote on it, and curators see what is used."""
    entry = await saved(core)
    answer = await assistant.ask(asked())
    await core.standard.close()
    async with transaction(core.database) as connection:
        row = (await connection.execute(select(answers))).mappings().one()
    assert (row["id"], row["generator"]) == (answer.id, f"standard:{entry.id}")
    assert (await core.standard.get(entry.id)).hits == 1


async def test_one_for_a_channel_is_given_there_alone(core: Core, assistant: Assistant) -> None:
    """Also right after it was given there: it is no cached answer of others."""
    await saved(core, platform="slack", channels=("C1",))
    assert (await assistant.ask(asked())).generator.startswith("standard:")
    assert not (
        await assistant.ask(asked(principal=Principal("slack", "bo", "T1", "C2")))
    ).generator.startswith("standard:")


async def test_one_made_from_what_the_asker_may_not_read_is_not_given(
    core: Core, assistant: Assistant
) -> None:
    await saved(core, scopes=frozenset({"hr"}))
    assert (await assistant.ask(asked())).generator == "extractive"


async def test_without_documents_standard_answers_are_given_all_the_same(core: Core) -> None:
    await saved(core)
    assert (await make_assistant(core).ask(asked())).generator.startswith("standard:")
