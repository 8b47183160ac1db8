"""Many askers at once: answers per second, latency, and how long the event loop keeps others waiting.

    python benchmarks/throughput.py [--askers 200] [--seconds 20] [--debug] [--profile] [--json FILE]

An installation with the real documents of docs_tech and squad_dev (read and embedded on the first run, kept in
.cache/benchmark-throughput). Every asker asks through Assistant.ask, one question after the answer to another, and each
answer is recorded in SQLite, as it is when served. Three runs:

  different   no question twice, cache disabled
  repeated    1,000 questions, the n-th most frequent asked 1/n as often as the first (Zipf); cache in process, cold at first
  identical   500 askers ask the same cold question at once, with and without the cache: how often the store is searched

The loop's blocking is measured by a task that sleeps 1 ms: how much later it wakes, less its own millisecond. That includes
the turn of the loop before it and being put aside by the machine. --debug times every callback and tells what filled the
longest blocks; --profile runs the loop's thread under cProfile. Both slow everything, so read the numbers of a run without.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import gzip
import json
import logging
import pstats
import random
import shutil
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import replace
from itertools import accumulate, count
from pathlib import Path
from typing import Any

from corpus import DATA, real_documents
from loop import Callbacks, Pulse
from process import peak_mb, percentiles, resident_mb, store_code
from sqlalchemy import func, select

from rag_core.assistant import Assistant
from rag_core.bootstrap import Core, make_assistant, open_core, open_records
from rag_core.errors import AnswerloopError
from rag_core.ingest.indexing import Indexer
from rag_core.records.tables import answers
from rag_core.running.preparation import active_release
from rag_core.settings import Settings
from rag_core.types import Principal, Question
from training.evaluate import index_beir

SETS = ("docs_tech", "squad_dev")
WARM_UP = 50
POPULAR = 1_000
AT_ONCE = 500
LIMIT_S = 0.050
"""The loop should never be blocked longer."""


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


# --- an installation ---------------------------------------------------------------------------------------------


async def fill(home: Path, data: Path) -> None:
    """Once, and again when the store's code has changed."""
    mark = home / "store-code.txt"
    if mark.is_file() and mark.read_text(encoding="ascii") == store_code():
        return
    shutil.rmtree(home / "index", ignore_errors=True)
    (home / "answerloop.db").unlink(missing_ok=True)
    settings = Settings(home=home)
    async with open_records(settings) as database:
        release = await active_release(database, settings)
    async with open_core(settings, release) as core:
        say("Reading and embedding the documents, once …")
        documents = (d for d in real_documents(data) if d.id.startswith(SETS))
        await index_beir(documents, Indexer(core.embedder, core.store, core.compute))
        await core.store.optimize()
    mark.write_text(store_code(), encoding="ascii")


@asynccontextmanager
async def installation(home: Path, cache: bool) -> AsyncIterator[Core]:
    """The filled one with a database of its own, so that recorded answers do not pile up from run to run."""
    with tempfile.TemporaryDirectory(prefix="throughput-") as scratch:
        own = Path(scratch)
        for shared in ("index", "models"):
            (own / shared).symlink_to((home / shared).resolve(), target_is_directory=True)
        shutil.copy(home / "answerloop.db", own)
        settings = Settings(home=own, cache={"enabled": cache})
        async with open_core(settings) as core:
            yield core


def real_texts(data: Path) -> list[str]:
    """All questions of the sets, in a seeded order, no two alike."""
    texts: list[str] = []
    for name in SETS:
        with gzip.open(data / name / "queries.jsonl.gz", "rt", encoding="utf-8") as lines:
            texts += [json.loads(line)["text"] for line in lines]
    texts = list(dict.fromkeys(texts))
    random.Random(5).shuffle(texts)
    return texts


def different(texts: list[str]) -> Iterator[str]:
    """Questions without end, none twice."""
    yield from texts
    for number in count(2):
        yield from (f"Question {number}: {text}" for text in texts)


def zipf(texts: list[str]) -> Iterator[str]:
    """Questions without end, the n-th of POPULAR asked with a share of 1/n."""
    popular = texts[:POPULAR]
    weights = list(accumulate(1 / n for n in range(1, len(popular) + 1)))
    drawn = random.Random(6)
    while True:
        yield drawn.choices(popular, cum_weights=weights)[0]


# --- asking ------------------------------------------------------------------------------------------------------


class Crowd:
    """Askers who ask one question after another until time is up."""

    def __init__(self, assistant: Assistant, questions: Iterator[str]) -> None:
        self.latencies: list[float] = []
        self.cached = 0
        self.stages: dict[str, list[float]] = defaultdict(list)
        self.failed: Counter[str] = Counter()
        self._assistant = assistant
        self._questions = questions

    async def ask_for(self, askers: int, seconds: float) -> None:
        until = time.perf_counter() + seconds
        await asyncio.gather(*(self._asker(f"asker-{n}", until) for n in range(askers)))

    async def ask_once(self, user: str) -> None:
        began = time.perf_counter()
        try:
            answer = await self._assistant.ask(Question(next(self._questions), Principal("web", user)))
        except AnswerloopError as error:
            self.failed[type(error).__name__] += 1
            return
        self.latencies.append((time.perf_counter() - began) * 1e3)
        self.cached += answer.cached
        for stage, ms in answer.timings_ms.items():
            self.stages[stage].append(ms)

    async def _asker(self, user: str, until: float) -> None:
        while time.perf_counter() < until:
            await self.ask_once(user)


async def crowded(
    core: Core, questions: Iterator[str], arguments: argparse.Namespace, name: str
) -> dict[str, Any]:
    assistant = make_assistant(core)
    warming = Crowd(assistant, questions)
    for _ in range(WARM_UP):
        await warming.ask_once("warm-up")
    before = await recorded(core)
    crowd, pulse, callbacks = Crowd(assistant, questions), Pulse(), Callbacks()
    beating = asyncio.create_task(pulse.beat())
    profile = cProfile.Profile() if arguments.profile else None
    began = time.perf_counter()
    with callbacks.watching() if arguments.debug else nullcontext(), profile or nullcontext():
        await crowd.ask_for(arguments.askers, arguments.seconds)
    took = time.perf_counter() - began
    beating.cancel()
    late_ms = [late * 1e3 for _, late in pulse.late]
    p50, p95, p99 = percentiles(crowd.latencies, 50, 95, 99)
    result = {
        "run": name,
        "askers": arguments.askers,
        "answers": len(crowd.latencies),
        "answers_per_s": round(len(crowd.latencies) / took, 1),
        "p50_ms": round(p50, 1),
        "p95_ms": round(p95, 1),
        "p99_ms": round(p99, 1),
        "cached_share": round(crowd.cached / len(crowd.latencies), 3),
        "failed": sum(crowd.failed.values()),
        "not_recorded": len(crowd.latencies) - (await recorded(core) - before),
        "stages_p50_ms": {stage: round(percentiles(ms, 50)[0], 1) for stage, ms in crowd.stages.items()},
        "block_p50_ms": round(percentiles(late_ms, 50)[0], 1),
        "block_p99_ms": round(percentiles(late_ms, 99)[0], 1),
        "block_longest_ms": round(max(late_ms), 1),
        "blocks_over_limit": sum(late > LIMIT_S * 1e3 for late in late_ms),
        "resident_mb": resident_mb(),
        "peak_mb": peak_mb(),
    }
    for error, times in crowd.failed.items():
        say(f"{name}: {error} {times} times")
    if arguments.debug:
        tell(pulse, callbacks, took)
    if profile:
        pstats.Stats(profile, stream=sys.stderr).sort_stats("tottime").print_stats(30)
    return result


async def recorded(core: Core) -> int:
    async with core.database.connect() as connection:
        return await connection.scalar(select(func.count()).select_from(answers)) or 0


def tell(pulse: Pulse, callbacks: Callbacks, took: float) -> None:
    """What kept the loop busy, in all and in its longest blocks."""
    rows = callbacks.by_total()
    busy = sum(seconds for where, _, seconds, _ in rows if not where.startswith("garbage"))
    say(f"The loop was in callbacks for {busy:.1f} s of {took:.1f} s:")
    for where, times, seconds, longest in rows[:15]:
        say(f"{seconds:8.2f} s {times:7} times, longest {longest * 1e3:6.1f} ms  {where}")
    for due, late in pulse.longest(5):
        within = callbacks.within(due, late)
        named = sum(seconds for where, _, seconds in within if not where.startswith("garbage"))
        say(f"A block of {late * 1e3:.1f} ms, {named * 1e3:.1f} ms of it in callbacks:")
        for where, times, seconds in within[:6]:
            say(f"{seconds * 1e3:8.1f} ms {times:7} times  {where}")


# --- the same question at once -----------------------------------------------------------------------------------


class Counted:
    """A store that counts its searches and fetches."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.calls: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        self.calls[name] += 1
        return getattr(self._store, name)


async def identical(core: Core, text: str, name: str) -> dict[str, Any]:
    counted = Counted(core.store)
    crowd = Crowd(make_assistant(replace(core, store=counted)), iter([text] * AT_ONCE))  # type: ignore[arg-type]
    pulse = Pulse()
    beating = asyncio.create_task(pulse.beat())
    began = time.perf_counter()
    await asyncio.gather(*(crowd.ask_once(f"asker-{n}") for n in range(AT_ONCE)))
    took = time.perf_counter() - began
    beating.cancel()
    return {
        "run": name,
        "askers": AT_ONCE,
        "answers": len(crowd.latencies),
        "failed": sum(crowd.failed.values()),
        "seconds": round(took, 2),
        "searches": counted.calls["search"],
        "fetches": counted.calls["fetch"],
        "block_longest_ms": round(pulse.longest()[0][1] * 1e3, 1),
    }


# --- one after another -------------------------------------------------------------------------------------------


async def measure(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    home, texts = arguments.home, real_texts(arguments.data)
    await fill(home, arguments.data)
    runs: dict[str, tuple[bool, Callable[[list[str]], Iterator[str]]]] = {
        "different": (False, different),
        "repeated": (True, zipf),
    }
    results = []
    for name, (cache, questions) in runs.items():
        if name in arguments.runs:
            async with installation(home, cache) as core:
                results.append(await crowded(core, questions(texts), arguments, name))
    if "identical" in arguments.runs:
        for cache in (True, False):
            async with installation(home, cache) as core:
                name = f"identical, cache {'on' if cache else 'off'}"
                results.append(await identical(core, texts[-1], name))
    return results


def shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {part:,}" for key, part in value.items())
    return f"{value:,}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--home", type=Path, default=Path(".cache/benchmark-throughput"))
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--askers", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=20)
    runs = ("different", "repeated", "identical")
    parser.add_argument("--runs", nargs="+", choices=runs, default=list(runs))
    parser.add_argument("--debug", action="store_true", help="name what blocks the loop")
    parser.add_argument("--profile", action="store_true", help="profile the loop's thread")
    parser.add_argument("--json", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    logging.getLogger("rag_core").setLevel(
        logging.CRITICAL
    )  # what was not recorded is counted, not told each time
    results = asyncio.run(measure(arguments))
    for result in results:
        print(f"{result['run']}")
        print("\n".join(f"  {key:20} {shown(value)}" for key, value in result.items() if key != "run"))
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
