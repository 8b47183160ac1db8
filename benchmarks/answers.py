"""How often the extractive answer holds the accepted answer, and how often unanswerable questions are declined.

    python benchmarks/answers.py MODEL_FOLDER DIR [--strangers OTHER_DIR] [--split test] [--limit N] [--json]

Answerable: the normalised accepted answer stands as whole words in the reply (at most answers.max_sentences units).
Unanswerable: the reply abstains; so it should on strangers, the questions of another set. Also tells what the reply looks
like, and how well confidence tells right answers from wrong ones (area under the ROC curve).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rag_core.compute import Compute
from rag_core.generation.calibration import Calibration
from rag_core.generation.extractive import Extractive
from rag_core.generation.protocol import Draft
from rag_core.index.embedding import Embedder
from rag_core.index.stores.lance import LanceStore
from rag_core.ingest.indexing import Indexer
from rag_core.retrieval.merging import merge_neighbours
from rag_core.retrieval.search import Search
from rag_core.settings import Answers, Settings
from training.evaluate import index_beir, normalised, read_beir

STRANGERS = 300
"""Questions of the other set that are asked."""


async def measure(
    model: Path, folder: Path, strangers: Path | None, split: str, limit: int | None
) -> dict[str, Any]:
    data = read_beir(folder, split, limit)
    other = list(read_beir(strangers, split, limit).queries.values())[:STRANGERS] if strangers else []
    settings, embedder, compute = Settings(), Embedder(model), Compute()
    calibration = Calibration.read()
    generator = Extractive(Answers(min_confidence=0), settings.retrieval.top_k, calibration)
    with tempfile.TemporaryDirectory() as scratch:
        store = await LanceStore.open(Path(scratch), "passages", embedder.card.dimension)
        await index_beir(data.documents, Indexer(embedder, store, compute))
        await store.optimize()
        search = Search(embedder, store, compute, settings.retrieval)

        async def ask(text: str) -> Draft:
            found = await search(text, None)
            return generator.draft(text, found.vector, merge_neighbours(found.ranked))

        drafts = {query: await ask(text) for query, text in data.queries.items()}
        unanswerable = [await ask(text) for text in data.unanswerable]
        stranger = [await ask(text) for text in other]
        await store.close()
    compute.close()

    def abstains(draft: Draft) -> bool:
        return draft.confidence < calibration.threshold

    right = {q: _holds(d.text, data.answers.get(q, [])) for q, d in drafts.items()}
    answered = [d for d in drafts.values() if not abstains(d)]
    judged = [(d.confidence, right[q]) for q, d in drafts.items()] + [
        (d.confidence, False) for d in unanswerable
    ]
    return {
        "set": folder.name,
        "answerable": len(drafts),
        "answer_in_reply": _share(right[q] and not abstains(d) for q, d in drafts.items()),
        "abstained_on_answerable": _share(abstains(d) for d in drafts.values()),
        "unanswerable": len(unanswerable),
        "abstained_on_unanswerable": _share(abstains(d) for d in unanswerable),
        "strangers": len(stranger),
        "abstained_on_strangers": _share(abstains(d) for d in stranger),
        "median_words": statistics.median(len(d.text.split()) for d in answered),
        "mean_citations": round(statistics.fmean(len(d.citations) for d in answered), 2),
        "area_under_roc": round(_auc(sorted(judged, reverse=True)), 4),
    }


def _holds(reply: str, accepted: list[str]) -> bool:
    return any(f" {normalised(answer)} " in f" {normalised(reply)} " for answer in accepted)


def _share(flags: Iterable[bool]) -> float | None:
    counted = list(flags)
    return round(statistics.fmean(counted), 4) if counted else None


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
    parser.add_argument("--strangers", type=Path)
    parser.add_argument("--split", default="test")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    result = asyncio.run(
        measure(arguments.model, arguments.folder, arguments.strangers, arguments.split, arguments.limit)
    )
    print(json.dumps(result) if arguments.json else "\n".join(f"{k:28} {v}" for k, v in result.items()))


if __name__ == "__main__":
    main()
