"""Answers that a language model writes, held to the passages they cite: over the wire, from a scripted endpoint."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from rag_core.assistant import Assistant
from rag_core.bootstrap import Core, make_assistant
from rag_core.generation.extractive import Extractive
from rag_core.generation.grounding import Grounding, Support
from rag_core.generation.writing.generative import Generative
from rag_core.generation.writing.prompt import NOT_FOUND
from rag_core.ingest.indexing import Indexer, Parsed
from rag_core.messages import say
from rag_core.records.database import transaction
from rag_core.records.tables import answers
from rag_core.settings import Generator, Settings
from rag_core.types import Answer, Passage, Principal, Question
from tests.servers.language_model import LanguageServer, Reply, echo, refusal, until

DOCUMENTS = {
    "leave": "You have 30 days of leave a year. Ask your lead two weeks ahead. Unused days expire in March.",
    "office": "The office in Porto is at Rua do Farol 18. It is open from 8 to 20 o'clock.",
    "deploy": "Roll back a deployment with this command:\n\n```sh\nshipctl rollback --to previous\n```\n",
}
LEAVE = "How many days of leave do I have a year?"
TRUE = "You have 30 days of leave a year [1]."
FALSE = "You also get a company car and a golden watch [1]."
ASKER = Principal("slack", "ada", "T1", direct=True)


@pytest.fixture
def endpoint() -> Iterator[LanguageServer]:
    with LanguageServer(answering=echo) as server:
        yield server


VARIANTS: dict[str, dict[str, Any]] = {
    "": {},
    "mark": {"unsupported": "mark"},
    "narrow": {"window": 900, "max_tokens": 50},
    "hasty": {"timeout_s": 1, "first_token_timeout_s": 0.5},
}


@pytest.fixture
def generator(endpoint: LanguageServer, request: pytest.FixtureRequest) -> Generator:
    more = VARIANTS[getattr(request, "param", "")]
    given = {"kind": "openai", "model": "scripted", "base_url": endpoint.url, "retries": 0, "timeout_s": 20}
    return Generator.model_validate(given | more)


@pytest.fixture
def settings(home: Path, generator: Generator) -> Settings:
    return Settings(home=home, generator=generator)


@pytest.fixture
async def assistant(core: Core) -> Assistant:
    indexer = Indexer(core.embedder, core.store, core.compute)
    for id, text in DOCUMENTS.items():
        parsed = Parsed(f"docs/{id}", "docs", "public", id, f"https://docs.example/{id}", text)
        await indexer.write([await indexer.divide(parsed)])
    return make_assistant(core)


async def answered(assistant: Assistant, text: str = LEAVE) -> Answer:
    return await assistant.ask(Question(text, ASKER))


async def test_a_supported_answer_is_given_with_its_sources(
    assistant: Assistant, endpoint: LanguageServer
) -> None:
    """The passages that were shown are numbered anew in the order they are cited, and quoted where they support it."""
    endpoint.script.append(
        Reply.text("You have 30 days of leave a year [1]. Ask your lead two weeks ahead. [1]")
    )
    answer = await answered(assistant)
    assert answer.text == "You have 30 days of leave a year. [1] Ask your lead two weeks ahead. [1]"
    (citation,) = answer.citations
    assert citation.location == "https://docs.example/leave"
    assert "You have 30 days of leave a year." in citation.quote
    assert (answer.generator, answer.abstained, answer.notices) == ("openai:scripted", False, ())
    assert "You have 30 days of leave a year." in endpoint.asked[0].last


async def test_a_sentence_that_its_passage_does_not_support_is_removed(
    assistant: Assistant, endpoint: LanguageServer
) -> None:
    """And the reader is told."""
    endpoint.script.append(Reply.text(f"{TRUE} {FALSE} Unused days expire in March [1]."))
    answer = await answered(assistant)
    assert answer.text == "You have 30 days of leave a year. [1] Unused days expire in March. [1]"
    assert answer.notices == (say("en", "sentences-removed"),)


@pytest.mark.parametrize("generator", ["mark"], indirect=True)
async def test_or_it_is_marked(assistant: Assistant, endpoint: LanguageServer) -> None:
    endpoint.script.append(Reply.text(f"{TRUE} {FALSE}"))
    answer = await answered(assistant)
    assert answer.text.endswith("You also get a company car and a golden watch. [?]")
    assert answer.notices == (say("en", "sentences-marked"),)


async def test_a_sentence_without_a_citation_gets_the_passage_that_supports_it(
    assistant: Assistant, endpoint: LanguageServer
) -> None:
    """Or goes."""
    endpoint.script.append(
        Reply.text("You have 30 days of leave a year. Lunch is free for everybody on Fridays.")
    )
    answer = await answered(assistant)
    assert answer.text == "You have 30 days of leave a year. [1]"


async def test_an_asker_is_answered_in_his_language(
    core: Core, assistant: Assistant, endpoint: LanguageServer
) -> None:
    """From passages in another one: numbers and names are compared, and the reader is told that no more could be."""
    endpoint.script.append(
        Reply.text("Das Büro in Porto ist von 8 bis 20 Uhr offen [1]. Es hat 45 Zimmer [1].")
    )
    answer = await answered(assistant, "Wann ist das Büro in Porto offen, Rua do Farol 18 Porto office open?")
    assert answer.text == "Das Büro in Porto ist von 8 bis 20 Uhr offen. [1]"
    assert say("en", "other-language") in answer.notices


async def test_a_number_that_no_passage_has_cites_nothing(
    assistant: Assistant, endpoint: LanguageServer
) -> None:
    endpoint.script.append(Reply.text("You have 30 days of leave a year [57]."))
    answer = await answered(assistant)
    assert answer.text == "You have 30 days of leave a year. [1]"


async def test_an_answer_of_which_nothing_is_supported_gives_way_to_the_documents(
    assistant: Assistant, endpoint: LanguageServer
) -> None:
    """Quoted, and the reader is told."""
    endpoint.script.append(
        Reply.text("The moon is made of green cheese [1]. Ravens wrote the constitution [2].")
    )
    answer = await answered(assistant)
    assert "You have 30 days of leave a year." in answer.text
    assert answer.generator == "extractive"
    assert answer.notices == (say("en", "answer-unsupported"),)


async def test_a_model_that_finds_no_answer_makes_an_abstention(
    assistant: Assistant, endpoint: LanguageServer
) -> None:
    """With the nearest documents."""
    endpoint.script.append(Reply.text(NOT_FOUND))
    answer = await answered(assistant)
    assert answer.abstained
    assert answer.nearest
    assert NOT_FOUND not in answer.text


@pytest.mark.parametrize("said", ["", "# Leave", "<think>You have 30 days of leave a year."])
async def test_an_answer_without_an_answer_is_a_failure(
    assistant: Assistant, endpoint: LanguageServer, said: str
) -> None:
    """Which is not kept: the next one who asks gets another try."""
    endpoint.script.extend([Reply.text(said), Reply.text(TRUE)])
    answer = await answered(assistant)
    assert (answer.generator, answer.notices) == ("extractive", (say("en", "generator-failed"),))
    assert (await answered(assistant)).generator == "openai:scripted"


async def test_an_answer_in_part_is_said_to_be_one(assistant: Assistant, endpoint: LanguageServer) -> None:
    endpoint.script.extend(
        [Reply.text(f"The passages do not mention parental leave. {TRUE}"), Reply.text(TRUE)]
    )
    answer = await answered(assistant)
    assert answer.text == "You have 30 days of leave a year. [1]"
    assert answer.notices == (say("en", "answered-in-part"),)
    whole = await answered(assistant, "How many days of leave a year do I have?")
    assert answer.confidence < whole.confidence


async def test_a_question_that_nothing_answers_is_not_sent_to_the_model(
    assistant: Assistant, endpoint: LanguageServer
) -> None:
    """It costs nothing, and gives the model nothing to make things up from."""
    answer = await answered(assistant, "What is the boiling point of tungsten?")
    assert answer.abstained
    assert endpoint.asked == []


@pytest.mark.parametrize(
    "reply",
    [
        refusal(500, "broken"),
        refusal(401, "no"),
        Reply(body=b"<html>nonsense</html>"),
        Reply(drop="before headers"),
        Reply.text("You have 30 days [1]. And", drop="mid-stream"),
    ],
    ids=["500", "401", "nonsense", "dropped", "broken off"],
)
async def test_where_the_model_fails_the_documents_are_quoted(
    assistant: Assistant, endpoint: LanguageServer, reply: Reply
) -> None:
    """The reader is told, and the next one who asks gets another try: nothing of it is kept."""
    endpoint.script.extend([reply, Reply.text(TRUE)])
    answer = await answered(assistant)
    assert "You have 30 days of leave a year." in answer.text
    assert (answer.generator, answer.notices) == ("extractive", (say("en", "generator-failed"),))
    later = await answered(assistant)
    assert (later.generator, later.cached) == ("openai:scripted", False)


@pytest.mark.parametrize("generator", ["hasty"], indirect=True)
@pytest.mark.parametrize("pause", ["before_headers_s", "before_first_s", "between_s"])
async def test_a_model_that_is_too_slow_is_given_up(
    assistant: Assistant, endpoint: LanguageServer, pause: str
) -> None:
    """And is told so: the connection is closed, and it need not write on."""
    endpoint.script.append(Reply.text(TRUE, **{pause: 30}))
    answer = await answered(assistant)
    assert answer.notices == (say("en", "generator-failed"),)
    await until(lambda: endpoint.asked[0].ended == "disconnected")


async def test_an_asker_who_goes_away_stops_the_model(assistant: Assistant, endpoint: LanguageServer) -> None:
    endpoint.script.append(Reply.text(TRUE, between_s=30))
    asking = asyncio.create_task(answered(assistant))
    await until(lambda: endpoint.asked and endpoint.asked[0].sent > 0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await until(lambda: endpoint.asked[0].ended == "disconnected")


async def test_the_model_is_told_how_the_answer_should_sound(
    assistant: Assistant, endpoint: LanguageServer
) -> None:
    """Where a channel has a tone; the documents are quoted as they are."""
    endpoint.script += [Reply.text(TRUE), Reply.text(TRUE)]
    for tone in ("", "Like a\npirate."):
        await assistant.ask(Question(LEAVE, ASKER, tone=tone))
    plain, pirate = (asked.body["messages"][0]["content"] for asked in endpoint.asked)
    assert "pirate" not in plain
    assert pirate.startswith(plain)
    assert pirate.endswith("Like a pirate.")


async def test_what_is_written_is_said_as_it_comes(assistant: Assistant, endpoint: LanguageServer) -> None:
    """Whole checked sentences, to all who wait for the same answer; never what is removed."""
    endpoint.script.append(Reply.text(f"{TRUE} {FALSE} Ask your lead two weeks ahead [1].", between_s=0.02))
    one: list[str] = []
    other: list[str] = []
    question = Question(LEAVE, ASKER)
    first, second = await asyncio.gather(
        assistant.ask(question, one.append), assistant.ask(question, other.append)
    )
    assert one == other == ["You have 30 days of leave a year. [1]", first.text]
    assert first.text == second.text
    assert len(endpoint.asked) == 1


@pytest.mark.parametrize("generator", ["narrow"], indirect=True)
async def test_a_prompt_that_the_model_finds_too_long_is_sent_again_shorter(
    assistant: Assistant, endpoint: LanguageServer
) -> None:
    """With fewer passages: ours was an estimate."""
    too_long = refusal(400, "This model's maximum context length is 500 tokens.", "context_length_exceeded")
    endpoint.script.extend([too_long, Reply.text(TRUE)])
    answer = await answered(assistant)
    assert answer.generator == "openai:scripted"
    first, second = (asked.last.count("<passage ") for asked in endpoint.asked)
    assert first > second > 0


async def test_thoughts_are_not_part_of_the_answer(assistant: Assistant, endpoint: LanguageServer) -> None:
    endpoint.script.append(Reply.text(f"<think>You have 30 days of leave a year, I think.</think>\n\n{TRUE}"))
    assert (await answered(assistant)).text == "You have 30 days of leave a year. [1]"


async def test_commands_are_kept_exactly_and_only_where_they_stand_in_a_passage(
    assistant: Assistant, endpoint: LanguageServer
) -> None:
    """A command that the model made up goes."""
    known = "```sh\nshipctl rollback --to previous\n```"
    made_up = "```sh\nrm -rf / --no-preserve-root\n```"
    endpoint.script.append(Reply.text(f"Roll back a deployment with this command:\n\n{known}\n\n{made_up}\n"))
    answer = await answered(assistant, "How do I roll back a deployment?")
    assert known in answer.text
    assert "rm -rf" not in answer.text
    assert answer.citations[0].location == "https://docs.example/deploy"


async def test_a_list_stays_a_list_when_an_item_goes(assistant: Assistant, endpoint: LanguageServer) -> None:
    items = (
        "Your leave:\n\n- You have 30 days of leave a year [1].\n- Ravens deliver golden watches [1].\n"
        "- Unused days expire in March [1].\n"
    )
    endpoint.script.append(Reply(pieces=(items,)))
    answer = await answered(assistant)
    assert answer.text == (
        "Your leave:\n\n- You have 30 days of leave a year. [1]\n- Unused days expire in March. [1]"
    )


async def test_no_link_comes_about_where_two_sentences_meet(
    assistant: Assistant, endpoint: LanguageServer
) -> None:
    endpoint.script.append(
        Reply.text(
            "You have [30 days of leave a year! [1] Ask your lead](https://evil.example) two weeks ahead. [1]"
        )
    )
    answer = await answered(assistant)
    assert "](" not in answer.text
    assert "evil" not in answer.text


async def test_tokens_and_version_are_recorded(
    core: Core, assistant: Assistant, endpoint: LanguageServer
) -> None:
    """As the endpoint counted them."""
    endpoint.script.append(Reply.text(TRUE))
    await answered(assistant)
    async with transaction(core.database) as connection:
        row = (await connection.execute(select(answers))).mappings().one()
    assert (row["generator"], row["generator_version"]) == ("openai:scripted", core.generator.version)
    assert row["prompt_tokens"] > 100
    assert row["answer_tokens"] > 5


class Mistaken(Grounding):
    async def check(self, sentence: str, passages: Sequence[Passage]) -> Support:
        raise RecursionError("a mistake of ours")


async def test_a_mistake_in_checking_costs_no_answer(
    core: Core, assistant: Assistant, endpoint: LanguageServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever a model writes; the log has the mistake."""
    endpoint.script.append(Reply.text(TRUE))
    said = core.settings
    quoting = Extractive(said.answers, said.retrieval.top_k)
    assert core.model is not None
    generator = Generative(core.model, quoting, Mistaken(), said.generator, said.retrieval.top_k)
    answer = await answered(make_assistant(replace(core, generator=generator)))
    assert "You have 30 days of leave a year." in answer.text
    assert answer.notices == (say("en", "generator-failed"),)
    assert "a mistake of ours" in caplog.text
