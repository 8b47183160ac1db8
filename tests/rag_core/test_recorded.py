"""All that produced an answer is recorded with it, however it came about."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from rag_core.assistant import Assistant
from rag_core.bootstrap import Core, make_assistant
from rag_core.generation.writing.prompt import NOT_FOUND, VERSION
from rag_core.ingest.indexing import Indexer, Parsed
from rag_core.records.database import transaction
from rag_core.records.tables import answers
from rag_core.retrieval.reranking import PairScorer, Reranker
from rag_core.retrieval.search import Search
from rag_core.settings import Generator, Settings
from rag_core.standard.answer import StandardAnswer
from rag_core.types import Answer, Principal, Question
from tests.servers.language_model import LanguageServer, Reply, refusal

LEAVE = "How many days of leave do I have a year?"
DOCUMENTS = {
    "leave": "You have 30 days of leave a year. Ask your lead two weeks ahead.",
    "office": "The office in Porto is at Rua do Farol 18.",
}
ADA = Principal("slack", "ada", "T1", direct=True)


@pytest.fixture
def endpoint() -> Iterator[LanguageServer]:
    with LanguageServer() as server:
        yield server


@pytest.fixture
def settings(home: Path, endpoint: LanguageServer, request: pytest.FixtureRequest) -> Settings:
    written = {"kind": "openai", "model": "scripted", "base_url": endpoint.url, "retries": 0}
    quotes = getattr(request, "param", "") == "extractive"
    return Settings(home=home, generator=Generator() if quotes else Generator.model_validate(written))


@pytest.fixture
async def assistant(core: Core) -> Assistant:
    await read(core)
    return make_assistant(core)


async def read(core: Core) -> None:
    indexer = Indexer(core.embedder, core.store, core.compute)
    for id, text in DOCUMENTS.items():
        parsed = Parsed(f"docs/{id}", "docs", "public", id, f"https://docs.example/{id}", text)
        await indexer.write([await indexer.divide(parsed)])


async def recorded(core: Core, answer: Answer) -> dict[str, Any]:
    async with transaction(core.database) as connection:
        query = select(answers).where(answers.c.id == answer.id)
        row = dict((await connection.execute(query)).mappings().one())
    stages = [ms for stage, ms in row["timings_ms"].items()]
    assert row["took_ms"] >= sum(stages) - 0.1  # what was waited for between the stages as well
    assert row["took_ms"] <= answer.timings_ms["total"]
    assert (row["release"], row["generation"]) == ("r1", (await core.store.state()).generation)
    return row


async def asked(assistant: Assistant, text: str = LEAVE) -> Answer:
    return await assistant.ask(Question(text, ADA, thread="t1"))


async def kept(core: Core) -> None:
    while core.caching._tasks:  # noqa: ASYNC110
        await asyncio.sleep(0.005)


async def test_a_written_answer_is_recorded_with_the_version_of_its_prompt(
    core: Core, assistant: Assistant, endpoint: LanguageServer
) -> None:
    """And the same answer from the cache with that of the one who wrote it."""
    endpoint.script.append(Reply.text("You have 30 days of leave a year [1]."))
    first = await asked(assistant)
    row = await recorded(core, first)
    assert (row["generator"], row["prompt_version"], row["cached"]) == ("openai:scripted", VERSION, False)
    assert row["prompt_tokens"] > 0
    assert row["passages"][0]["passage"] == "docs/leave#0"
    await kept(core)
    row = await recorded(core, await asked(assistant))
    assert (row["generator"], row["prompt_version"], row["cached"]) == ("openai:scripted", VERSION, True)
    assert row["passages"]


async def test_what_a_model_refused_to_answer_was_prompted_as_well(
    core: Core, assistant: Assistant, endpoint: LanguageServer
) -> None:
    """An abstention is recorded with the documents it named."""
    endpoint.script.append(Reply.text(NOT_FOUND))
    row = await recorded(core, await asked(assistant))
    assert (row["abstained"], row["prompt_version"]) == (True, VERSION)
    assert row["nearest"][0]["title"] == "leave"


async def test_what_was_quoted_instead_was_not_prompted(
    core: Core, assistant: Assistant, endpoint: LanguageServer
) -> None:
    """The model failed, and the documents answer; nor was what nothing was asked of."""
    endpoint.script.append(refusal(500, "broken"))
    row = await recorded(core, await asked(assistant))
    assert (row["generator"], row["prompt_version"]) == ("extractive", "")
    assert row["notices"] == ["generator-failed"]
    row = await recorded(core, await asked(assistant, "What is the boiling point of tungsten?"))
    assert (row["abstained"], row["prompt_version"]) == (True, "")
    assert row["nearest"]


@pytest.mark.parametrize("settings", ["extractive"], indirect=True)
async def test_quoted_and_standard_answers_have_no_prompt(core: Core, assistant: Assistant) -> None:
    """A standard answer was searched nothing for."""
    row = await recorded(core, await asked(assistant))
    assert (row["generator"], row["prompt_version"], row["nearest"]) == ("extractive", "", [])
    standard = StandardAnswer(questions=("Who leads the team?",), answer="Rita.", author="local:rita")
    (saved,) = await core.standard.save(standard)
    row = await recorded(core, await asked(assistant, "Who leads the team?"))
    assert (row["generator"], row["prompt_version"]) == (f"standard:{saved.id}", "")
    assert (row["passages"], row["confidence"]) == ([], 1.0)


@pytest.mark.parametrize("settings", ["extractive"], indirect=True)
async def test_what_the_reranker_thought_is_recorded(core: Core, reranker_folder: Path) -> None:
    """Of each passage that it read."""
    await read(core)
    assistant = make_assistant(core)
    reranker = Reranker(PairScorer(reranker_folder), core.compute, 10)
    search = Search(core.embedder, core.store, core.compute, core.settings.retrieval, core.caching, reranker)
    assistant._search = search
    row = await recorded(core, await asked(assistant))
    assert row["passages"]
    assert all(0 <= passage["probability"] <= 1 for passage in row["passages"])
