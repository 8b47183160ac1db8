"""Measures retrieval and answers on judged sets. One evaluator for whatever release is asked."""

from __future__ import annotations

import gzip
import json
import math
import re
import statistics
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rag_core.compute import Compute
from rag_core.errors import DocumentError, NotFound
from rag_core.index.embedding import Embedder
from rag_core.index.stores import VectorStore
from rag_core.ingest.indexing import Divided, Indexer, Parsed
from rag_core.retrieval.search import Search
from rag_core.settings import Settings

if TYPE_CHECKING:
    from rag_core.retrieval.reranking import Reranker

__all__ = [
    "Beir",
    "evaluate_retrieval",
    "index_beir",
    "ndcg",
    "ndcg_of_vectors",
    "normalised",
    "read_beir",
    "recall",
    "reciprocal_rank",
]

DEPTH = 10
_NOT_WORD = re.compile(r"[^\w\s]")
DEEP = 100
"""Passages looked at for ten documents: several may be of one."""
WRITE_AT = 512
"""Passages embedded and written together."""


@dataclass(frozen=True, slots=True)
class BeirDocument:
    id: str
    title: str
    text: str

    @property
    def whole(self) -> str:
        return f"{self.title}\n{self.text}".strip()


@dataclass(frozen=True, slots=True)
class Beir:
    """A judged set in the layout of BEIR (Thakur et al. 2021)."""

    documents: list[BeirDocument]
    queries: dict[str, str]
    """Those of the split that have a judgement, in file order."""
    relevant: dict[str, dict[str, int]]
    """query -> document -> grade above 0"""
    answers: dict[str, list[str]] = field(default_factory=dict)
    """query -> accepted short answers, where the set has them"""
    unanswerable: list[str] = field(default_factory=list)
    """Questions to decline, where the set has them."""


def read_beir(folder: Path, split: str, limit: int | None = None) -> Beir:
    """Read corpus, queries, qrels/SPLIT.tsv and, where there are any, answers and unanswerable questions.

    limit: keep the first so many queries; the corpus stays whole.

    Raises:
        NotFound: a file is missing; the message names it.
        DocumentError: a line cannot be read; the message names file and line.
    """
    relevant = _read_qrels(folder / "qrels" / f"{split}.tsv")
    queries = {r["_id"]: r["text"] for r in _rows(folder, "queries", "_id", "text") if r["_id"] in relevant}
    if not queries:
        raise DocumentError(
            f"{folder}: no query has a judgement in qrels/{split}.tsv; the ids must be the same."
        )
    kept = dict(list(queries.items())[:limit])
    corpus = _rows(folder, "corpus", "_id", "text")
    documents = [BeirDocument(r["_id"], r.get("title") or "", r["text"]) for r in corpus]
    given = _optional_rows(folder, "answers", "query_id", "answers")
    answers = {r["query_id"]: r["answers"] for r in given if r["query_id"] in kept}
    strange = _optional_rows(folder, "unanswerable", "text")
    declined = [r["text"] for r in strange if r.get("split", split) == split]
    return Beir(documents, kept, {q: relevant[q] for q in kept}, answers, declined[:limit])


def _rows(folder: Path, name: str, *keys: str) -> Iterator[dict[str, Any]]:
    """Objects that have these keys at least."""
    plain, packed = folder / f"{name}.jsonl", folder / f"{name}.jsonl.gz"
    if not plain.is_file() and not packed.is_file():
        raise NotFound(f"{folder} has no {name}.jsonl or {name}.jsonl.gz; a set in BEIR layout needs one.")
    path = plain if plain.is_file() else packed
    number = 0
    try:
        with gzip.open(path, "rb") if path is packed else path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield _row(line, path, number, keys)
    except (OSError, EOFError, zlib.error) as error:
        raise DocumentError(f"{path} cannot be read after line {number}: {error}.") from None


def _row(line: bytes, path: Path, number: int, keys: Sequence[str]) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError:  # not JSON, or not UTF-8
        row = None
    if not isinstance(row, dict):
        raise DocumentError(f"{path}, line {number}: expected a JSON object.")
    if missing := [key for key in keys if key not in row]:
        raise DocumentError(f"{path}, line {number}: {missing[0]} is missing.")
    return row


def _optional_rows(folder: Path, name: str, *keys: str) -> Iterator[dict[str, Any]]:
    if (folder / f"{name}.jsonl").is_file() or (folder / f"{name}.jsonl.gz").is_file():
        yield from _rows(folder, name, *keys)


def _read_qrels(path: Path) -> dict[str, dict[str, int]]:
    if not path.is_file():
        splits = sorted(p.stem for p in path.parent.glob("*.tsv"))
        raise NotFound(
            f"There is no {path}; "
            + (f"splits: {', '.join(splits)}." if splits else "qrels/*.tsv are needed.")
        )
    relevant: dict[str, dict[str, int]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        cells = line.split("\t")
        if number == 1 and cells[-1].strip() == "score":
            continue
        if len(cells) != 3 or not cells[2].strip().lstrip("-").isdigit():
            raise DocumentError(
                f"{path}, line {number}: expected query-id, corpus-id and score between tabs."
            )
        if int(cells[2]) > 0:
            relevant.setdefault(cells[0], {})[cells[1]] = int(cells[2])
    return relevant


# --- measures ----------------------------------------------------------------------------------------------------


def ndcg(found: Sequence[str], relevant: Mapping[str, int], depth: int = DEPTH) -> float:
    """Normalised discounted cumulative gain with grades as gains (Järvelin and Kekäläinen 2002)."""
    gain = sum(relevant.get(d, 0) / math.log2(rank + 2) for rank, d in enumerate(found[:depth]))
    best = sum(
        g / math.log2(rank + 2) for rank, g in enumerate(sorted(relevant.values(), reverse=True)[:depth])
    )
    return gain / best if best else 0.0


def recall(found: Sequence[str], relevant: Mapping[str, int], depth: int = DEPTH) -> float:
    """Of all relevant documents, the share among the first `depth`."""
    return len(set(found[:depth]) & set(relevant)) / len(relevant)


def reciprocal_rank(found: Sequence[str], relevant: Mapping[str, int], depth: int = DEPTH) -> float:
    return next((1 / rank for rank, d in enumerate(found[:depth], start=1) if d in relevant), 0.0)


def normalised(text: str) -> str:
    """Lower case, punctuation as spaces, one space between words: how answers are compared."""
    return " ".join(_NOT_WORD.sub(" ", text.lower()).split())


def ndcg_of_vectors(data: Beir, questions: NDArray[np.float32], documents: NDArray[np.float32]) -> float:
    """Mean nDCG@10 of ranking whole documents by the dot product. questions (q, d), documents (n, d)."""
    ids = [document.id for document in data.documents]
    scores = questions @ documents.T
    ranked = np.argsort(-scores, axis=1)[:, :DEPTH]
    relevant = list(data.relevant.values())
    return statistics.fmean(ndcg([ids[i] for i in row], relevant[q]) for q, row in enumerate(ranked))


# --- retrieval as served -----------------------------------------------------------------------------------------


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
        found = await search(text, frozenset({"public"}), keep=DEEP)
        latencies.append((time.perf_counter() - began) * 1e3)
        ranked = list(dict.fromkeys(r.passage.document for r in found.ranked))
        relevant = data.relevant[query]
        for name, measure in (("ndcg@10", ndcg), ("recall@10", recall), ("mrr@10", reciprocal_rank)):
            scores[name].append(measure(ranked, relevant))
        progress("searching", n, len(data.queries))
    return {
        **{name: round(statistics.fmean(values), 4) for name, values in scores.items()},
        "p50_ms": round(_percentile(latencies, 50), 2),
        "p95_ms": round(_percentile(latencies, 95), 2),
        "passages_per_s": round(passages / indexed, 1) if indexed else 0.0,
        "documents": total,
        "passages": passages,
        "queries": len(data.queries),
    }


def _percentile(values: list[float], percent: float) -> float:
    return float(np.percentile(values, percent))
