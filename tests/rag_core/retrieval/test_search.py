"""A question's text, and what is found for it in a real store with a real model."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from rag_core.compute import Compute
from rag_core.errors import InvalidQuestion
from rag_core.index.embedding import Embedder
from rag_core.index.stores.lance import LanceStore
from rag_core.ingest.indexing import Indexer, Parsed
from rag_core.retrieval.search import MAX_QUESTION, Search, clean_question
from rag_core.settings import Retrieval

DOCUMENTS = {
    "office": (
        "public",
        "Where we are",
        "The office in Porto is in the old cork warehouse at Rua do Farol 18.",
    ),
    "pay": ("hr", "Pay", "Salaries are paid on the 25th of each month. The bonus is paid in March."),
    "error": ("public", "Errors", "ERR-7741 means that the battery is too cold to be charged."),
    "cake": ("public", "Recipes", "Whisk the eggs with the sugar, then fold in the flour."),
}


# --- the question ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "???", "👍🎉", "\x00\x1b", "\u200b\ufeff", "—", "…"])
def test_a_question_without_a_letter_or_digit_is_refused(text: str) -> None:
    """The sentence is for the asker."""
    with pytest.raises(InvalidQuestion, match=r"^Please ask a question in words"):
        clean_question(text)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("  When\n\nis it?\t", "When is it?"),
        ("a\x00b\x1b[31mc", "a b [31mc"),
        ("pass\u200bword \u202eevil", "pass word evil"),
        ("🎉 party?", "🎉 party?"),
        ("何時ですか", "何時ですか"),
        ("7", "7"),
        ('"exact" AND (title:x OR *) NOT y~2 \\', '"exact" AND (title:x OR *) NOT y~2 \\'),
    ],
)
def test_a_question_becomes_one_line_without_invisible_characters(text: str, cleaned: str) -> None:
    """Words, emoji, scripts and punctuation stay as they are."""
    assert clean_question(text) == cleaned


def test_a_question_that_is_too_long_is_refused_rather_than_half_read() -> None:
    """Also 100 kB of it; the sentence has both numbers."""
    assert clean_question("x" * MAX_QUESTION) == "x" * MAX_QUESTION
    with pytest.raises(
        InvalidQuestion, match=r"^Your question has 100,000 characters; .* to 4,000 or fewer\.$"
    ):
        clean_question("word " * 19_999 + "end..")


def test_white_space_does_not_count_towards_the_length() -> None:
    """A short question in 100 kB of blank lines is a short question."""
    assert clean_question("\n" * 100_000 + "When?") == "When?"


# --- the search --------------------------------------------------------------------------------------------------


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def search(embedder: Embedder, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Search]:
    """Over four small documents."""
    folder: Path = tmp_path_factory.mktemp("index")
    compute = Compute()
    store = await LanceStore.open(folder, "passages", embedder.card.dimension)
    indexer = Indexer(embedder, store, compute)
    documents = [
        Parsed(id, "docs", scope, title, f"https://docs.example/{id}", text)
        for id, (scope, title, text) in DOCUMENTS.items()
    ]
    await indexer.write([await indexer.divide(document) for document in documents])
    await indexer.tidy()
    yield Search(embedder, store, compute, Retrieval())
    await store.close()
    compute.close()


pytestmark_loop = pytest.mark.asyncio(loop_scope="module")


@pytestmark_loop
@pytest.mark.parametrize(
    ("question", "document"),
    [
        ("At which street is the Portuguese site?", "office"),
        ("When do I get my money?", "pay"),
        ("err-7741", "error"),
        ("How do I bake?", "cake"),
    ],
)
async def test_the_passage_that_answers_comes_first(search: Search, question: str, document: str) -> None:
    """By meaning, and by a rare word that no vector knows."""
    found = await search(question, None)
    assert found.ranked[0].passage.document == document
    assert found.ranked[0].passage.text == DOCUMENTS[document][2]


@pytestmark_loop
async def test_each_passage_comes_once_with_why_it_was_found(search: Search) -> None:
    """Best first, its scores beside it."""
    found = await search("When are salaries paid?", None)
    ids = [r.passage.id for r in found.ranked]
    scores = [r.score for r in found.ranked]
    assert len(ids) == len(set(ids)) == len(DOCUMENTS)
    assert scores == sorted(scores, reverse=True)
    assert found.ranked[0].bm25 > 0
    assert 0.3 < found.ranked[0].cosine <= 1
    assert found.vector.shape == (384,)
    assert list(found.timings_ms) == ["embed", "search", "fetch", "refine"]


@pytestmark_loop
async def test_a_wrong_understanding_does_not_hide_what_was_asked_for(search: Search) -> None:
    """The question is searched as it was asked too; its vector stays that of the understood one."""
    asked = "What is folded in after the eggs?"
    understood = "What is folded in after the eggs (salaries are paid, the bonus in March)?"
    misled = await search(understood, None)
    found = await search(understood, None, asked=asked)
    assert misled.ranked[0].passage.document == "pay"
    assert found.ranked[0].passage.document == "cake"
    assert (found.vector == misled.vector).all()
    assert list(found.timings_ms) == ["embed", "search", "fetch", "refine"]
    assert [r.passage.id for r in (await search(asked, None, asked=asked)).ranked] == [
        r.passage.id for r in (await search(asked, None)).ranked
    ]


@pytestmark_loop
async def test_what_was_asked_is_searched_within_the_scopes_too(search: Search) -> None:
    """Neither text finds what may not be read."""
    found = await search("How do I bake?", frozenset({"public"}), asked="When are salaries paid?")
    assert {r.passage.scope for r in found.ranked} == {"public"}


@pytestmark_loop
async def test_only_the_scopes_that_were_granted_are_searched(search: Search) -> None:
    """None is no restriction, the empty set is nothing at all."""

    async def scopes(granted: frozenset[str] | None) -> set[str]:
        return {r.passage.scope for r in (await search("When are salaries paid?", granted)).ranked}

    assert await scopes(frozenset({"public"})) == {"public"}
    assert await scopes(frozenset({"hr"})) == {"hr"}
    assert await scopes(frozenset({"hr' OR scope = 'public", "x"})) == set()
    assert await scopes(frozenset()) == set()
    assert await scopes(None) == {"public", "hr"}


@pytestmark_loop
async def test_no_more_are_kept_than_were_asked_for(search: Search) -> None:
    """The best of them."""
    many = (await search("salaries", None)).ranked
    two = (await search("salaries", None, keep=2)).ranked
    assert [r.passage.id for r in two] == [r.passage.id for r in many[:2]]


@pytestmark_loop
@pytest.mark.parametrize(
    "question",
    [
        '"',
        "'; DROP TABLE passages; --",
        "salaries AND (",
        "title:salaries^5 OR salar* ~2 [a TO b] {x} \\ / : ! - + && ||",
        "salaries " * 400,
        "где зарплата? 給料 🎉",
        "ﬀ ǅ ß İ",
    ],
)
async def test_whatever_is_asked_is_searched_as_words(search: Search, question: str) -> None:
    """Nothing in a question is query syntax, in any script, at any length."""
    found = await search(question, frozenset({"public", "hr"}))
    assert len(found.ranked) == len(DOCUMENTS)
    if "salaries" in question:
        assert found.ranked[0].passage.document == "pay"
