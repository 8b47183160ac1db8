"""The embedded store at 10 thousand, 100 thousand and 1 million passages: building, memory, disk, latency, recall.

    python benchmarks/scale.py [--sizes 10000 100000 1000000] [--questions 300] [--units none] [--keep] [--json FILE]
                               [--markdown] [--work DIR]

The passages are made from real ones: all sets of ../shared/data are divided and embedded once (kept in DIR/source), their
units (sentences, list items, …) cut into pieces of about 240 characters, and a made passage is two to four pieces of as many
passages. Its vector is what an embedding is: the normalised mean of its units' vectors, weighted by their length, and a
little noise. So words, lengths and the way vectors crowd are real, and a million costs no million inferences. They are
harder to tell apart than real ones: each piece stands in hundreds of them.

They go through LanceStore.replace in batches of documents with ten passages each, then optimize, as ingestion does. Scopes:
six documents in ten are public, three "team", one "board". Each size is built in a process of its own and read in another,
which also compares the vector search with an exact one over all vectors (made again from the same seed, in blocks).

  write, optimise   seconds; making the passages is not counted
  build MB          peak resident memory of the building process, with the pieces that passages are made from (base MB)
  read MB           resident memory of a fresh process that has answered all questions
  store p50, p95    ms of LanceStore.search (50 candidates) and fetch (16 passages), the question's vector known
  search p50, p95   ms of Search: the same with embedding and fusion; questions one after another, none asked twice
  board p50, p95    ms of Search for an asker who may read "board" alone, a tenth of the passages
  recall@10         of the vector search against the exact one, also within "board"
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
from corpus import DATA, real_questions
from made import Maker
from numpy.typing import NDArray
from process import peak_mb, percentiles, resident_mb, store_code

from rag_core.compute import Compute
from rag_core.index.embedding import Embedder
from rag_core.index.stores.lance import LanceStore
from rag_core.retrieval.search import KEEP, Search
from rag_core.running.preparation import prepared_model
from rag_core.settings import Settings

SCOPES = frozenset({"public", "team", "board"})
FEW = frozenset({"board"})
DEPTH = 10
WARM_UP = 20
NO_WORD = "qxzvwkjy"
"""Stands in no passage: a search with it is a search by vector alone."""
COLUMNS = {
    "size": "passages",
    "write_s": "write s",
    "optimise_s": "optimise s",
    "disk_mb": "disk MB",
    "build_peak_mb": "build MB",
    "base_mb": "base MB",
    "read_mb": "read MB",
    "store_p50_ms": "store p50",
    "store_p95_ms": "store p95",
    "search_p50_ms": "search p50",
    "search_p95_ms": "search p95",
    "board_p50_ms": "board p50",
    "board_p95_ms": "board p95",
    "recall": "recall@10",
    "board_recall": "in board",
}


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


# --- building ----------------------------------------------------------------------------------------------------


async def build(folder: Path, size: int, maker: Maker) -> dict[str, float]:
    """An index of this size in an empty folder."""
    base = resident_mb()
    store = await LanceStore.open(folder / "index", "passages", maker.dimension)
    written = 0.0
    for number, start in enumerate(range(0, size, maker.batch)):
        rows = maker.rows(number, min(maker.batch, size - start))
        began = time.perf_counter()
        await store.replace({row.passage.document for row in rows}, rows)
        written += time.perf_counter() - began
        say(f"{size:,}: {start + len(rows):,} passages in {written:.0f} s, {resident_mb():.0f} MB")
    began = time.perf_counter()
    await store.optimize()
    optimised = time.perf_counter() - began
    say(f"{size:,}: optimised in {optimised:.0f} s, {peak_mb():.0f} MB at the peak")
    state = await store.state()
    await store.close()
    assert state.passages == size, state
    return {
        "size": size,
        "write_s": round(written, 1),
        "optimise_s": round(optimised, 1),
        "disk_mb": disk_mb(folder),
        "build_peak_mb": peak_mb(),
        "base_mb": base,
    }


def disk_mb(folder: Path) -> float:
    return round(sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6, 1)


# --- reading -----------------------------------------------------------------------------------------------------


async def read(folder: Path, size: int, model: Path, questions: list[str]) -> dict[str, Any]:
    """Latencies and memory of a process that only reads; and what the vector search found, by question."""
    settings = Settings()
    embedder, compute = Embedder(model), Compute()
    store = await LanceStore.open(folder / "index", "passages", embedder.card.dimension)
    search = Search(embedder, store, compute, settings.retrieval)
    vectors = np.stack([embedder.embed_query(q) for q in questions])
    numbered = list(enumerate(questions))
    limit = settings.retrieval.candidates

    async def both_steps(n: int, text: str) -> None:
        candidates = await store.search(vectors[n], text, SCOPES, limit)
        await store.fetch(candidates[:KEEP], SCOPES)

    async def whole(n: int, text: str) -> None:
        await search(text, SCOPES)

    async def few(n: int, text: str) -> None:
        await search(text, FEW)

    result: dict[str, Any] = {}
    for name, ask in (("store", both_steps), ("search", whole), ("board", few)):
        p50, p95 = await _latencies(ask, numbered)
        result |= {f"{name}_p50_ms": round(p50, 2), f"{name}_p95_ms": round(p95, 2)}
        say(f"{size:,}: {name} p50 {p50:.1f} ms, p95 {p95:.1f} ms")
    result |= {"read_mb": resident_mb(), "read_peak_mb": peak_mb()}
    asked = vectors[WARM_UP:]
    found = {s: [await _nearest(store, v, s, limit) for v in asked] for s in (SCOPES, FEW)}
    await store.close()
    compute.close()
    maker = Maker.open(folder.parent / "source")
    for name, scopes in (("recall", SCOPES), ("board_recall", FEW)):
        exact = exact_nearest(maker, size, asked, scopes)
        shares = [len(set(f) & set(e)) / len(e) for f, e in zip(found[scopes], exact, strict=True)]
        result[name] = round(float(np.mean(shares)), 4)
        say(f"{size:,}: {name}@10 {result[name]}")
    return result


async def _latencies(
    ask: Callable[[int, str], Awaitable[None]], questions: list[tuple[int, str]]
) -> list[float]:
    """p50 and p95 in ms, after WARM_UP questions that do not count."""
    latencies = []
    for n, text in questions:
        began = time.perf_counter()
        await ask(n, text)
        latencies.append((time.perf_counter() - began) * 1e3)
    return percentiles(latencies[WARM_UP:], 50, 95)


async def _nearest(
    store: LanceStore, vector: NDArray[np.float32], scopes: frozenset[str], limit: int
) -> list[str]:
    candidates = await store.search(vector, NO_WORD, scopes, limit)
    return [c.id for c in sorted(candidates, key=lambda c: -c.cosine)[:DEPTH]]


def exact_nearest(
    maker: Maker, size: int, questions: NDArray[np.float32], scopes: frozenset[str]
) -> list[list[str]]:
    """The ids of the nearest passages for each question, by comparing with every vector."""
    best = np.full((len(questions), DEPTH), -np.inf, np.float32)
    best_numbers = np.full((len(questions), DEPTH), -1)
    for number, start in enumerate(range(0, size, maker.batch)):
        numbers, vectors = maker.vectors(number, min(maker.batch, size - start), scopes)
        scores = np.hstack([best, questions @ vectors.T])
        numbers = np.hstack([best_numbers, np.broadcast_to(numbers, (len(questions), len(numbers)))])
        kept = np.argpartition(-scores, DEPTH - 1, axis=1)[:, :DEPTH]
        best, best_numbers = np.take_along_axis(scores, kept, 1), np.take_along_axis(numbers, kept, 1)
    return [[maker.name(int(n)) for n in row] for row in best_numbers]


# --- one after another -------------------------------------------------------------------------------------------


def in_own_process(*arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, __file__, *arguments], stdout=subprocess.PIPE, text=True, check=True
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def measure(size: int, arguments: argparse.Namespace) -> dict[str, Any]:
    folder: Path = arguments.work / f"{size}-{arguments.units}"
    card = folder / "built.json"
    common = ["--work", str(arguments.work), "--units", arguments.units]
    known = json.loads(card.read_text(encoding="utf-8")) if arguments.keep and card.is_file() else {}
    if known.get("store_code") != store_code():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        known = {**in_own_process(*common, "--build", str(size)), "store_code": store_code()}
        card.write_text(json.dumps(known), encoding="utf-8")
    asked = ["--questions", str(arguments.questions), "--data", str(arguments.data)]
    result = {**known, **in_own_process(*common, *asked, "--read", str(size))}
    if not arguments.keep:
        shutil.rmtree(folder)
    return result


def table(results: list[dict[str, Any]], markdown: bool) -> str:
    """Sizes as columns: there are more measures than sizes."""
    rows = [[label, *(f"{r[key]:,}" for r in results)] for key, label in COLUMNS.items()]
    if markdown:
        rows.insert(1, ["---"] * len(rows[0]))
        return "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return "\n".join(f"{row[0]:12}" + "".join(f"{cell:>12}" for cell in row[1:]) for row in rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument(
        "--units", choices=("full", "none"), default="full", help="vectors of units; 2.5 kB a passage"
    )
    parser.add_argument("--work", type=Path, default=Path(".cache/benchmark-scale"))
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument(
        "--keep", action="store_true", help="use an index that was built by the same code, and leave it there"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="written after each size")
    parser.add_argument("--markdown", action="store_true", help="a table for docs/benchmarks.md")
    parser.add_argument("--build", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--read", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    source: Path = arguments.work / "source"
    if arguments.build:
        maker = Maker.open(source, arguments.units == "full")
        folder = arguments.work / f"{arguments.build}-{arguments.units}"
        print(json.dumps(asyncio.run(build(folder, arguments.build, maker))))
        return
    model = asyncio.run(prepared_model(Settings(home=arguments.work.parent)))
    if arguments.read:
        folder = arguments.work / f"{arguments.read}-{arguments.units}"
        questions = real_questions(arguments.data, arguments.questions + WARM_UP)
        print(json.dumps(asyncio.run(read(folder, arguments.read, model, questions))))
        return
    if not Maker.is_there(source):
        Maker.make(source, Embedder(model), arguments.data, say)
    results = []
    for size in arguments.sizes:
        results.append(measure(size, arguments))
        if arguments.json:
            arguments.json.write_text(json.dumps(results, indent=1), encoding="utf-8")
    print(table(results, arguments.markdown))
    growth = results[-1]["search_p95_ms"] / results[0]["search_p95_ms"]
    print(f"\np95 of search grows {growth:.1f} times from {arguments.sizes[0]:,} to {arguments.sizes[-1]:,}.")


if __name__ == "__main__":
    main()
