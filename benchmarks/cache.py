"""What the cache saves, and what Redis costs a question while it is killed, hung or full.

    python benchmarks/cache.py [--questions 400] [--rounds 20] [--json]

Indexes the example documents in a scratch home and starts Redis servers of its own on loopback. Each row asks
questions one after another, each other than all before, except in the rows "again". "added" is the difference to the
row without any cache. The last rows ask one question at the very moment when Redis fails, a few rounds long: that is the
one that waits for the time limit.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from rag_core.assistant import Assistant  # noqa: E402
from rag_core.bootstrap import Core, make_assistant, open_core, open_library, open_records  # noqa: E402
from rag_core.running.preparation import active_release  # noqa: E402
from rag_core.settings import Cache, FolderSource, Settings  # noqa: E402
from rag_core.types import Principal, Question  # noqa: E402
from tests.conftest import EXPORTED  # noqa: E402
from tests.servers.redis import server  # noqa: E402

ASKER = Principal("console", "benchmark")
NUMBER = count()


def fresh(texts: list[str]) -> Iterator[str]:
    """Questions that nobody has asked yet."""
    for number in NUMBER:
        yield f"{texts[number % len(texts)]} ({number})"


async def asked(assistant: Assistant, text: str) -> float:
    """Milliseconds."""
    started = time.perf_counter()
    await assistant.ask(Question(text, ASKER))
    return (time.perf_counter() - started) * 1e3


async def measured(assistant: Assistant, texts: Iterator[str], questions: int) -> list[float]:
    return [await asked(assistant, next(texts)) for _ in range(questions)]


async def ready(core: Core) -> None:
    while core.caching.state()["state"] != "ready":  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.1)


async def rows(home: Path, questions: int, rounds: int, texts: list[str]) -> dict[str, list[float]]:
    measures: dict[str, list[float]] = {}
    new = fresh(texts)

    async def with_cache(cache: Cache, use: Callable[[Core, Assistant], Any], warm: int = 30) -> None:
        async with open_core(Settings(home=home, cache=cache)) as core:
            assistant = make_assistant(core)
            await measured(assistant, new, warm)  # warms the operating system and the store
            await use(core, assistant)

    async def plain(name: str, core: Core, assistant: Assistant) -> None:
        measures[name] = await measured(assistant, new, questions)

    async def twice(name: str, core: Core, assistant: Assistant) -> None:
        once = [next(new) for _ in range(questions)]
        measures[name] = await measured(assistant, iter(once), questions)
        await asyncio.sleep(0.2)
        measures[f"{name}, again"] = await measured(assistant, iter(once), questions)

    await with_cache(Cache(enabled=False), lambda c, a: plain("no cache", c, a))
    await with_cache(Cache(), lambda c, a: twice("in process", c, a))
    with tempfile.TemporaryDirectory() as folder, server(Path(folder)) as redis:
        shared = Cache(url=redis.url)
        faults = {
            "killed": (redis.kill, redis.start),
            "hung": (redis.hang, redis.resume),
            "full": (redis.fill, redis.empty),
        }
        await with_cache(shared, lambda c, a: twice("Redis", c, a))

        async def failing(core: Core, assistant: Assistant) -> None:
            for name, (break_it, mend_it) in faults.items():
                await ready(core)
                break_it()
                await plain(f"Redis {name}", core, assistant)
                mend_it()
                measures[f"used again after being {name}, s"] = [await until_used(core, assistant, new)]

        await with_cache(shared, failing)

        moments = {"at the moment it is killed": faults["killed"], "at the moment it hangs": faults["hung"]}

        async def first(name: str, core: Core, assistant: Assistant) -> None:
            break_it, mend_it = moments[name]
            await ready(core)
            break_it()
            measures.setdefault(name, []).append(await asked(assistant, next(new)))
            mend_it()

        # Each in a bot of its own: one that has just seen a failure waits longer for the next.
        for name in [name for name in moments for _ in range(rounds)]:
            await with_cache(shared, partial(first, name), 5)
        redis.kill()
        await with_cache(shared, lambda c, a: plain("Redis never there", c, a))
    await with_cache(Cache(enabled=False), lambda c, a: plain("no cache, at the end", c, a))
    return measures


async def until_used(core: Core, assistant: Assistant, new: Iterator[str]) -> float:
    """Seconds until a question is found again in Redis."""
    started = time.perf_counter()
    while True:
        text = next(new)
        await asked(assistant, text)
        await asyncio.sleep(0.05)
        again = await assistant.ask(Question(text, ASKER))
        if again.cached and core.caching.state()["state"] == "ready":
            return time.perf_counter() - started


async def measure(questions: int, rounds: int) -> dict[str, Any]:
    lines = (ROOT / "examples" / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    texts = [json.loads(line)["question"] for line in lines]
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        exported = ROOT / ".cache" / "models" / EXPORTED
        if exported.is_dir():  # as the tests keep it; else it is exported now
            (home / "models").mkdir()
            (home / "models" / EXPORTED).symlink_to(exported, target_is_directory=True)
        settings = Settings(home=home, cache=Cache(enabled=False))
        async with open_records(settings) as database:
            release = await active_release(database, settings)
        async with open_core(settings, release) as core, open_library(core) as library:
            source = FolderSource(name="examples", path=ROOT / "examples" / "documents")
            await library.add(source)
            await library.sync(source)
        measures = await rows(home, questions, rounds, texts)
    back = {name: round(took[0], 2) for name, took in measures.items() if name.endswith(", s")}
    base = measures["no cache"]
    table = {name: _row(took, base) for name, took in measures.items() if name not in back}
    return {"questions": questions, "rounds": rounds, "ms": table, "seconds": back}


def _row(took: list[float], base: list[float]) -> dict[str, float]:
    p50, p99 = _p(took, 50), _p(took, 99)
    return {
        "p50": round(p50, 2),
        "p99": round(p99, 2),
        "max": round(max(took), 2),
        "added_p50": round(p50 - _p(base, 50), 2),
        "added_p99": round(p99 - _p(base, 99), 2),
    }


def _p(took: list[float], percent: int) -> float:
    return statistics.quantiles(took, n=100, method="inclusive")[percent - 1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--questions", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    result = asyncio.run(measure(arguments.questions, arguments.rounds))
    if arguments.json:
        print(json.dumps(result))
        return
    columns = ("p50", "p99", "max", "added_p50", "added_p99")
    print(f"{'milliseconds':28}" + "".join(f"{name:>11}" for name in columns))
    for name, row in result["ms"].items():
        print(f"{name:28}" + "".join(f"{row[column]:11.2f}" for column in columns))
    for name, seconds in result["seconds"].items():
        print(f"{name}: {seconds}")


if __name__ == "__main__":
    main()
