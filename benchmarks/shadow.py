"""Questions while a candidate's index is built beside the active one: how much later are their answers?

    python -m benchmarks.shadow HOME SET [--rate 50] [--seconds 20] [--rounds 3] [--json]

HOME is an installation whose documents are those of SET, a folder in BEIR layout (benchmarks/learning.py --keep leaves one
as `installed`); a copy of it is used. Its questions are asked `rate` times a second at equal distances, each anew (nothing
is cached), first by themselves and then while a process of the lowest priority, as `answerloop train --if-due` is, embeds
all passages into an index of its own. That is done `rounds` times in turn; the ratio is of the medians of the rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np

from bots.scheduler import be_polite
from rag_core.assistant import Assistant
from rag_core.bootstrap import make_assistant, open_core, open_records
from rag_core.ingest.mirroring import Index, mirror
from rag_core.records.index.releases import Releases
from rag_core.settings import Settings
from rag_core.types import Principal, Question
from training.evaluate import read_beir


@dataclass(frozen=True, slots=True)
class Asked:
    ms: list[float]
    """From when a question was due to its answer: one that waits for the others counts as late."""
    errors: int


def settings_of(home: Path) -> Settings:
    return Settings(home=home, cache={"enabled": False})  # type: ignore[arg-type]


async def asked(assistant: Assistant, questions: Any, rate: float, until: float) -> Asked:
    ms: list[float] = []
    errors = 0

    async def one(text: str, due: float) -> None:
        nonlocal errors
        try:
            await assistant.ask(Question(text, Principal("web", "u")))
        except Exception as error:  # whatever it is, it is counted
            errors += 1
            print(error, file=sys.stderr)
        ms.append((time.perf_counter() - due) * 1e3)

    start, number = time.perf_counter(), 0
    async with asyncio.TaskGroup() as tasks:
        while (due := start + number / rate) < start + until:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            tasks.create_task(one(next(questions), due))
            number += 1
    return Asked(ms, errors)


async def build(home: Path) -> None:
    """Until it is killed, again and again."""
    be_polite()
    settings = settings_of(home)
    async with open_records(settings) as database, open_core(settings) as active:
        while True:
            made = await Releases(database).add_from(active.release, None, "a benchmark", own_index=True)
            async with open_core(settings, made) as other:
                source, target = (Index(one.store, one.documents) for one in (active, other))
                await mirror(source, target, other.embedder)
                print("built", flush=True)


async def measure(home: Path, folder: Path, rate: float, seconds: float, rounds: int) -> dict[str, Any]:
    texts = [*read_beir(folder, "train").queries.values()]
    questions = cycle(texts)
    settings = settings_of(home)
    alone, beside = [], []
    async with open_core(settings) as core:
        assistant = make_assistant(core)
        await asked(assistant, questions, rate, 3)
        for _ in range(rounds):
            alone.append(await asked(assistant, questions, rate, seconds))
            process = _building(home, folder)
            await asyncio.sleep(6)  # it imports, and begins
            try:
                beside.append(await asked(assistant, questions, rate, seconds))
                assert process.poll() is None, "the index was built before the questions were asked"
            finally:
                process.kill()
                process.wait()
    return {"alone": _told(alone), "beside": _told(beside), "p99_ratio": _ratio(alone, beside)}


def _building(home: Path, folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "benchmarks.shadow", str(home), str(folder), "--build"]
    return subprocess.Popen(command)


def _told(rounds: list[Asked]) -> dict[str, Any]:
    percentiles = {
        f"p{p}_ms": round(statistics.median(float(np.percentile(r.ms, p)) for r in rounds), 1)
        for p in (50, 95, 99)
    }
    return {
        "questions": sum(len(r.ms) for r in rounds),
        "errors": sum(r.errors for r in rounds),
        **percentiles,
    }


def _ratio(alone: list[Asked], beside: list[Asked]) -> float:
    both = [statistics.median(float(np.percentile(r.ms, 99)) for r in rounds) for rounds in (beside, alone)]
    return round(both[0] / both[1], 2)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.shadow", description=__doc__.splitlines()[0])
    parser.add_argument("home", type=Path)
    parser.add_argument("set", type=Path)
    parser.add_argument("--rate", type=float, default=50)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--build", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.build:
        asyncio.run(build(arguments.home))
        return
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch) / "home"
        shutil.copytree(arguments.home, home)
        found = asyncio.run(measure(home, arguments.set, arguments.rate, arguments.seconds, arguments.rounds))
    print(json.dumps(found, indent=None if arguments.json else 2))


if __name__ == "__main__":
    main()
