"""Measuring how follow-ups are understood, on sets small enough to be worked out by hand."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from rag_core.compute import Compute
from rag_core.conversation import Rewriter, Standalone
from rag_core.errors import DocumentError, NotFound
from rag_core.index.embedding import Embedder
from rag_core.index.stores.lance import LanceStore
from rag_core.ingest.indexing import Indexer
from rag_core.retrieval.search import Search
from rag_core.settings import Conversation, Retrieval
from rag_core.types import Turn
from training.evaluate import evaluate_rewrites, evaluate_searches, index_beir, read_conversations

HISTORY = ["Who leads the design team?", "Ada Lovelace"]
ROWS = [
    {
        "history": HISTORY,
        "question": "When did she start?",
        "rewrite": "When did Ada Lovelace start?",
        "split": "test",
    },
    {
        "history": HISTORY,
        "question": "Where is the office in Porto?",
        "rewrite": "Where is the office in Porto?",
        "split": "test",
    },
    {
        "history": [],
        "question": "Who leads the design team?",
        "rewrite": "Who leads the design team?",
        "split": "test",
    },
    {"history": HISTORY, "question": "Why?", "rewrite": "Why?", "split": "dev"},
]


def written(folder: Path, name: str, rows: Sequence[Any]) -> None:
    with gzip.open(folder / f"{name}.jsonl.gz", "wt", encoding="utf-8") as lines:
        lines.writelines(json.dumps(row) + "\n" for row in rows)


def judged_set(folder: Path, metadata: Any) -> Path:
    """Two documents, and one question after another."""
    texts = {
        "lisbon": "The travel allowance in Lisbon is 60 euros.",
        "london": "The travel allowance in London is 90 pounds.",
    }
    written(folder, "corpus", [{"_id": id, "title": "", "text": text} for id, text in texts.items()])
    written(folder, "queries", [{"_id": "c<::>2", "text": "And in London?", "metadata": metadata}])
    (folder / "qrels").mkdir()
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nc<::>2\tlondon\t1\n")
    return folder


ASKED = {
    "history": [
        {"speaker": "user", "text": "What is the travel allowance in Lisbon?"},
        {"speaker": "agent", "text": "60."},
    ],
    "rewrite": "What is the travel allowance in London?",
}


def silent(stage: str, done: int, total: int) -> None: ...


async def as_it_is(question: str, turns: Sequence[Turn]) -> Standalone:
    return Standalone(question)


def test_rows_of_the_split_that_have_turns_are_read(tmp_path: Path) -> None:
    """Questions and answers in turn; the first question of a conversation is no follow-up."""
    written(tmp_path, "rewrites", ROWS)
    found = read_conversations(tmp_path, "test").rewrites
    assert [one.question for one in found] == ["When did she start?", "Where is the office in Porto?"]
    assert [turn.role for turn in found[0].turns] == ["user", "assistant"]
    assert len(read_conversations(tmp_path, "test", limit=1).rewrites) == 1


def test_rows_that_have_questions_alone_are_read(tmp_path: Path) -> None:
    """As of MTRAG; where there are judgements, those of judged questions."""
    row = {"questions": ["What is the travel allowance in Lisbon?", "And in London?"], "rewrite": "x"}
    written(tmp_path, "rewrites", [{"_id": "c<::>2", **row}, {"_id": "other<::>2", **row}])
    assert len(read_conversations(tmp_path, "test").rewrites) == 2
    judged_set(tmp_path, ASKED)
    found = read_conversations(tmp_path, "test")
    assert len(found.rewrites) == len(found.asked) == 1
    assert found.asked["c<::>2"].pasted == "What is the travel allowance in Lisbon? And in London?"


def test_a_set_without_conversations_is_refused(tmp_path: Path) -> None:
    """The message says what a set needs; so it does for a split that has none."""
    with pytest.raises(NotFound, match=r"metadata\.history .* rewrites\.jsonl"):
        read_conversations(tmp_path, "test")
    written(tmp_path, "rewrites", ROWS)
    with pytest.raises(NotFound, match="'train'"):
        read_conversations(tmp_path, "train")


@pytest.mark.parametrize("row", [{"rewrite": "x"}, {"rewrite": "x", "history": "no list", "question": "y"}])
def test_rows_that_lack_something_are_refused(tmp_path: Path, row: dict[str, str]) -> None:
    """The message names the set and what a row needs."""
    written(tmp_path, "rewrites", [row])
    with pytest.raises(DocumentError, match="history and question"):
        read_conversations(tmp_path, "test")


def test_a_history_of_another_shape_is_refused(tmp_path: Path) -> None:
    """The message names the question."""
    folder = judged_set(tmp_path, {**ASKED, "history": ["What is it?"]})
    with pytest.raises(DocumentError, match="c<::>2"):
        read_conversations(folder, "test")


async def test_words_added_are_counted_by_their_stems(tmp_path: Path) -> None:
    """Of two added by people both; nothing where nothing is to be added."""
    written(tmp_path, "rewrites", ROWS)
    asked = read_conversations(tmp_path, "test").rewrites
    ours = await evaluate_rewrites(asked, Rewriter(Conversation()), 10, silent)
    assert (ours["term_recall"], ours["term_precision"]) == (1.0, 1.0)
    assert (ours["changed"], ours["changed_of_follow_ups"], ours["changed_of_standalone"]) == (0.5, 1.0, 0.0)
    assert ours["rouge_l"] == 1.0 > ours["rouge_l_last_turn"]
    assert ours["bleu"] > ours["bleu_last_turn"]
    none = await evaluate_rewrites(asked, as_it_is, 10, silent)
    assert (none["term_recall"], none["term_precision"], none["changed"]) == (0.0, 0.0, 0.0)
    assert none["rouge_l"] == none["rouge_l_last_turn"]


async def test_the_title_of_a_row_is_that_of_the_document_its_answers_cite(tmp_path: Path) -> None:
    """What it adds is measured: words that nobody said are found with it, and without it they are not."""
    row = {"history": ["Tell me about the pitcher.", "He threw 4,672 strikeouts."], "title": "Roger Clemens"}
    asked = {"question": "Did he win any awards?", "rewrite": "Did Roger Clemens win any awards?"}
    written(tmp_path, "rewrites", [{**row, **asked, "split": "test"}])
    found = read_conversations(tmp_path, "test").rewrites
    assert [turn.titles for turn in found[0].turns] == [(), ("Roger Clemens",)]
    ours = await evaluate_rewrites(found, Rewriter(Conversation()), 10, silent)
    assert (ours["term_recall"], ours["term_recall_without_titles"]) == (1.0, 0.0)
    assert (ours["changed"], ours["term_precision"]) == (1.0, 1.0)


async def test_searches_are_scored_by_what_was_asked(
    tmp_path: Path, embedder: Embedder, compute: Compute
) -> None:
    """With the last turn, ours, a person's rewrite, and all turns; turns = 0 leaves ours the last turn."""
    (folder := tmp_path / "set").mkdir()
    found = read_conversations(judged_set(folder, ASKED), "test")
    store = await LanceStore.open(tmp_path / "index", "passages", embedder.card.dimension)
    assert found.judged
    await index_beir(found.judged.documents, Indexer(embedder, store, compute))
    search = Search(embedder, store, compute, Retrieval())
    ours = await evaluate_searches(found, Rewriter(Conversation()), 10, search, silent)
    assert ours["ndcg@10_ours"] == ours["ndcg@10_human_rewrite"] == ours["recall@10_last_turn"] == 1.0
    assert (ours["queries"], ours["queries_changed"]) == (1, 1.0)
    assert (await evaluate_searches(found, Rewriter(Conversation()), 0, search, silent))[
        "queries_changed"
    ] == 0.0
    await store.close()
