"""nDCG@10 and recall@10 of keyword, vector and hybrid search, and of what is served, over the same passages.

    python benchmarks/retrieval.py MODEL_FOLDER DIR [DIR ...] [--split test] [--reranker FOLDER] [--limit N] [--json]

All rankings are made of the same index and the same candidates: the best 100 passages by BM25 and by vector, of the
corpus as ingest divides it; a document ranks where its best passage does. `min-max` are sums of both scores scaled to 0..1
for each question: half and half, and with the weight that is best in hindsight. `fused` is the first step of what is
served, `served` all of it (rag_core/retrieval/search.py with the settings' defaults), `served + rerank` with a
cross-encoder besides.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag_core.compute import Compute
from rag_core.index.embedding import Embedder
from rag_core.index.stores import Candidate
from rag_core.index.stores.lance import LanceStore
from rag_core.ingest.indexing import Indexer
from rag_core.retrieval.fusion import fuse
from rag_core.retrieval.search import Search
from rag_core.settings import Retrieval
from training.evaluate import Beir, index_beir, ndcg, read_beir, recall

CANDIDATES = 100
KEEP = 100
"""Passages asked of the served search, for ten documents of them."""
WEIGHTS = [n / 10 for n in range(1, 10)]
Order = Callable[[Sequence[Candidate]], list[str]]


async def measure(
    model: Path, folder: Path, split: str, reranker: Path | None, limit: int | None
) -> dict[str, Any]:
    data = read_beir(folder, split, limit)
    embedder, compute = Embedder(model), Compute()
    with tempfile.TemporaryDirectory() as scratch:
        store = await LanceStore.open(Path(scratch), "passages", embedder.card.dimension, held_after=0)
        await index_beir(data.documents, Indexer(embedder, store, compute))
        await store.optimize()
        rows: dict[str, dict[str, float]] = {}
        found = {
            query: await store.search(embedder.embed_query(text), text, None, CANDIDATES)
            for query, text in data.queries.items()
        }
        for name, order in _orders().items():
            rows[name] = _scores(data, {query: order(c) for query, c in found.items()})
        hindsight = {w: _scores(data, {q: _min_max(w)(c) for q, c in found.items()}) for w in WEIGHTS}
        best = max(hindsight, key=lambda w: hindsight[w]["ndcg@10"])
        rows["min-max in hindsight"] = hindsight[best] | {"dense_weight": best}
        served = Search(embedder, store, compute, Retrieval())
        rows["served"] = _scores(data, await _served(served, data))
        if reranker:
            from rag_core.retrieval.reranking import Reranker

            search = Search(
                embedder, store, compute, Retrieval(), reranker=Reranker(reranker, compute, Retrieval())
            )
            rows["served + rerank"] = _scores(data, await _served(search, data))
        await store.close()
    compute.close()
    return {"set": folder.name, "split": split, "queries": len(data.queries), "rows": rows}


def _orders() -> dict[str, Order]:
    return {
        "BM25": lambda found: _by(found, [c.bm25 for c in found]),
        "dense": lambda found: _by(found, [c.cosine for c in found]),
        "reciprocal rank fusion": _rrf,
        "min-max, half and half": _min_max(0.5),
        "fused": lambda found: [f.candidate.id for f in fuse(found, None)],
    }


def _by(found: Sequence[Candidate], scores: Sequence[float] | NDArray[np.float64]) -> list[str]:
    return [found[i].id for i in np.argsort(-np.asarray(scores, float), kind="stable")]


def _rrf(found: Sequence[Candidate]) -> list[str]:
    """Cormack, Clarke and Büttcher 2009, with their k of 60."""
    total = np.zeros(len(found))
    for scores in (np.array([c.bm25 for c in found]), np.array([c.cosine for c in found])):
        ranks = np.argsort(np.argsort(-scores, kind="stable"))
        total += np.where((scores != 0) & (ranks < CANDIDATES), 1 / (60 + ranks + 1), 0)
    return _by(found, total)


def _min_max(dense_weight: float) -> Order:
    def order(found: Sequence[Candidate]) -> list[str]:
        cosine, bm25 = (_scaled([c.cosine for c in found]), _scaled([c.bm25 for c in found]))
        return _by(found, dense_weight * cosine + (1 - dense_weight) * bm25)

    return order


def _scaled(scores: Sequence[float]) -> NDArray[np.float64]:
    values = np.asarray(scores, float)
    return (values - values.min(initial=0)) / max(float(np.ptp(values)) if len(values) else 0.0, 1e-9)


async def _served(search: Search, data: Beir) -> dict[str, list[str]]:
    return {
        query: [r.passage.id for r in (await search(text, None, KEEP)).ranked]
        for query, text in data.queries.items()
    }


def _scores(data: Beir, ranked: dict[str, list[str]]) -> dict[str, float]:
    """ranked: ids of passages by query; a document's id is a passage's up to its last '#'."""
    found = {q: list(dict.fromkeys(id.rpartition("#")[0] for id in ids)) for q, ids in ranked.items()}
    return {
        "ndcg@10": round(statistics.fmean(ndcg(found[q], data.relevant[q]) for q in found), 4),
        "recall@10": round(statistics.fmean(recall(found[q], data.relevant[q]) for q in found), 4),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--split", default="test", help="one for all, or with commas one for each set")
    parser.add_argument("--reranker", type=Path, help="folder of an exported cross-encoder")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    splits = arguments.split.split(",")
    splits = splits * len(arguments.folders) if len(splits) == 1 else splits
    results = []
    for folder, split in zip(arguments.folders, splits, strict=True):
        print(f"{folder.name} ({split}) …", file=sys.stderr)
        results.append(
            asyncio.run(measure(arguments.model, folder, split, arguments.reranker, arguments.limit))
        )
    if arguments.json:
        print(json.dumps(results))
        return
    for measure_ in ("ndcg@10", "recall@10"):
        print(f"\n| {measure_} | " + " | ".join(r["set"] for r in results) + " | mean |")
        print("| --- |" + " --- |" * (len(results) + 1))
        for name in results[0]["rows"]:
            values = [r["rows"][name][measure_] for r in results]
            print(
                f"| {name} | "
                + " | ".join(f"{v:.3f}" for v in values)
                + f" | {statistics.fmean(values):.3f} |"
            )


if __name__ == "__main__":
    main()
