"""Search as served, on sets of a few documents."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from rag_core.compute import Compute
from rag_core.index.embedding import Embedder
from rag_core.index.stores.lance import LanceStore
from rag_core.settings import Settings
from tests.training.evaluate.conftest import write
from training.evaluate import evaluate_retrieval, read_beir


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
