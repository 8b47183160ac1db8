"""A process that is killed (SIGKILL) leaves whole things behind, and whoever does it again brings it to its end."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Table, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.records.database import open_database, transaction
from rag_core.records.exchange.exporting import export
from rag_core.records.exchange.importing import import_file
from rag_core.records.feedback.recording import Feedback
from rag_core.records.people.people import People
from rag_core.records.people.retention import expire
from rag_core.records.reviews.deciding import decide_all
from rag_core.records.reviews.reviews import Reviews
from rag_core.records.tables import answers, audit_log, postings, reviews, votes
from rag_core.settings import Retention
from rag_core.types import Principal, Question
from tests.fakes import an_answer

ADA, BOB = "U0ADA12345", "U0BOB12345"
MANY = 620
"""Answers: some more than are written at once."""
CHILD = """
import asyncio, os, sys, time
from pathlib import Path
from rag_core.records.database import open_database
from rag_core.records.exchange.exporting import export
from rag_core.records.exchange.importing import import_file
from rag_core.records.people.people import People
from rag_core.records.people.retention import expire
from rag_core.records.reviews.deciding import decide_all
from rag_core.records.reviews.reviews import Reviews
from rag_core.settings import Retention

what, address, path = sys.argv[1], sys.argv[2], Path(sys.argv[3])

def told(done, total):
    if 0 < done < total:
        print("half", flush=True)
        time.sleep(0.02)

async def main():
    database = await open_database(address)
    if what == "import":
        await import_file(database, path, "local:bo", told)
    elif what == "export":
        await export(database, path, told=told)
    else:
        ids = [one.id for one in await Reviews(database).pending(400)]
        print("half", flush=True)
        if what == "forget":
            await People(database, path.parent).forget_all("slack", "U0ADA12345")
        elif what == "expire":
            await expire(database, Retention(answers="30d"))
        else:
            await decide_all(database, ids, "no_fault", "local:bo")
    await database.dispose()

asyncio.run(main())
"""


async def filled(database: AsyncEngine) -> None:
    feedback = Feedback(database)
    asked = [Question("How?", Principal("slack", (ADA, BOB)[n % 2], "T1", "C1")) for n in range(MANY)]
    await asyncio.gather(
        *(
            feedback.record_answer(one, an_answer(f"a{n:04}"), passages=[], scopes=None, generation=1)
            for n, one in enumerate(asked)
        )
    )
    now = datetime.now(UTC)
    blank = {"platform": "slack", "reason": "", "comment": "", "correction": "", "updated_at": now}
    voted = [
        {**blank, "answer_id": f"a{n:04}", "user_id": (BOB, ADA)[n % 2], "value": -1} for n in range(MANY)
    ]
    unset = {
        "source": "vote",
        "state": "pending",
        "proposed": "",
        "proposed_by": "",
        "correction": "",
        "note": "",
    }
    waiting = [
        {**unset, "id": f"r{n}", "answer_id": f"a{n:04}", "reviewer": "", "created_at": now}
        for n in range(MANY)
    ]
    place = {
        "platform": "slack",
        "channel": "C1",
        "workspace": "T1",
        "thread": "",
        "question_message": "",
        "part": 0,
    }
    posted = [
        {
            **place,
            "message": str(n),
            "kind": "answer",
            "answer_id": f"a{n:04}",
            "user_id": ADA,
            "created_at": now,
        }
        for n in range(MANY)
    ]
    async with transaction(database) as connection:
        for table, rows in ((votes, voted), (reviews, waiting), (postings, posted)):
            await connection.execute(insert(table), rows)


def killed(what: str, address: str, path: Path, after_s: float = 0.0) -> None:
    """A process of its own that does it, killed when it says that it is half through, and so much later."""
    command = [sys.executable, "-c", CHILD, what, address, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": "."}) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"half\n"
        threading.Event().wait(after_s)
        child.send_signal(signal.SIGKILL)


def left_in(folder: Path) -> list[str]:
    return [one.name for one in folder.iterdir() if one.name.endswith(".tmp")]


async def count(database: AsyncEngine, table: Table) -> int:
    async with transaction(database) as connection:
        return int(await connection.scalar(select(func.count()).select_from(table)) or 0)


async def test_an_export_that_was_killed_leaves_nothing_that_forgetting_misses(
    address: str, database: AsyncEngine, tmp_path: Path
) -> None:
    """What was written so far lies beside the file that it was to be; it goes with the next who is forgotten, or exports."""
    await filled(database)
    path = tmp_path / "feedback.jsonl"
    killed("export", address, path)
    assert not path.exists()
    assert len(left_in(tmp_path)) == 1
    await People(database, tmp_path).forget_all("slack", ADA)
    assert left_in(tmp_path) == []
    assert (await export(database, path))["answer"] == MANY // 2
    assert ADA not in path.read_text(encoding="utf-8")


async def test_an_import_that_was_killed_is_brought_to_its_end_by_the_next(
    address: str, database: AsyncEngine, tmp_path: Path
) -> None:
    """What is there after the first is whole; what both bring is the file, byte by byte."""
    await filled(database)
    path, again = tmp_path / "feedback.jsonl", tmp_path / "again.jsonl"
    await export(database, path)
    await expire(database, Retention(answers="1s"), datetime.now(UTC) + timedelta(days=1))
    assert await count(database, answers) == 0
    killed("import", address, path)
    assert 0 < await count(database, answers) <= MANY
    done = await import_file(database, path)
    assert done.conflicts == 0
    assert done.skipped + sum(done.added.values()) == 3 * MANY
    await export(database, again)
    assert again.read_bytes() == path.read_bytes()


async def test_others_write_while_a_file_is_imported(
    address: str, database: AsyncEngine, tmp_path: Path
) -> None:
    """Nothing holds the database from the first row to the last."""
    await filled(database)
    path = tmp_path / "feedback.jsonl"
    await export(database, path)
    await expire(database, Retention(answers="1s"), datetime.now(UTC) + timedelta(days=1))
    wrote = []

    def told(done: int, total: int) -> None:
        if 0 < done < total and not wrote:
            wrote.append(in_another(address, lambda other: Reviews(other).told("none")))

    await import_file(database, path, told=told)
    assert wrote == [None]


async def test_who_is_forgotten_while_an_export_is_written_is_not_in_it(
    address: str, database: AsyncEngine, tmp_path: Path
) -> None:
    """It is of the moment at which it began, and forgetting looks for a file that is not there yet: it is written anew."""
    await filled(database)
    path = tmp_path / "feedback.jsonl"
    done = []

    def told(rows: int, total: int) -> None:
        if rows and not done:
            done.append(in_another(address, lambda other: People(other, tmp_path).forget_all("slack", ADA)))

    assert (await export(database, path, told=told))["answer"] == MANY // 2
    assert ADA not in path.read_text(encoding="utf-8")


async def test_forgetting_that_was_killed_is_all_or_nothing_and_brought_to_its_end(
    address: str, database: AsyncEngine, tmp_path: Path
) -> None:
    """In the database; and each file is the one it was, or without them."""
    await filled(database)
    path = tmp_path / "feedback.jsonl"
    await export(database, path)
    before = path.read_text(encoding="utf-8")
    killed("forget", address, path, after_s=0.06)
    left = (await count(database, answers), await count(database, votes))
    assert left in {(MANY, MANY), (MANY // 2, 0)}
    now = path.read_text(encoding="utf-8")
    assert now == before or ADA not in now
    await People(database, tmp_path).forget_all("slack", ADA)
    assert ADA not in path.read_text(encoding="utf-8")
    assert left_in(tmp_path) == []
    assert (await count(database, answers), await count(database, votes)) == (MANY // 2, 0)


async def test_many_decisions_that_were_killed_are_all_or_none(
    address: str, database: AsyncEngine, tmp_path: Path
) -> None:
    """Each with its entry, and one for all; deciding again decides what waits."""
    await filled(database)
    killed("bulk", address, tmp_path, after_s=0.03)
    waiting = await Reviews(database).pending(MANY)
    entries = await count(database, audit_log)
    assert (len(waiting), entries) in {(MANY, 0), (MANY - 400, 401)}
    done = await decide_all(database, [one.id for one in waiting], "no_fault", "local:bo")
    assert len(done.ids) == min(500, len(waiting))


async def test_expiring_that_was_killed_leaves_no_answer_without_what_is_its_own(
    address: str, database: AsyncEngine, tmp_path: Path
) -> None:
    """Each answer that is left has its vote and its message, and no message is left alone; the next removes the rest."""
    await filled(database)
    async with transaction(database) as connection:
        old = datetime.now(UTC) - timedelta(days=40)
        await connection.execute(update(answers).where(answers.c.id > "a0003").values(created_at=old))
    killed("expire", address, tmp_path, after_s=0.05)
    counts = {await count(database, table) for table in (answers, votes, reviews, postings)}
    assert len(counts) == 1
    await expire(database, Retention(answers="30d"))
    assert {await count(database, table) for table in (answers, votes, reviews, postings)} == {4}


def in_another(address: str, act: Callable[[AsyncEngine], Awaitable[object]]) -> None:
    """In another thread, with connections of its own, to its end."""
    failed: list[BaseException] = []

    async def done() -> None:
        other = await open_database(address)
        try:
            await act(other)
        finally:
            await other.dispose()

    def run() -> None:
        try:
            asyncio.run(done())
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(60)
    assert not failed, failed
