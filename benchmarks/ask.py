"""Uncached question to extractive answer at 10,000 passages, in one process; and a whole `answerloop ask` from cold.

    python benchmarks/ask.py [--home DIR] [--passages 10000] [--questions 500] [--json]

Builds the home directory on the first run (the passages are embedded once, about two minutes) and keeps it. Stages are
those of Answer.timings_ms. Start-up is the wall clock of the command `answerloop ask`, median of --starts runs.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from corpus import DATA, real_documents, real_questions

from rag_core.bootstrap import make_assistant, open_core, open_records
from rag_core.ingest.indexing import Indexer
from rag_core.running.preparation import active_release
from rag_core.settings import Settings
from rag_core.types import Principal, Question
from training.evaluate import index_beir


async def measure(home: Path, passages: int, questions: int, data: Path) -> dict[str, Any]:
    settings = Settings(home=home)
    async with open_records(settings) as database:
        release = await active_release(database, settings)
    async with open_core(settings, release) as core:
        await filled(core, passages, data)
        assistant = make_assistant(core)
        principal = Principal("web", "benchmark")
        stages: dict[str, list[float]] = {}
        for n, text in enumerate(real_questions(data, questions + 20)):
            answer = await assistant.ask(Question(text, principal))
            if n >= 20:  # the first ones warm the caches of the operating system and the store
                for stage, ms in answer.timings_ms.items():
                    stages.setdefault(stage, []).append(ms)
        count = (await core.store.state()).passages
    return {
        "passages": count,
        "questions": questions,
        "median_ms": {stage: round(statistics.median(ms), 2) for stage, ms in stages.items()},
        "p99_ms": {stage: round(statistics.quantiles(ms, n=100)[98], 2) for stage, ms in stages.items()},
    }


async def filled(core: Any, passages: int, data: Path) -> None:
    """The index, with at least so many passages."""
    have = (await core.store.state()).passages
    if have >= passages:
        return
    kept, total = [], 0
    indexer = Indexer(core.embedder, core.store, core.compute)
    for document in real_documents(data):
        kept.append(document)
        total += max(1, len(document.text) // 800)
        if total >= passages * 1.1:
            break
    await index_beir(kept, indexer, lambda done, n: print(f"\r{n} passages", end="", file=sys.stderr))
    await core.store.optimize()


LAUNCHER = """
import os, subprocess, sys, time
began = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(status, time.perf_counter() - began, usage.ru_maxrss / 1024)
"""
"""Small, because a child's peak memory counts from what its parent had when it was started."""


def cold_start(home: Path, starts: int) -> dict[str, float]:
    """Wall clock and peak memory of the command, as a user runs it."""
    answerloop = [sys.executable, "-c", "from bots.cli import main; main()", "--home", str(home)]
    command = [sys.executable, "-c", LAUNCHER, *answerloop, "ask", "--json", "How are cells made?"]
    walls, peaks = [], []
    for _ in range(starts):
        told = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        assert told[0] == "0", told
        walls.append(float(told[1]))
        peaks.append(float(told[2]))
    return {"start_to_answer_s": round(statistics.median(walls), 2), "ask_peak_mb": round(max(peaks), 1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--home", type=Path, default=Path(".cache/benchmark-ask"))
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--passages", type=int, default=10_000)
    parser.add_argument("--questions", type=int, default=500)
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    result = asyncio.run(measure(arguments.home, arguments.passages, arguments.questions, arguments.data))
    result |= cold_start(arguments.home, arguments.starts)
    result["process_peak_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
    if arguments.json:
        print(json.dumps(result))
        return
    print(f"{result['passages']:,} passages, {result['questions']} questions")
    print(f"{'stage':10} {'median ms':>10} {'p99 ms':>10}")
    for stage, median in result["median_ms"].items():
        print(f"{stage:10} {median:10.2f} {result['p99_ms'][stage]:10.2f}")
    print(
        f"answerloop ask: {result['start_to_answer_s']} s from start to answer, {result['ask_peak_mb']} MB at its peak"
    )


if __name__ == "__main__":
    main()
