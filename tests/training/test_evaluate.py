"""Measures against values worked out by hand, and judged sets that are not in order."""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from rag_core.compute import Compute
from rag_core.errors import DocumentError, NotFound
from rag_core.index.embedding import Embedder
from rag_core.index.stores.lance import LanceStore
from rag_core.settings import Settings
from training.evaluate import (
    evaluate_retrieval,
    ndcg,
    ndcg_of_vectors,
    normalised,
    read_beir,
    recall,
    reciprocal_rank,
)

GRADES = {"a": 2, "b": 1, "c": 1}


# --- measures ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (["a", "b", "c"], 1.0),
        (["x", "y"], 0.0),
        ([], 0.0),
        (["b", "a"], (1 + 2 / math.log2(3)) / (2 + 1 / math.log2(3) + 0.5)),
        (["x", "x2", "a"], (2 / 2) / (2 + 1 / math.log2(3) + 0.5)),
    ],
)
def test_ndcg_discounts_each_grade_by_its_rank(found: list[str], expected: float) -> None:
    """DCG is the sum of grade / log2(rank + 1), over that of the best order."""
    assert ndcg(found, GRADES) == pytest.approx(expected)


def test_ndcg_at_ten_of_the_textbook_example() -> None:
    """Grades 3 2 3 0 1 2 in the order found, nothing else relevant: 0.961 (Wikipedia, Discounted cumulative gain)."""
    grades = dict(zip("abcdef", (3, 2, 3, 0, 1, 2), strict=True))
    assert ndcg(list("abcdef"), grades) == pytest.approx(0.961, abs=5e-4)


def test_what_is_found_below_the_tenth_rank_does_not_count() -> None:
    """In none of the measures; nor does the ideal order go deeper than ten."""
    late = [f"x{n}" for n in range(10)] + ["a"]
    assert (ndcg(late, GRADES), recall(late, GRADES), reciprocal_rank(late, GRADES)) == (0, 0, 0)
    many = {str(n): 1 for n in range(20)}
    assert ndcg([str(n) for n in range(10)], many) == pytest.approx(1.0)
    assert recall([str(n) for n in range(10)], many) == 0.5


@pytest.mark.parametrize(("found", "share"), [(["a", "x", "b"], 2 / 3), (["x"], 0), (["c", "b", "a"], 1)])
def test_recall_is_the_share_of_the_relevant_that_was_found(found: list[str], share: float) -> None:
    """Whatever their grades and order."""
    assert recall(found, GRADES) == pytest.approx(share)


@pytest.mark.parametrize(("found", "value"), [(["x", "y", "b", "a"], 1 / 3), (["a"], 1.0), (["x"], 0.0)])
def test_the_reciprocal_rank_is_that_of_the_first_relevant(found: list[str], value: float) -> None:
    """The others do not matter."""
    assert reciprocal_rank(found, GRADES) == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("  The U.S.A.!  ", "the u s a"), ("1,000 €", "1 000"), ("Ünïcode—dash", "ünïcode dash"), ("...", "")],
)
def test_answers_are_compared_without_case_and_punctuation(text: str, expected: str) -> None:
    """As words with one space between."""
    assert normalised(text) == expected


# --- judged sets -------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A set of three documents and two judged questions."""
    corpus = [
        {"_id": "d1", "title": "Pay", "text": "Salaries are paid on the 25th of each month."},
        {"_id": "d2", "title": "", "text": "The office in Porto is in an old cork warehouse."},
        {"_id": "d3", "text": "Whisk the eggs with the sugar, then fold in the flour."},
    ]
    queries = [
        {"_id": "q1", "text": "When do I get my salary?"},
        {"_id": "q2", "text": "Where is the office?"},
        {"_id": "q3", "text": "Not judged."},
    ]
    write(tmp_path / "corpus.jsonl", corpus)
    write(tmp_path / "queries.jsonl", queries)
    (tmp_path / "qrels").mkdir()
    (tmp_path / "qrels" / "test.tsv").write_text(
        "query-id\tcorpus-id\tscore\nq1\td1\t1\nq2\td2\t2\nq2\td3\t0\n"
    )
    return tmp_path


def write(path: Path, rows: list[dict[str, object]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def test_a_set_is_its_documents_judged_questions_and_grades(folder: Path) -> None:
    """A grade of 0 is no judgement in favour; a question without one is left out; a title may be missing."""
    data = read_beir(folder, "test")
    assert [(d.id, d.title) for d in data.documents] == [("d1", "Pay"), ("d2", ""), ("d3", "")]
    assert [d.whole.split()[0] for d in data.documents] == ["Pay", "The", "Whisk"]
    assert list(data.queries) == ["q1", "q2"]
    assert data.relevant == {"q1": {"d1": 1}, "q2": {"d2": 2}}
    assert (data.answers, data.unanswerable) == ({}, [])


def test_a_set_may_be_compressed(folder: Path) -> None:
    """Any of its files; the plain one wins where both are there."""
    before = read_beir(folder, "test")
    for name in ("corpus", "queries"):
        plain = folder / f"{name}.jsonl"
        (folder / f"{name}.jsonl.gz").write_bytes(gzip.compress(plain.read_bytes()))
        plain.unlink()
    assert read_beir(folder, "test") == before


def test_answers_and_unanswerable_questions_are_read_where_there_are_any(folder: Path) -> None:
    """Those of the split."""
    write(folder / "answers.jsonl", [{"query_id": q, "answers": ["25th"]} for q in ("q1", "q3")])
    declined: list[dict[str, object]] = [
        {"text": "A?", "split": "test"},
        {"text": "B?", "split": "train"},
        {"text": "C?"},
    ]
    write(folder / "unanswerable.jsonl", declined)
    data = read_beir(folder, "test")
    assert data.answers == {"q1": ["25th"]}
    assert data.unanswerable == ["A?", "C?"]


def test_a_limit_keeps_the_first_questions_and_the_whole_corpus(folder: Path) -> None:
    """So that a quick look searches the same index."""
    data = read_beir(folder, "test", limit=1)
    assert (list(data.queries), list(data.relevant), len(data.documents)) == (["q1"], ["q1"], 3)


@pytest.mark.parametrize("name", ["corpus", "queries"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    """With what a set needs."""
    (folder / f"{name}.jsonl").unlink()
    with pytest.raises(NotFound, match=rf"has no {name}\.jsonl or {name}\.jsonl\.gz"):
        read_beir(folder, "test")


def test_a_missing_split_is_named_with_those_there_are(folder: Path, tmp_path: Path) -> None:
    """Or that there are none."""
    with pytest.raises(NotFound, match=r"dev\.tsv; splits: test\.$"):
        read_beir(folder, "dev")
    with pytest.raises(NotFound, match=r"qrels/\*\.tsv are needed\.$"):
        read_beir(tmp_path / "nowhere", "dev")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"not json", "expected a JSON object"),
        (b'["a list"]', "expected a JSON object"),
        (b'{"_id": "\xff"}', "expected a JSON object"),
        (b'{"_id": "d4"}', "text is missing"),
        (b'{"id": "d4", "text": "x"}', "_id is missing"),
    ],
)
def test_a_bad_line_is_named_with_its_file(folder: Path, line: bytes, said: str) -> None:
    """Counted from 1; empty lines count, and are no mistake."""
    path = folder / "corpus.jsonl"
    path.write_bytes(path.read_bytes() + b"\n" + line + b"\n")
    with pytest.raises(DocumentError, match=rf"corpus\.jsonl, line 5: {said}\.$"):
        read_beir(folder, "test")


@pytest.mark.parametrize("line", ["q1\td1", "q1\td1\tyes", "q1 d1 1", "q1\td1\t0.5"])
def test_a_bad_judgement_is_named_with_its_file(folder: Path, line: str) -> None:
    """Three cells between tabs, the last a whole number."""
    path = folder / "qrels" / "test.tsv"
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(DocumentError, match=r"test\.tsv, line 5: expected query-id, corpus-id and score"):
        read_beir(folder, "test")


@pytest.mark.parametrize(
    "content", [b"plain text", gzip.compress(b'{"_id": "a", "text": "b"}\n' * 9_999)[:-20]]
)
def test_a_damaged_archive_is_named(folder: Path, content: bytes) -> None:
    """Not compressed at all, or cut short."""
    (folder / "corpus.jsonl").unlink()
    (folder / "corpus.jsonl.gz").write_bytes(content)
    with pytest.raises(DocumentError, match=r"corpus\.jsonl\.gz cannot be read after line \d+: "):
        read_beir(folder, "test")


# --- retrieval as served -----------------------------------------------------------------------------------------


@pytest.fixture
async def store(tmp_path: Path, embedder: Embedder) -> AsyncIterator[LanceStore]:
    opened = await LanceStore.open(tmp_path / "index", "passages", embedder.card.dimension)
    yield opened
    await opened.close()


async def test_a_set_is_measured_through_the_search_that_serves(
    folder: Path, embedder: Embedder, store: LanceStore, compute: Compute
) -> None:
    """Both questions find their document first."""
    told: list[tuple[str, int, int]] = []
    result = await evaluate_retrieval(
        read_beir(folder, "test"), Settings(), embedder, store, compute, lambda *step: told.append(step)
    )
    assert (result["ndcg@10"], result["recall@10"], result["mrr@10"]) == (1.0, 1.0, 1.0)
    assert (result["documents"], result["passages"], result["queries"]) == (3, 3, 2)
    assert 0 < result["p50_ms"] <= result["p95_ms"]
    assert result["passages_per_s"] > 0
    assert told[-1] == ("searching", 2, 2)
    assert ("indexing", 3, 3) in told


async def test_a_document_scores_as_its_best_passage(
    folder: Path, embedder: Embedder, store: LanceStore, compute: Compute
) -> None:
    """A long document that answers once is one result, not one for each of its passages."""
    filler = "Whisk the eggs with the sugar, then fold in the flour. " * 200
    text = f"{filler} Salaries are paid on the 25th. {filler}"
    rows: list[dict[str, object]] = [{"_id": "d1", "title": "", "text": text}]
    rows += [{"_id": f"x{n}", "text": f"Nothing about anything, number {n}."} for n in range(20)]
    write(folder / "corpus.jsonl", rows)
    (folder / "qrels" / "test.tsv").write_text("q1\td1\t1\n")
    result = await evaluate_retrieval(read_beir(folder, "test"), Settings(), embedder, store, compute)
    assert result["passages"] > 21
    assert result["mrr@10"] == 1.0


def test_a_set_without_a_judged_question_is_refused(folder: Path) -> None:
    """Queries and judgements whose ids never meet measure nothing; the message says which file to look in."""
    (folder / "qrels" / "test.tsv").write_text("q9\td1\t1\n")
    with pytest.raises(DocumentError, match=r"qrels/test\.tsv"):
        read_beir(folder, "test")


def test_vectors_alone_can_be_ranked(folder: Path) -> None:
    """By the dot product: how the export is compared with its original."""
    data = read_beir(folder, "test")
    documents = np.eye(3, dtype=np.float32)
    right = np.array([[1, 0, 0], [0, 1, 0]], np.float32)
    second = np.array([[1, 2, 0], [0, 1, 0]], np.float32)
    assert ndcg_of_vectors(data, right, documents) == pytest.approx(1.0)
    assert ndcg_of_vectors(data, second, documents) == pytest.approx((1 / math.log2(3) + 1) / 2)
