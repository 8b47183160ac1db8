"""A question end to end, with the real parts: model, index, search, extractive answer, database."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from rag_core.assistant import Assistant
from rag_core.bootstrap import Core, make_assistant
from rag_core.errors import InvalidQuestion, NotFound
from rag_core.ingest.indexing import Indexer, Parsed
from rag_core.messages import say
from rag_core.records import database
from rag_core.records.database import transaction
from rag_core.records.feedback.recording import Feedback
from rag_core.records.tables import answers
from rag_core.review.answering import by_itself
from rag_core.settings import Access, AccessRule, Settings
from rag_core.types import Answer, Principal, Question, Vote

NO_DOCUMENTS = say("en", "no-documents")
DOCUMENTS = {
    "leave": ("public", "You have 30 days of leave a year. Ask your lead two weeks ahead."),
    "bonus": ("hr", "The yearly bonus is 2,500 euros. It is paid in March."),
    "office": ("public", "The office in Porto is at Rua do Farol 18."),
}
LEAVE = "How many days of leave do I have?"
BONUS = "How much is the bonus?"
CONSOLE = Principal("console", "root")
GUEST = Principal("web", "guest")
HR = Principal("slack", "ada", "T1", roles=frozenset({"hr"}), direct=True)


@pytest.fixture
def settings(home: Path) -> Settings:
    rule = AccessRule(scopes=("hr",), platform="slack", workspace=("T1",), role=("hr",))
    return Settings(home=home, access=Access(rules=(rule,)))


@pytest.fixture
async def assistant(core: Core) -> Assistant:
    """Over three small documents, one of which only some may read."""
    await store(core, DOCUMENTS)
    return make_assistant(core)


async def store(core: Core, documents: dict[str, tuple[str, str]]) -> None:
    indexer = Indexer(core.embedder, core.store, core.compute)
    for id, (scope, text) in documents.items():
        parsed = Parsed(f"docs/{id}", "docs", scope, id, f"https://docs.example/{id}", text)
        await indexer.write([await indexer.divide(parsed)])


def asked(text: str, principal: Principal = CONSOLE) -> Question:
    return Question(text, principal, thread="t1")


async def test_a_question_is_answered_from_the_documents(assistant: Assistant) -> None:
    """With its source, an id, the release and how sure it is."""
    answer = await assistant.ask(asked(LEAVE))
    assert "You have 30 days of leave a year. [1]" in answer.text
    assert answer.citations[0].location == "https://docs.example/leave"
    assert not answer.abstained
    assert 0.5 < answer.confidence <= 1
    assert (len(answer.id), answer.release) == (16, "r1")


async def test_an_answer_is_recorded_with_all_that_produced_it(core: Core, assistant: Assistant) -> None:
    """Question as asked, passages with their scores, scopes, release, generation of the index, timings."""
    answer = await assistant.ask(asked(f"  {LEAVE}\n", HR))
    async with transaction(core.database) as connection:
        row = (await connection.execute(select(answers))).mappings().one()
    assert row["question"] == f"  {LEAVE}\n"
    assert (row["id"], row["answer"], row["release"]) == (answer.id, answer.text, "r1")
    assert (row["platform"], row["user_id"], row["thread"]) == ("slack", "ada", "t1")
    assert row["scopes"] == ["hr", "public"]
    assert row["generation"] == (await core.store.state()).generation
    assert row["passages"][0]["passage"] == answer.citations[0].passage == "docs/leave#0"
    assert set(row["passages"][0]) == {"passage", "cosine", "bm25", "score"}
    assert len(row["passages"]) == len(DOCUMENTS)
    assert set(row["timings_ms"]) == {"understand", "embed", "search", "fetch", "refine", "generate"}
    assert row["created_at"] is not None


@pytest.mark.parametrize("text", [LEAVE, "What is the boiling point of tungsten?"])
@pytest.mark.parametrize("scopes", [frozenset({"public"}), frozenset({"nobody"}), None])
async def test_what_is_answered_without_a_record_is_what_would_be_asked(
    core: Core, assistant: Assistant, text: str, scopes: frozenset[str] | None
) -> None:
    """A preview, a release by itself, and a question of somebody who reads the same; also where there is nothing to read."""
    previewed = await assistant.preview(asked(text), scopes)
    alone = await by_itself(core)(text, scopes)
    told = await assistant.ask(replace(asked(text), scopes=scopes))
    assert previewed.ranked == tuple(alone.ranked)
    assert previewed.answer.citations == told.citations == alone.draft.citations
    assert previewed.answer.abstained == told.abstained == alone.draft.abstained
    assert previewed.answer.text == told.text
    async with transaction(core.database) as connection:
        assert list(await connection.scalars(select(answers.c.id))) == [told.id]


async def test_an_abstention_is_recorded_as_well(core: Core, assistant: Assistant) -> None:
    """What is missing from the documents is worth knowing."""
    answer = await assistant.ask(asked("What is the boiling point of tungsten?"))
    assert answer.abstained
    async with transaction(core.database) as connection:
        row = (await connection.execute(select(answers.c.id, answers.c.abstained, answers.c.scopes))).one()
    assert tuple(row) == (answer.id, True, None)


async def test_the_time_of_each_stage_is_told(assistant: Assistant) -> None:
    """In milliseconds; the total holds the others."""
    timings = (await assistant.ask(asked(LEAVE))).timings_ms
    stages = ["understand", "embed", "search", "fetch", "refine", "generate", "record"]
    assert list(timings) == [*stages, "total"]
    assert all(ms >= 0 for ms in timings.values())
    assert sum(timings[stage] for stage in stages) == pytest.approx(timings["total"], rel=0.1, abs=2)


async def test_each_answer_has_an_id_of_its_own(assistant: Assistant) -> None:
    """Also the same answer to the same question, asked at the same moment."""
    given = await asyncio.gather(*(assistant.ask(asked(LEAVE)) for _ in range(10)))
    assert len({answer.id for answer in given}) == 10
    assert len({answer.text for answer in given}) == 1


# --- who may read what -------------------------------------------------------------------------------------------


def shown(answer: Answer) -> set[str]:
    """The documents that an answer shows anything of."""
    return {c.title for c in (*answer.citations, *answer.nearest)}


async def test_nobody_sees_anything_of_a_document_they_may_not_read(core: Core, assistant: Assistant) -> None:
    """Not in the answer, not among the nearest documents, not in what is recorded for them."""
    answer = await assistant.ask(asked(BONUS, GUEST))
    assert answer.abstained
    assert answer.nearest
    assert "bonus" not in shown(answer)
    assert "2,500" not in str(answer)
    async with transaction(core.database) as connection:
        row = (await connection.execute(select(answers.c.passages, answers.c.scopes))).one()
    assert {p["passage"] for p in row.passages} == {"docs/leave#0", "docs/office#0"}
    assert row.scopes == ["public"]


async def test_those_who_may_read_it_are_answered_from_it(assistant: Assistant) -> None:
    """And the console, which reads everything."""
    for principal in (HR, CONSOLE):
        answer = await assistant.ask(asked(BONUS, principal))
        assert "2,500 euros" in answer.text
        assert "bonus" in shown(answer)


async def test_an_answer_is_not_affected_by_a_rival_that_may_not_be_read(
    core: Core, assistant: Assistant
) -> None:
    """A better passage that the asker may not read takes nobody's place."""
    before = await assistant.ask(asked(LEAVE, GUEST))
    await store(core, {f"secret{n}": ("hr", f"You have {n} days of leave.") for n in range(60)})
    after = await assistant.ask(asked(LEAVE, GUEST))
    assert (after.text, shown(after)) == (before.text, shown(before))


# --- what cannot be answered -------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "???", "🎉", "x" * 5_000])
async def test_what_is_no_question_is_refused_and_not_recorded(
    core: Core, assistant: Assistant, text: str
) -> None:
    """InvalidQuestion, whose sentence is for the asker."""
    with pytest.raises(InvalidQuestion):
        await assistant.ask(asked(text))
    async with transaction(core.database) as connection:
        assert (await connection.execute(select(answers))).all() == []


async def test_without_documents_the_answer_says_how_to_give_some(core: Core) -> None:
    """An empty index is not a question badly put."""
    answer = await make_assistant(core).ask(asked(LEAVE))
    assert (answer.text, answer.abstained, answer.confidence) == (NO_DOCUMENTS, True, 0.0)


async def test_someone_who_may_read_none_of_the_documents_is_told_the_same(core: Core) -> None:
    """Whether there are documents of others is not told."""
    await store(core, {"bonus": DOCUMENTS["bonus"]})
    answer = await make_assistant(core).ask(asked(BONUS, GUEST))
    assert (answer.text, answer.nearest, answer.confidence) == (NO_DOCUMENTS, (), 0.0)


async def test_a_locked_database_costs_the_record_and_not_the_answer(
    settings: Settings, core: Core, assistant: Assistant, caplog: pytest.LogCaptureFixture
) -> None:
    """The answer is given, the log says that it is not recorded, and a vote on it finds no such answer."""
    async with transaction(core.database) as connection:
        await connection.exec_driver_sql("PRAGMA busy_timeout = 50")
    holder = sqlite3.connect(settings.home / "answerloop.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    answer = await assistant.ask(asked(LEAVE))
    holder.close()
    assert "30 days" in answer.text
    told = [r.getMessage() for r in caplog.records if r.name == "rag_core.assistant"]
    assert told == [f"answer {answer.id} could not be recorded"]
    with pytest.raises(NotFound, match=answer.id):
        await assistant.vote(Vote(answer.id, "web", "guest", 1))


def test_a_locked_database_is_not_waited_for_long() -> None:
    """An asker waits for the record: at most as long as SQLite waits for another writer."""
    assert database.BUSY_MS <= 5_000


async def test_a_vote_is_recorded(core: Core, assistant: Assistant) -> None:
    """By the answer's id, which is all that a button carries."""
    answer = await assistant.ask(asked(LEAVE))
    vote = Vote(answer.id, "web", "guest", -1, comment="It is 31.")
    await assistant.vote(vote)
    assert await Feedback(core.database).votes_on(answer.id) == [vote]


# --- always up to date -------------------------------------------------------------------------------------------


async def test_the_same_process_answers_from_a_document_that_changed(
    core: Core, assistant: Assistant
) -> None:
    """Who won the last World Cup? France, until the page says Argentina."""
    question = asked("Who won the last FIFA World Cup?")
    await store(core, {"cup": ("public", "France won the last FIFA World Cup, held in Russia in 2018.")})
    first, before = await assistant.ask(question), await assistant.state()
    await store(core, {"cup": ("public", "Argentina won the last FIFA World Cup, held in Qatar in 2022.")})
    second, after = await assistant.ask(question), await assistant.state()
    assert "France" in first.text
    assert "Argentina" in second.text
    assert "France" not in second.text
    assert (before["passages"], before["release"]) == (after["passages"], after["release"])
    assert before["generation"] != after["generation"]


async def test_an_abstention_says_what_was_searched_and_whom_to_ask(core: Core, assistant: Assistant) -> None:
    """The sources that this asker may read and no others, the nearest documents, and a way to a person."""
    for name, scope in (("handbook", "public"), ("payroll", "hr")):
        await core.documents.put_source(name, {"name": name, "scope": scope}, from_settings=True)
    tungsten = "What is the boiling point of tungsten?"
    guest, hr = await assistant.ask(asked(tungsten, GUEST)), await assistant.ask(asked(tungsten, HR))
    assert guest.abstained
    assert guest.text == " ".join(
        (say("en", "not-found"), say("en", "searched", sources="handbook"), say("en", "ask-person"))
    )
    assert say("en", "searched", sources="handbook and payroll") in hr.text
    assert guest.nearest
    told = core.settings.answers.model_copy(update={"ask_person": "Ask in #help."})
    settings = core.settings.model_copy(update={"answers": told, "language": "de"})
    installed = make_assistant(replace(core, settings=settings))
    german = await installed.ask(asked(tungsten, GUEST))
    assert german.text.endswith("Ask in #help.")
    assert say("de", "not-found") in german.text
    french = await installed.ask(replace(asked(tungsten, GUEST), language="es", spoken="fr"))
    assert say("fr", "not-found") in french.text
