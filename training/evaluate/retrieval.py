"""Search as served, measured on a judged set."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from rag_core.compute import Compute
from rag_core.index.embedding import Embedder
from rag_core.index.stores import VectorStore
from rag_core.ingest.indexing import Divided, Indexer, Parsed
from rag_core.retrieval.search import Search
from rag_core.settings import Settings
from training.evaluate.ranking import ndcg, recall, reciprocal_rank
from training.evaluate.sets import Beir, BeirDocument

if TYPE_CHECKING:
    from rag_core.retrieval.reranking import Reranker

__all__ = ["SCOPES", "evaluate_retrieval", "index_beir", "percentile"]

DEEP = 100
"""Passages looked at for ten documents: several may be of one."""
WRITE_AT = 512
"""Passages embedded and written together."""
SCOPES = frozenset({"public"})
"""Of all documents of a set."""


async def index_beir(
    documents: Iterable[BeirDocument],
    indexer: Indexer,
    progress: Callable[[int, int], None] = lambda done, passages: None,
) -> int:
    """Divide, embed and write documents as ingest does; returns the number of passages."""
    waiting: list[Divided] = []
    done = passages = 0

    async def write() -> None:
        nonlocal done, passages
        await indexer.write(waiting)
        done += len(waiting)
        passages += sum(len(d.chunks) for d in waiting)
        progress(done, passages)
        waiting.clear()

    for document in documents:
        parsed = Parsed(
            document.id, "set", "public", document.title, f"set:{document.id}", document.text, plain=True
        )
        waiting.append(await indexer.divide(parsed))
        if sum(len(d.chunks) for d in waiting) >= WRITE_AT:
            await write()
    if waiting:
        await write()
    return passages


async def evaluate_retrieval(
    data: Beir,
    settings: Settings,
    embedder: Embedder,
    store: VectorStore,
    compute: Compute,
    progress: Callable[[str, int, int], None] = lambda stage, done, total: None,
    reranker: Reranker | None = None,
) -> dict[str, Any]:
    """Index the corpus into an empty store and search it; a document scores as its best passage."""
    indexer = Indexer(embedder, store, compute)
    started = time.perf_counter()
    total = len(data.documents)
    passages = await index_beir(data.documents, indexer, lambda done, _: progress("indexing", done, total))
    await store.optimize()
    indexed = time.perf_counter() - started
    search = Search(embedder, store, compute, settings.retrieval, reranker=reranker)
    latencies: list[float] = []
    scores: dict[str, list[float]] = {"ndcg@10": [], "recall@10": [], "mrr@10": []}
    for n, (query, text) in enumerate(data.queries.items(), start=1):
        began = time.perf_counter()
        found = await search(text, SCOPES, keep=DEEP)
        latencies.append((time.perf_counter() - began) * 1e3)
        ranked = list(dict.fromkeys(r.passage.document for r in found.ranked))
        relevant = data.relevant[query]
        for name, measure in (("ndcg@10", ndcg), ("recall@10", recall), ("mrr@10", reciprocal_rank)):
            scores[name].append(measure(ranked, relevant))
        progress("searching", n, len(data.queries))
    return {
        **{name: round(statistics.fmean(values), 4) for name, values in scores.items()},
        "p50_ms": round(percentile(latencies, 50), 2),
        "p95_ms": round(percentile(latencies, 95), 2),
        "passages_per_s": round(passages / indexed, 1) if indexed else 0.0,
        "documents": total,
        "passages": passages,
        "queries": len(data.queries),
    }


def percentile(values: list[float], percent: float) -> float:
    return float(np.percentile(values, percent))
