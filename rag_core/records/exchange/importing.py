"""A file of JSONL -> the database: all of it or nothing, and nothing twice."""

from __future__ import annotations

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
    """Read all lines, whatever their order, then add what is not there. What is there stays as it is.

    Raises:
        InvalidEntry: a line is not as it should be; the message names it. Nothing was added.
        AnswerloopError: the file cannot be read.
        Unavailable: the database does not take it now; nothing was added.
    """
    present: dict[str, int] = {}
    for number, line in _lines(path):
        kind, _ = _read(number, line)
        present[kind] = present.get(kind, 0) + 1
    total, done = sum(present.values()), 0
    told(0, total)
    report = Imported()
    try:
        async with transaction(database) as connection:
            await note(connection, by, "feedback.import", "feedback", **present)
            for kind in (kind for kind in KINDS if kind in present):
                for batch in _batches(path, kind):
                    await _add(connection, kind, batch, report)
                    done += len(batch)
                    told(done, total)
    except IntegrityError as error:
        raise InvalidEntry(
            f"{path}: the database does not take a row: {str(error.orig).splitlines()[0]}; nothing was added."
        ) from None
    return report


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
    taken = await _pending(connection, batch) if kind == "review" else set()
    new: list[_Numbered] = []
    for number, row in batch:
        key = _key(table, row)
        if key in there:
            if line_of(kind, there[key]) == line_of(kind, row):
                report.skipped += 1
            else:
                _conflict(report, Conflict(number, kind, key[0], "it is there otherwise"))
        elif kind == "review" and row["state"] == "pending" and row["answer_id"] in taken:
            _conflict(report, Conflict(number, kind, key[0], "another review of its answer is pending"))
        else:
            new.append((number, row))
            there[key] = row
            if kind == "review" and row["state"] == "pending":
                taken.add(row["answer_id"])
    if not new:
        return
    if kind in _HANGS_ON:
        await _refuse_loose(connection, kind, new)
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


async def _refuse_loose(connection: AsyncConnection, kind: str, new: Sequence[_Numbered]) -> None:
    column, table = _HANGS_ON[kind]
    ids = {row[column] for _, row in new}
    there = set(await connection.scalars(select(table.c.id).where(table.c.id.in_(ids))))
    for number, row in new:
        if row[column] not in there:
            raise InvalidEntry(
                f"line {number}: {column}: what it hangs on ({row[column][:40]}) is neither in the file nor here; "
                "export it as well."
            )


def _cited(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    day = row["created_at"].date().toordinal()
    named = sorted(cited_documents(row["citations"]))
    return [{"answer_id": row["id"], "document": document, "day": day} for document in named]
