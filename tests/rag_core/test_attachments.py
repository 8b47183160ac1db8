"""Files that come with a conversation: read like documents, asked about, and nobody else's."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import tempfile
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from rag_core import attachments
from rag_core.assistant import Assistant
from rag_core.attachments import LARGEST_MB, MOST_CHARACTERS, Attachments
from rag_core.bootstrap import Core, make_assistant, make_attachments
from rag_core.errors import DocumentError, Unavailable
from rag_core.index.embedding import unit_similarities
from rag_core.ingest.indexing import Indexer, Parsed
from rag_core.ingest.loaders import Loaded
from rag_core.ingest.reading import ReadingPool
from rag_core.messages import LANGUAGES, say
from rag_core.records.database import transaction
from rag_core.records.tables import answers
from rag_core.retrieval.attaching import speaks_of_file, without_mention
from rag_core.standard.answer import StandardAnswer
from rag_core.types import Answer, Attached, Passage, Place, Principal, Question, Turn

ADA = Principal("slack", "ada", "T1", direct=True)
BOB = Principal("slack", "bob", "T1", direct=True)
CONSOLE = Principal("console", "root")
HANDBOOK = "You have 30 days of leave a year. Expenses are refunded within 30 days of the claim."
OFFER = b"""# Offer to Ada

## Leave

The contract grants 27 days of leave. Unused days expire in April.

## Salary

The salary is 61,000 euros a year, paid monthly.

## Equipment

You get a laptop and a bicycle.
"""
LEAVE = "What does this file say about leave?"


@pytest.fixture
async def assistant(core: Core) -> Assistant:
    """Over a handbook that says of leave something else than the file does."""
    indexer = Indexer(core.embedder, core.store, core.compute)
    parsed = Parsed("docs/handbook", "docs", "public", "Handbook", "https://docs.example/handbook", HANDBOOK)
    await indexer.write([await indexer.divide(parsed)])
    return make_assistant(core)


@pytest.fixture
async def files(core: Core) -> AsyncIterator[Attachments]:
    made = make_attachments(core)
    yield made
    await made.close()


@pytest.fixture
async def offer(files: Attachments) -> Attached:
    return await files.read("slack:F1", "offer.md", OFFER, "https://files.example/F1")


def asked(text: str, *attached: Attached, who: Principal = ADA, turns: tuple[Turn, ...] = ()) -> Question:
    return Question(text, who, thread="t1", turns=turns, attached=attached)


def shown(answer: Answer) -> set[str]:
    return {citation.title for citation in (*answer.citations, *answer.nearest)}


def as_turns(question: str, answer: Answer) -> tuple[Turn, ...]:
    return (Turn("user", question), Turn("assistant", answer.text, answer.id))


# --- reading -----------------------------------------------------------------------------------------------------


async def test_a_file_is_read_like_a_document(core: Core, offer: Attached) -> None:
    """Headings, places, units and their vectors, ids in order; with vectors of the embedder that questions have."""
    assert (offer.id, offer.title, offer.url) == ("slack:F1", "Offer to Ada", "https://files.example/F1")
    assert offer.release == core.release.id
    assert [p.id for p in offer.passages] == [f"attached:slack:F1#{n}" for n in range(3)]
    assert [p.headings[-1] for p in offer.passages] == ["Leave", "Salary", "Equipment"]
    assert {(p.document, p.scope) for p in offer.passages} == {("attached:slack:F1", offer.scope)}
    asking = core.embedder.embed_query("How high is the salary?")
    vectors = np.frombuffer(offer.vectors, np.float32).reshape(3, -1)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert int(np.argmax(vectors @ asking)) == 1
    assert len(unit_similarities(asking, offer.passages[0].unit_vectors)) == len(offer.passages[0].units) == 2


async def test_a_long_file_has_its_passages_in_order(files: Attachments) -> None:
    """Embedded in several batches, numbered through; neighbours can be joined."""
    text = "\n\n".join(f"## Part {n}\n\nPart {n} is about number {n * 7}." for n in range(40))
    read = await files.read("slack:F2", "parts.md", text.encode(), "")
    assert [p.id.rpartition("#")[2] for p in read.passages] == [str(n) for n in range(40)]
    assert [f"Part {n} " in p.text for n, p in enumerate(read.passages)] == [True] * 40
    assert len(read.words) == 40
    assert len(read.vectors) == 40 * 384 * 4


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("big.txt", b"a" * (LARGEST_MB * 2**20 + 1), "file-too-large"),
        ("long.txt", b"word " * (MOST_CHARACTERS // 5 + 1), "file-too-long"),
        ("photo.heic", b"\x00\x01", "file-format"),
        ("README", b"words", "file-format"),
        ("empty.md", b" \n", "file-empty"),
        ("blank.html", b"<html><body></body></html>", "file-empty"),
        ("broken.pdf", b"%PDF-1.7 nothing", "file-unreadable"),
        ("fake.docx", b"PK\x03\x04 nothing", "file-unreadable"),
    ],
)
async def test_what_cannot_be_read_is_told_in_a_sentence(
    files: Attachments, name: str, data: bytes, message: str
) -> None:
    """With the file's name, in each language; and nothing of it is kept."""
    with pytest.raises(DocumentError) as told:
        await files.read("slack:F1", name, data, "")
    assert told.value.message == message
    assert str(told.value) == say("en", message, **told.value.values)
    for language in LANGUAGES:
        assert name in say(language, message, **told.value.values)
    assert files.known("slack:F1") is None


async def test_a_file_is_read_once(files: Attachments, offer: Attached) -> None:
    """Its bytes are not needed again; two who ask at once read it together."""
    assert await files.read("slack:F1", "offer.md", b"", "") is offer
    assert files.known("slack:F1") is offer
    both = [files.read("slack:F2", "two.md", b"Two.", "") for _ in range(2)]
    one, other = await asyncio.gather(*both)
    assert one is other


async def test_the_latest_files_are_kept_within_a_bound(core: Core) -> None:
    """The one that was not asked for longest goes first; one that is larger than all the room is read all the same."""
    pool = attachments.reading_pool(1024)
    few = Attachments("r1", core.embedder, core.compute, pool, kept_mb=0.018)
    try:
        for id in ("a", "b"):
            await few.read(id, "offer.md", OFFER, "")
        few.known("a")
        await few.read("c", "offer.md", OFFER, "")
        assert [few.known(id) is not None for id in "abc"] == [True, False, True]
        large = b"\n\n".join(b"## Part %d\n\nSome words." % n for n in range(20))
        assert len((await few.read("d", "large.md", large, "")).passages) == 20
        assert [few.known(id) is not None for id in "abcd"] == [True, False, True, False]
    finally:
        await few.close()


def hang(path: Path, suffix: str) -> Loaded:
    """A reader that never ends, or ends its process."""
    if "crash" in path.name:
        os._exit(3)
    import time

    time.sleep(600)
    raise AssertionError


async def test_a_file_that_hangs_or_crashes_its_reader_costs_itself_alone(core: Core) -> None:
    """Somebody is told, and the next is read."""
    reader = Attachments("r1", core.embedder, core.compute, ReadingPool(1, 1.0, 1024, read=hang))
    try:
        for name in ("hang.txt", "crash.txt"):
            with pytest.raises(DocumentError) as told:
                await reader.read(name, name, b"words", "")
            assert told.value.message == "file-unreadable"
    finally:
        await reader.close()


def on_disk() -> set[Path]:
    return set(Path(tempfile.gettempdir()).glob("answerloop-file-*"))


async def test_nothing_is_begun_before_the_first_file_and_nothing_left_behind(core: Core) -> None:
    """No process and no file on disk."""
    before = set(multiprocessing.active_children())
    scratch = on_disk()
    made = make_attachments(core)
    assert set(multiprocessing.active_children()) == before
    await made.read("slack:F1", "../../etc/offer.md", OFFER, "")
    assert set(multiprocessing.active_children()) != before
    await made.close()
    await made.close()
    assert set(multiprocessing.active_children()) == before
    assert on_disk() <= scratch
    assert made.known("slack:F1") is None


# --- asking ------------------------------------------------------------------------------------------------------


async def test_a_question_about_the_file_is_answered_from_it(assistant: Assistant, offer: Attached) -> None:
    """And from nothing else, though the handbook says more of it; cited by the file's title, with its link."""
    answer = await assistant.ask(asked(LEAVE, offer))
    assert "27 days of leave" in answer.text
    assert shown(answer) == {"Offer to Ada"}
    assert answer.citations[0].location.startswith("https://files.example/F1")
    assert "30 days" in (await assistant.ask(asked("How many days of leave do I have a year?"))).text


async def test_file_and_documents_are_searched_together(assistant: Assistant, offer: Attached) -> None:
    """A question that names neither is answered by what answers it."""
    salary = await assistant.ask(asked("How high is the salary?", offer))
    assert "61,000 euros" in salary.text
    expenses = await assistant.ask(asked("When are expenses refunded?", offer))
    assert "within 30 days of the claim" in expenses.text
    assert shown(expenses) >= {"Handbook"}


async def test_a_follow_up_is_about_the_file_as_well(assistant: Assistant, offer: Attached) -> None:
    """The answer before counts among the turns, as the same file comes along."""
    first = await assistant.ask(asked("How high is the salary in this document?", offer))
    turns = as_turns("How high is the salary in this document?", first)
    second = await assistant.ask(asked("How is it paid?", offer, turns=turns))
    assert "paid monthly" in second.text


async def test_and_stays_with_the_file(assistant: Assistant, offer: Attached) -> None:
    """'And about leave?', after a question about the file, is one too; by itself it is about the handbook as well."""
    about = "What does this file say about the salary?"
    turns = as_turns(about, await assistant.ask(asked(about, offer)))
    assert shown(await assistant.ask(asked("And about leave?", offer, turns=turns))) == {"Offer to Ada"}
    alone = await assistant.ask(asked("And about expenses being refunded within days?", offer))
    assert "Handbook" in shown(alone)


async def test_a_file_that_does_not_answer_is_abstained_on(assistant: Assistant, offer: Attached) -> None:
    """Naming it among what was searched."""
    answer = await assistant.ask(asked("What does this file say about the boiling point of tungsten?", offer))
    assert answer.abstained
    assert "Offer to Ada" in answer.text


async def test_an_answer_from_a_file_is_nobody_elses(
    core: Core, assistant: Assistant, offer: Attached
) -> None:
    """Not from a cache, to neither the same person without the file nor others; nor does a cached one answer for it."""
    for question in (LEAVE, "How high is the salary?", "How many days of leave are there?"):
        without = await assistant.ask(asked(question))
        beside, other = await asyncio.gather(
            assistant.ask(asked(question, offer)), assistant.ask(asked(question, who=BOB))
        )
        again = await assistant.ask(asked(question, offer))
        after = await assistant.ask(asked(question))
        assert "Offer to Ada" in shown(beside) & shown(again)
        assert not beside.cached
        assert not again.cached
        assert "Offer to Ada" not in shown(without) | shown(other) | shown(after)


async def test_a_standard_answer_does_not_speak_for_a_file(
    core: Core, assistant: Assistant, offer: Attached
) -> None:
    """What was approved does not know it."""
    await core.standard.save(StandardAnswer("Ask HR.", questions=("How high is the salary?",), author="eve"))
    assert (await assistant.ask(asked("How high is the salary?"))).text == "Ask HR."
    assert "61,000" in (await assistant.ask(asked("How high is the salary?", offer))).text


@pytest.mark.parametrize("who", [ADA, CONSOLE])
async def test_the_record_keeps_it_out_of_the_history_of_others(
    core: Core, assistant: Assistant, files: Attachments, offer: Attached, who: Principal
) -> None:
    """Its passages by id alone, under a scope that no rule can grant: a turn for who has the file, and for no other."""
    first = await assistant.ask(asked("How high is the salary?", offer, who=who))
    async with transaction(core.database) as connection:
        row = (await connection.execute(select(answers).where(answers.c.id == first.id))).mappings().one()
    assert offer.scope in row["scopes"]
    assert not offer.scope[0].isalnum()
    assert {"attached:slack:F1#1"} <= {entry["passage"] for entry in row["passages"]}
    assert all(set(entry) == {"passage", "cosine", "bm25", "score"} for entry in row["passages"])
    turns = as_turns("How high is the salary?", first)
    follow_up = "How is it paid?"
    other = await files.read("slack:F2", "other.md", b"It is paid in gold.", "")
    assert (await assistant.ask(asked(follow_up, offer, who=who, turns=turns))).standalone
    for stranger, given in ((BOB, ()), (BOB, (other,)), (ADA, ())):
        heard = await assistant.ask(asked(follow_up, *given, who=stranger, turns=turns))
        assert heard.standalone == ""
        assert "61,000" not in str(heard)


async def test_a_file_read_for_another_release_is_refused(assistant: Assistant, offer: Attached) -> None:
    """Vectors of two embedders say nothing of each other."""
    with pytest.raises(Unavailable, match="read it once more"):
        await assistant.ask(asked(LEAVE, replace(offer, release="r0")))


# --- what speaks of a file ---------------------------------------------------------------------------------------


def titled(title: str) -> Attached:
    passage = Passage("attached:f#0", "attached:f", "attached", "@f", title, (), "", "", Place())
    return Attached("f", title, "", (passage,))


@pytest.mark.parametrize(
    ("question", "without"),
    [
        ("What does this file say about leave?", "What does it say about leave?"),
        ("According to the attached PDF, how high is it?", "According to it, how high is it?"),
        ("What is in the spreadsheet I uploaded?", "What is in it?"),
        ("Summarise these slides", "Summarise it"),
        ("Was sagt diese Datei über Urlaub?", "Was sagt es über Urlaub?"),
        ("Was steht im Anhang über Urlaub?", "Was steht es über Urlaub?"),
        ("Que dit ce document sur les congés ?", "Que dit il sur les congés ?"),
        ("¿Qué dice este archivo sobre vacaciones?", "¿Qué dice esto sobre vacaciones?"),
    ],
)
def test_a_question_that_speaks_of_the_file(question: str, without: str) -> None:
    """Is one about the file, where there is one; and 'file' is not looked for in it."""
    assert speaks_of_file(question, [titled("Offer")])
    assert not speaks_of_file(question, [])
    assert without_mention(question) == without


@pytest.mark.parametrize(
    "question",
    [
        "How do I delete a file?",
        "How much leave do I have?",
        "What is the document retention period?",
        "Which file formats are there?",
        "Wie lösche ich eine Datei?",
        "Where is the handbook?",
        "And how much leave do I have?",
    ],
)
def test_a_question_that_does_not(question: str) -> None:
    """Files as such are no mention of this one, nor is a title of one word."""
    assert not speaks_of_file(question, [titled("Leave")])
    assert without_mention(question) == question


def test_a_title_of_several_words_names_the_file() -> None:
    """However it is written."""
    assert speaks_of_file("What does the OFFER to Ada say of leave?", [titled("Offer to Ada")])
