"""What a standard answer was made from: who may read it, and whether it still stands there. With the embedded store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from rag_core.errors import InvalidEntry
from rag_core.index.stores import VectorStore
from rag_core.index.stores.opening import open_lance
from rag_core.records.standard import Given
from rag_core.standard.answer import StandardAnswer
from rag_core.standard.provenance import changed_sources, scopes_of
from rag_core.types import Citation
from tests.conformance.rows import DIMENSION, row

PAY = Citation(1, "Pay", "https://docs.example/pay", "Pay is on the 25th.", "pay#1")
CUP = Citation(2, "Cup", "https://docs.example/cup", "Argentina\nwon. … In Qatar.", "cup#0")
ASKER = frozenset({"public", "hr", "board"})
GIVEN = Given("q", "a [1] [2]", False, (PAY,), ("pay#1", "board#0"), ASKER, "extractive")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[VectorStore]:
    rows = [
        row("pay", 0, "Before it.", scope="hr"),
        row("pay", 1, "Well. Pay is on  the 25th.", scope="hr"),
        row("cup", 0, "Argentina won. That was in 2022."),
        row("cup", 1, "It was held. In Qatar."),
        row("board", 0, "Secret.", scope="board"),
    ]
    async with open_lance(tmp_path / "index", "test", DIMENSION) as opened:
        await opened.replace(["pay", "cup", "board"], rows)
        yield opened


async def test_what_is_needed_is_the_scope_of_what_is_cited(store: VectorStore) -> None:
    """Not all that the asker might read, and not less."""
    assert await scopes_of(GIVEN, store) == {"hr"}
    assert await scopes_of(replace(GIVEN, citations=(PAY, CUP)), store) == {"hr", "public"}
    assert await scopes_of(replace(GIVEN, citations=(CUP,), scopes=None), store) == {"public"}


async def test_what_a_language_model_wrote_needs_all_that_it_was_shown(store: VectorStore) -> None:
    """A sentence may lean on a passage that it does not cite."""
    assert await scopes_of(replace(GIVEN, generator="openai:gpt"), store) == {"hr", "board"}


@pytest.mark.parametrize(
    "given",
    [
        replace(GIVEN, citations=()),
        replace(GIVEN, citations=(replace(PAY, passage="gone#0"),)),
        replace(GIVEN, citations=(replace(PAY, quote="Pay is on the 31st."),)),
        replace(GIVEN, citations=(PAY, Citation(2, "link", "https://x.example", ""))),
        replace(GIVEN, generator="standard:s1"),
        replace(GIVEN, generator="openai:gpt", passages=("pay#1", "gone#0")),
    ],
    ids=["no citation", "gone", "changed", "a link", "a standard answer", "shown and gone"],
)
async def test_where_that_cannot_be_told_all_that_the_asker_might_read_is_needed(
    store: VectorStore, given: Given
) -> None:
    """The passage may have stood under any of these scopes; from the operator's own console that would be everything."""
    assert await scopes_of(given, store) == ASKER
    with pytest.raises(InvalidEntry, match=r"^scopes: what this answer was made from is not known any more"):
        await scopes_of(replace(given, scopes=None), store)


async def test_without_a_store_all_that_the_asker_might_read_is_needed() -> None:
    """Nothing can be looked up."""
    assert await scopes_of(GIVEN, None) == ASKER


def made(*citations: Citation, scopes: frozenset[str] = frozenset({"hr"})) -> StandardAnswer:
    return StandardAnswer("a", ("q",), citations=citations, scopes=scopes, id="s1")


async def test_a_quote_that_still_stands_is_no_change(store: VectorStore) -> None:
    """White space aside, in parts, and running over into the next passage, as neighbours are read as one."""
    assert await changed_sources([made(PAY, CUP)], store) == {}
    running_over = replace(CUP, quote="That was in 2022.\n\nIt was held.")
    assert await changed_sources([made(running_over)], store) == {}


async def test_a_source_that_changed_is_told(store: VectorStore) -> None:
    """What was quoted is gone, or is for other readers now; links are no concern of the store's."""
    await store.replace(["pay"], [row("pay", 1, "Pay is on the 26th.", scope="hr")])
    await store.replace(["cup"], [row("cup", 0, "Argentina won. In Qatar.", scope="board")])
    link = Citation(3, "link", "https://x.example", "")
    assert await changed_sources([made(PAY, CUP, link), replace(made(link), id="s2")], store) == {
        "s1": [
            "Pay: what was quoted does not stand there any more.",
            "Cup: it is for readers of board now, and this answer is not.",
        ]
    }
    await store.replace(["pay", "cup"], [])
    assert [len(why) for why in (await changed_sources([made(PAY, CUP)], store)).values()] == [2]
