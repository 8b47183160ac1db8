"""A judged set of other documents, searched with a release's models: what training has cost where nothing was learned."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from rag_core.bootstrap import Core
from rag_core.compute import Compute
from rag_core.index.stores.opening import open_lance
from rag_core.ingest.indexing import Indexer
from rag_core.retrieval.search import Search
from training.evaluate.measured import ELSEWHERE, Scored
from training.evaluate.ranking import ndcg, recall, reciprocal_rank
from training.evaluate.releases import side_by_side
from training.evaluate.retrieval import DEEP, index_beir
from training.evaluate.sets import Beir
from training.tasks.task import Watcher

__all__ = ["searched_elsewhere"]


async def searched_elsewhere(core: Core, data: Beir, watcher: Watcher) -> list[Scored]:
    """Each of its questions, over its own documents in an index that is gone afterwards; a document scores as its best
    passage. Keys and groups are the questions' ids.

    Raises:
        Unavailable: the index cannot be written.
    """
    total, compute = len(data.documents), Compute()
    with tempfile.TemporaryDirectory() as scratch:
        async with open_lance(Path(scratch), "passages", core.release.card.dimension) as store:
            indexer = Indexer(core.embedder, store, compute)
            words = f"General documents are embedded for {core.release.id or 'the candidate'}"
            await index_beir(data.documents, indexer, lambda done, _: watcher.step(words, done, total))
            await store.optimize()
            models = (core.reranker, core.query_map, core.release.tuning.fusion)
            search = Search(core.embedder, store, compute, core.settings.retrieval, None, *models)

            async def one(query: str) -> Scored:
                started = time.perf_counter()
                found = await search(data.queries[query], None, keep=DEEP)
                ms = (time.perf_counter() - started) * 1e3
                ranked, right = (
                    list(dict.fromkeys(r.passage.document for r in found.ranked)),
                    data.relevant[query],
                )
                scores = (ndcg(ranked, right), recall(ranked, right), reciprocal_rank(ranked, right))
                return Scored(f"{ELSEWHERE}{query}", query, *scores, search_ms=ms)

            scored = await side_by_side(one, list(data.queries))
    compute.close()
    return scored
