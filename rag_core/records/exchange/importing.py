"""A file of JSONL -> the database: of a file with a mistake nothing, and nothing twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Table, and_, insert, select, tuple_
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from rag_core.errors import AnswerloopError, InvalidEntry
from rag_core.records.audit import note
from rag_core.records.database import transaction
from rag_core.records.exchange.lines import KINDS, columns_of, line_of, row_of
from rag_core.records.feedback.hygiene import cited_documents
from rag_core.records.tables import answer_documents, answers, reviews

__all__ = ["Conflict", "Imported", "import_file"]

BATCH = 200
"""Rows in one transaction."""
PAUSE_S = 0.02
"""After each, for whoever else writes."""
LONGEST_LINE = 16 << 20
"""Characters."""
NAMED = 20
"""Conflicts that are named; of more only the number is told."""
_HANGS_ON = {
    "vote": ("answer_id", answers),
    "review": ("answer_id", answers),
    "passage": ("review_id", reviews),
}
_Numbered = tuple[int, dict[str, Any]]
Told = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Conflict:
    line: int
    kind: str
    id: str
    reason: str


@dataclass
class Imported:
    added: dict[str, int] = field(default_factory=dict)
    """By kind."""
    skipped: int = 0
    """That were there already, the same."""
    conflicts: int = 0
    """That are there otherwise; what was there stays."""
    named: list[Conflict] = field(default_factory=list)
    """The first of these."""


async def import_file(
    database: AsyncEngine, path: Path, by: str = "", told: Told = lambda done, total: None
) -> Imported:
    """Check all lines, whatever their order, then add what is not there, a little at a time: whoever else writes does not
    wait. What is there stays as it is. Was it stopped half-way, it adds the rest when it is run again.

    Raises:
        InvalidEntry: a line is not as it should be; the message names it. Nothing was added.
        AnswerloopError: the file cannot be read.
        Unavailable: the database does not take it now; what was added is whole rows with what they hang on.
    """
    present, loose = _looked_through(path)
    await _refuse_loose(database, loose)
    total, done = sum(present.values()), 0
    told(0, total)
    report = Imported()
    async with transaction(database) as connection:
        await note(connection, by, "feedback.import", "feedback", **present)
    for kind in (kind for kind in KINDS if kind in present):
        for batch in _batches(path, kind):
            _count_in(report, await _added(database, path, kind, batch))
            done += len(batch)
            told(done, total)
            await asyncio.sleep(PAUSE_S)
    return report


async def _added(database: AsyncEngine, path: Path, kind: str, batch: Sequence[_Numbered]) -> Imported:
    """In a transaction; once more where somebody else added one of these at the same moment."""
    for attempt in (1, 2):
        report = Imported()
        try:
            async with transaction(database) as connection:
                await _add(connection, kind, batch, report)
            break
        except IntegrityError as error:
            if attempt == 2:
                why = str(error.orig).splitlines()[0]
                where = f"lines {batch[0][0]} to {batch[-1][0]}"
                raise InvalidEntry(f"{path}: the database does not take one of {where}: {why}.") from None
    return report


def _count_in(report: Imported, more: Imported) -> None:
    for kind, count in more.added.items():
        report.added[kind] = report.added.get(kind, 0) + count
    report.skipped += more.skipped
    report.conflicts += more.conflicts
    report.named += more.named[: NAMED - len(report.named)]


def _looked_through(path: Path) -> tuple[dict[str, int], dict[str, dict[str, int]]]:
    """How many lines there are of each kind; and by kind the ids of what lines hang on that is not in the file, with the
    first line of each."""
    present: dict[str, int] = {}
    there: dict[str, set[str]] = {"answer": set(), "review": set()}
    wanted: dict[str, dict[str, int]] = {}
    for number, line in _lines(path):
        kind, row = _read(number, line)
        present[kind] = present.get(kind, 0) + 1
        if kind in there:
            there[kind].add(row["id"])
        if kind in _HANGS_ON:
            wanted.setdefault(kind, {}).setdefault(row[_HANGS_ON[kind][0]], number)
    of = {kind: there["review" if table is reviews else "answer"] for kind, (_, table) in _HANGS_ON.items()}
    return present, {k: {id: n for id, n in ids.items() if id not in of[k]} for k, ids in wanted.items()}


async def _refuse_loose(database: AsyncEngine, loose: Mapping[str, Mapping[str, int]]) -> None:
    for kind, lines in loose.items():
        column, table = _HANGS_ON[kind]
        ids = list(lines)
        for at in range(0, len(ids), BATCH):
            some = ids[at : at + BATCH]
            async with transaction(database) as connection:
                there = await _ids_there(connection, table, some)
            for id in (id for id in some if id not in there):
                raise InvalidEntry(
                    f"line {lines[id]}: {column}: what it hangs on ({id[:40]}) is neither in the file nor here; "
                    "export it as well."
                )


async def _ids_there(connection: AsyncConnection, table: Table, ids: Iterable[str]) -> set[str]:
    return set(await connection.scalars(select(table.c.id).where(table.c.id.in_(set(ids)))))


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        with path.open(encoding="utf-8", newline="\n") as lines:
            number = 0
            while line := lines.readline(LONGEST_LINE + 1):
                number += 1
                if len(line) > LONGEST_LINE:
                    raise InvalidEntry(f"line {number}: it is too long to be a row.")
                if line.strip():
                    yield number, line
    except OSError as error:
        raise AnswerloopError(f"{path} cannot be read: {error.strerror}; name another file.") from None
    except UnicodeDecodeError:
        raise InvalidEntry(f"{path} is not UTF-8; export it again.") from None


def _read(number: int, line: str) -> tuple[str, dict[str, Any]]:
    try:
        return row_of(line)
    except InvalidEntry as error:
        raise InvalidEntry(f"line {number}: {error}") from None


def _batches(path: Path, kind: str) -> Iterator[list[_Numbered]]:
    batch: list[_Numbered] = []
    for number, line in _lines(path):
        own, row = _read(number, line)
        if own == kind:
            batch.append((number, row))
        if len(batch) >= BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


async def _add(connection: AsyncConnection, kind: str, batch: Sequence[_Numbered], report: Imported) -> None:
    table = KINDS[kind]
    there = await _there(connection, table, [row for _, row in batch])
    column, on = _HANGS_ON.get(kind, ("", None))
    held = await _ids_there(connection, on, (row[column] for _, row in batch)) if on is not None else set()
    taken = await _pending(connection, batch) if kind == "review" else set()
    new: list[_Numbered] = []
    for number, row in batch:
        key = _key(table, row)
        if key in there:
            if line_of(kind, there[key]) == line_of(kind, row):
                report.skipped += 1
            else:
                _conflict(report, Conflict(number, kind, key[0], "it is there otherwise"))
        elif column and row[column] not in held:
            _conflict(report, Conflict(number, kind, key[0], "what it hangs on was not added, or is gone"))
        elif kind == "review" and row["state"] == "pending" and row["answer_id"] in taken:
            _conflict(report, Conflict(number, kind, key[0], "another review of its answer is pending"))
        else:
            new.append((number, row))
            there[key] = row
            if kind == "review" and row["state"] == "pending":
                taken.add(row["answer_id"])
    if not new:
        return
    await connection.execute(insert(table), [row for _, row in new])
    if kind == "answer" and (cited := [one for _, row in new for one in _cited(row)]):
        await connection.execute(insert(answer_documents), cited)
    report.added[kind] = report.added.get(kind, 0) + len(new)


def _conflict(report: Imported, conflict: Conflict) -> None:
    report.conflicts += 1
    if len(report.named) < NAMED:
        report.named.append(conflict)


def _key(table: Table, row: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(row[column.name]) for column in table.primary_key.columns)


async def _there(
    connection: AsyncConnection, table: Table, rows: Iterable[Mapping[str, Any]]
) -> dict[tuple[str, ...], Mapping[str, Any]]:
    keys = list(table.primary_key.columns)
    wanted = [_key(table, row) for row in rows]
    of = keys[0].in_([key[0] for key in wanted]) if len(keys) == 1 else tuple_(*keys).in_(wanted)
    found = (await connection.execute(select(*columns_of(table)).where(of))).mappings().all()
    return {_key(table, row): row for row in map(dict, found)}


async def _pending(connection: AsyncConnection, batch: Sequence[_Numbered]) -> set[str]:
    ids = [row["answer_id"] for _, row in batch]
    query = select(reviews.c.answer_id).where(
        and_(reviews.c.state == "pending", reviews.c.answer_id.in_(ids))
    )
    return set(await connection.scalars(query))


def _cited(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    day = row["created_at"].date().toordinal()
    named = sorted(cited_documents(row["citations"]))
    return [{"answer_id": row["id"], "document": document, "day": day} for document in named]
