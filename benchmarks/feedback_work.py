"""How long the work behind the admin pages takes, and whether those who ask wait for it: 100,000 answers, 20,000 votes.

    python benchmarks/feedback_work.py sqlite+aiosqlite:////tmp/home/answerloop.db [--fill] [--only vote,triage]

The database is one that feedback_data filled; --fill does so first. It is changed: use it for nothing else. While each
work goes on, 50 answers a second are recorded; how long these take stands beside how long they take alone.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import secrets
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from feedback_data import fill
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.records.database import open_database, transaction
from rag_core.records.exchange.exporting import export
from rag_core.records.exchange.importing import import_file
from rag_core.records.feedback.recording import Feedback
from rag_core.records.people.retention import expire
from rag_core.records.reviews.deciding import decide_all
from rag_core.records.reviews.reviews import Reviews
from rag_core.records.reviews.undoing import undo
from rag_core.records.tables import answers
from rag_core.review.triage import Triage
from rag_core.settings import Retention, Settings
from rag_core.types import Answer, Citation, Principal, Question, Vote

PER_SECOND = 50
ALONE_S = 10.0
BY = "local:ada"
SENTENCE = "It is done on the page of the team that owns it [1]."


@dataclass
class Asking:
    """People who ask, from one moment to another."""

    database: AsyncEngine
    took_ms: list[float] = field(default_factory=list)

    async def __aenter__(self) -> Asking:
        self._going = asyncio.create_task(self._ask())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._going.cancel()
        await asyncio.gather(self._going, return_exceptions=True)

    async def _ask(self) -> None:
        """At their times, however long earlier ones take."""
        feedback, begun = Feedback(self.database), time.perf_counter()
        async with asyncio.TaskGroup() as asked:
            for number in range(1_000_000):
                await asyncio.sleep(max(0.0, begun + number / PER_SECOND - time.perf_counter()))
                asked.create_task(self._one(feedback))

    async def _one(self, feedback: Feedback) -> None:
        begun = time.perf_counter()
        await record(feedback)
        self.took_ms.append(1e3 * (time.perf_counter() - begun))


async def record(feedback: Feedback) -> str:
    """As wide as answers are."""
    id = secrets.token_hex(16)
    cited = Citation(1, "Page", "https://docs.example.com/page", SENTENCE, f"wiki/page-{id[:2]}.md#1")
    answer = Answer(id, SENTENCE, (cited,), 0.9, False, "r4", {"search": 3.5})
    passages = [{"passage": f"wiki/page.md#{n}", "cosine": 0.9, "bm25": 3.1, "score": 0.5} for n in range(20)]
    asker = Principal("slack", f"U{id[:3]}", "T1", "C1")
    question = Question(f"How do I renew {id[:4]}?", asker, thread=id)
    await feedback.record_answer(
        question, answer, passages=passages, scopes=frozenset({"public"}), generation=3
    )
    return id


async def each(work: Callable[[int], Awaitable[object]], times: int) -> str:
    took = []
    for number in range(times):
        begun = time.perf_counter()
        await work(number)
        took.append(1e3 * (time.perf_counter() - begun))
    return f"median {statistics.median(took):.1f} ms"


async def works(database: AsyncEngine, folder: Path) -> dict[str, Callable[[], Awaitable[str]]]:
    feedback, records = Feedback(database), Reviews(database)
    pending = [review.id for review in await records.pending(1_000)]
    async with transaction(database) as connection:
        oldest = answers.c.created_at
        ids = list(await connection.scalars(select(answers.c.id).order_by(oldest.desc()).limit(200)))
        last = await connection.scalar(select(func.max(oldest)))
        half = await connection.scalar(select(oldest).order_by(oldest).offset(50_000).limit(1))
    triage, path = Triage(database), folder / "feedback.jsonl"

    async def bulk(number: int) -> None:
        some = pending[500 + 100 * number : 600 + 100 * number]
        decided = await decide_all(database, some, "no_fault", BY)
        assert decided.entry is not None
        await undo(database, decided.entry, BY)

    async def rows(done: Awaitable[object], many: int) -> str:
        begun = time.perf_counter()
        said = await done
        return f"{many / (time.perf_counter() - begun):,.0f} answers/s; {said}"

    async def target() -> str:
        other = await open_database(f"sqlite+aiosqlite:///{folder / 'other.db'}")
        try:
            return await rows(import_file(other, path), 100_000)
        finally:
            await other.dispose()

    kept = Retention(answers=f"{max(1, (last - half) // timedelta(days=1))}d")
    return {
        "record an answer": lambda: each(lambda _: record(feedback), 200),
        "vote": lambda: each(
            lambda n: feedback.record_vote(Vote(ids[n], "slack", f"V{n % 50}", -1, "wrong_answer")), 200
        ),
        "resolve": lambda: each(lambda n: records.decide(pending[n], "no_fault", BY), 200),
        "decide 100, and undo": lambda: each(bulk, 5),
        "first look of triage": lambda: each(lambda _: triage.look(Settings()), 1),
        "next look of triage": lambda: each(lambda _: triage.look(Settings()), 5),
        "export of all": lambda: rows(export(database, path, by=BY), 100_000),
        "import of all (SQLite)": target,
        "retention, half of all": lambda: rows(expire(database, kept), 50_000),
    }


def p99(took: list[float]) -> float:
    return sorted(took)[int(0.99 * len(took))] if took else float("nan")


async def run(options: argparse.Namespace) -> None:
    database = await open_database(options.url)
    if options.fill:
        await fill(database)
    if database.dialect.name == "postgresql":
        async with database.connect() as connection:
            plain = await connection.execution_options(isolation_level="AUTOCOMMIT")
            await plain.execute(text("VACUUM ANALYZE"))
    async with Asking(database) as alone:
        await asyncio.sleep(ALONE_S)
    print(f"answers alone, {PER_SECOND} a second: median {statistics.median(alone.took_ms):.1f} ms, ", end="")
    print(f"p99 {p99(alone.took_ms):.0f} ms\n\n| Work | each | all | answers' p99 ms | MB at most |")
    print("| --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory(prefix="answerloop-feedback-work-") as folder:
        for name, work in (await works(database, Path(folder))).items():
            if options.only and not any(one in name for one in options.only.split(",")):
                continue
            begun = time.perf_counter()
            async with Asking(database) as asking:
                said = await work()
            took, most = (
                time.perf_counter() - begun,
                resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            )
            print(f"| {name} | {said} | {took:.1f} s | {p99(asking.took_ms):.0f} | {most} |", flush=True)
    await database.dispose()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", help="of the database, as in database.url")
    parser.add_argument("--fill", action="store_true")
    parser.add_argument("--only", default="", help="of the works, by part of a name, comma-separated")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
