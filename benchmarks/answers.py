"""How often the extractive answer holds the accepted answer, and how often unanswerable questions are declined.

    python benchmarks/answers.py MODEL_FOLDER DIR [--split test] [--limit N] [--json]

Answerable: the normalised accepted answer stands as whole words in the reply (at most answers.max_sentences units).
Unanswerable: the reply abstains. Also tells what the reply looks like: words, units, citations.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
from pathlib import Path
from typing import Any

from rag_core.compute import Compute
from rag_core.generation.extractive import Extractive
from rag_core.index.embedding import Embedder
from rag_core.index.stores.lance import LanceStore
from rag_core.ingest.indexing import Indexer
from rag_core.retrieval.search import Search
from rag_core.settings import Settings
from training.evaluate import index_beir, normalised, read_beir


async def measure(model: Path, folder: Path, split: str, limit: int | None) -> dict[str, Any]:
    data = read_beir(folder, split, limit)
    settings, embedder, compute = Settings(), Embedder(model), Compute()
    generator = Extractive(settings.answers, settings.retrieval.top_k)
    with tempfile.TemporaryDirectory() as scratch:
        store = await LanceStore.open(Path(scratch), "passages", embedder.card.dimension)
        await index_beir(data.documents, Indexer(embedder, store, compute))
        await store.optimize()
        search = Search(embedder, store, compute, settings.retrieval)

        async def ask(text: str):  # noqa: ANN202
            found = await search(text, None)
            return generator.generate(text, found.vector, found.ranked)

        answerable = {q: await ask(text) for q, text in data.queries.items()}
        declined = [await ask(text) for text in data.unanswerable]
        await store.close()
    compute.close()
    holds = [any(f" {normalised(a)} " in f" {normalised(d.text)} " for a in data.answers[q]) for q, d in answerable.items()]
    answered = [d for d in answerable.values() if not d.abstained]
    ranked = sorted(
        [(d.confidence, h) for d, h in zip(answerable.values(), holds, strict=True)] + [(d.confidence, False) for d in declined],
        reverse=True,
    )
    return {
        "set": folder.name,
        "answerable": len(answerable),
        "answer_in_reply": round(statistics.fmean(holds), 4),
        "abstained_on_answerable": round(1 - len(answered) / len(answerable), 4),
        "unanswerable": len(declined),
        "abstained_on_unanswerable": round(statistics.fmean(d.abstained for d in declined), 4) if declined else None,
        "median_words": statistics.median(len(d.text.split()) for d in answered),
        "mean_citations": round(statistics.fmean(len(d.citations) for d in answered), 2),
        "area_under_roc": round(_auc(ranked), 4),
    }


def _auc(ranked: list[tuple[float, bool]]) -> float:
    """Probability that a right answer has a higher confidence than a wrong one."""
    wrong_seen = pairs = 0
    for _, right in reversed(ranked):
        if right:
            pairs += wrong_seen
        else:
            wrong_seen += 1
    return pairs / max(wrong_seen * (len(ranked) - wrong_seen), 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--split", default="test")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    result = asyncio.run(measure(arguments.model, arguments.folder, arguments.split, arguments.limit))
    print(json.dumps(result) if arguments.json else "\n".join(f"{k:28} {v}" for k, v in result.items()))


if __name__ == "__main__":
    main()
