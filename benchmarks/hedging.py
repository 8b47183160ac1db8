"""Follow-ups searched as they were asked and as they were understood: what is kept of the gain, and saved of the harm.

    python -m benchmarks.hedging MODEL_FOLDER DIR [--splits train dev]

DIR is a judged set in BEIR layout, indexed and searched as served. Of three kinds of questions, nDCG@10 as they were
asked, as they were understood, and with both:

right      follow-ups made of pairs of questions about one document (training/conversation.py), where rules rewrite them
wrong      the same behind turns about another document, filled with the likeliest of these, however unlikely
strange    questions that stand alone, behind two others of the set, filled in the same way
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rag_core.compute import Compute
from rag_core.conversation import Standalone, rules, stand_alone
from rag_core.index.embedding import Embedder
from rag_core.index.stores.lance import LanceStore
from rag_core.ingest.indexing import Indexer
from rag_core.retrieval.search import Search
from rag_core.settings import Retrieval
from rag_core.types import Turn
from training.conversation import Asked, made
from training.evaluate import index_beir, ndcg, read_beir
from training.evaluate.sets import Beir

SEED = 11
TRIES = 10
MOST = 150
"""Questions of each kind."""
DEEP = 100
"""Passages looked at for ten documents."""


@contextmanager
def never_unsure() -> Iterator[None]:
    """Within it slots are filled with what is likeliest, however unlikely that is."""
    names = ("SURE", "SURE_OF_FULL_NAME", "SURE_OF_POINTING", "SURE_OF_OTHERS")
    before = {name: getattr(rules, name) for name in names}
    for name in names:
        setattr(rules, name, dict.fromkeys(rules.SURE, 0.0) if name == "SURE" else 0.0)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(rules, name, value)


def cases(data: Beir, asked: Sequence[Asked], chance: random.Random) -> Iterator[tuple[str, str, Standalone]]:
    """Kind, id of the judged question, and how it was understood."""
    by_text = {text: query for query, text in data.queries.items()}
    turns_of = {by_text[one.rewrite]: one.turns for one in asked if one.rewrite in by_text}

    def strange(query: str, among: Sequence[str]) -> list[str]:
        """Questions to other documents."""
        drawn = [chance.choice(among) for _ in range(TRIES)]
        return [other for other in drawn if not data.relevant[other].keys() & data.relevant[query].keys()]

    for one in asked:
        if (query := by_text.get(one.rewrite)) is None:
            continue
        yield "right", query, stand_alone(one.question, one.turns)
        if other := strange(query, list(turns_of)):
            with never_unsure():
                wrong = stand_alone(one.question, turns_of[other[0]])
            if wrong.text != one.rewrite:
                yield "wrong", query, wrong
    ids = list(data.queries)
    for query in chance.sample(ids, min(len(ids), 2 * MOST)):
        turns = [Turn("user", data.queries[other]) for other in strange(query, ids)[:2]]
        with never_unsure():
            yield "strange", query, stand_alone(data.queries[query], turns)


async def measure(search: Search, data: Beir, asked: Sequence[Asked]) -> dict[str, list[list[float]]]:
    """Of each kind, for each question that was changed: nDCG@10 as asked, as understood, and with both."""
    found: dict[str, list[list[float]]] = {}
    for kind, query, understood in cases(data, asked, random.Random(SEED)):
        rows = found.setdefault(kind, [])
        if not understood.asked or len(rows) == MOST:
            continue
        scores = []
        for text, beside in (
            (understood.asked, ""),
            (understood.text, ""),
            (understood.text, understood.asked),
        ):
            ranked = (await search(text, None, keep=DEEP, asked=beside)).ranked
            documents = list(dict.fromkeys(r.passage.document for r in ranked))
            scores.append(ndcg(documents, data.relevant[query]))
        rows.append(scores)
    return found


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--splits", nargs="+", default=["train", "dev"])
    args = parser.parse_args()
    embedder, compute = Embedder(args.model), Compute()
    with tempfile.TemporaryDirectory() as scratch:
        store = await LanceStore.open(Path(scratch), "passages", embedder.card.dimension)
        search = Search(embedder, store, compute, Retrieval())
        for n, split in enumerate(args.splits):
            data = read_beir(args.folder, split)
            if not n:
                await index_beir(data.documents, Indexer(embedder, store, compute))
                await store.optimize()
            found = await measure(search, data, made([args.folder], split, SEED))
            for kind, rows in found.items():
                if rows:
                    means = "  ".join(f"{statistics.fmean(column):.3f}" for column in zip(*rows, strict=True))
                    print(f"{split:6} {kind:8} {len(rows):4}  asked, understood, both: {means}", flush=True)
        await store.close()
    compute.close()


if __name__ == "__main__":
    asyncio.run(main())
