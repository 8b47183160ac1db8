"""The database -> a file of JSONL, row by row, of one moment."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Select, String, Table, collate, delete, func, insert, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from rag_core.errors import AnswerloopError
from rag_core.records.audit import note
from rag_core.records.database import reason_of, transaction, unavailable
from rag_core.records.exchange.lines import IDENTITIES, KINDS, USERS, columns_of, line_of
from rag_core.records.exchange.removing import beside, host, remove_left
from rag_core.records.people.pseudonyms import Pseudonyms
from rag_core.records.tables import answers, audit_log, exports, reviews

__all__ = ["export"]

PAGE = 500
"""Rows in memory at once."""
Told = Callable[[int, int], None]
"""Is told how many rows of how many are written."""
_MENTION = re.compile(r"<@!?([A-Za-z0-9]+)(?:\|[^>]*)?>")
_PLACES = ("workspace", "channel", "thread", "message", "target_channel", "target_message")
"""A channel may be the conversation with one person, and a thread leads to it."""


async def export(
    database: AsyncEngine,
    path: Path,
    *,
    kinds: Collection[str] = tuple(KINDS),
    since: datetime | None = None,
    anonymous: bool = False,
    by: str = "",
    told: Told = lambda done, total: None,
) -> dict[str, int]:
    """Write what is kept; rows by kind. The file is there whole or not at all, and readable to its owner alone. It is noted
    in the database, so that forgetting somebody reaches it.

    kinds: of KINDS. since: answers given from then on, and what hangs on these. anonymous: people and places are names that
    tell nobody who they are. by: who exports, PLATFORM:USER.

    Raises:
        AnswerloopError: the file cannot be written.
        Unavailable: the database does not answer.
    """
    path = _absolute(path)
    names = await Pseudonyms.of(database) if anonymous else None
    # Noted before it is there: whatever happens from now on, forgetting looks at it.
    forgotten = await _note(database, path, by, {})
    await asyncio.to_thread(remove_left, path)
    while True:
        counts = await _write(database, path, kinds, since, names, told)
        # Whom forgetting took out of the database meanwhile, it did not find in a file that was not there yet.
        before, forgotten = forgotten, await _note(database, path, by, counts)
        if forgotten == before:
            break
    told(sum(counts.values()), sum(counts.values()))
    async with transaction(database) as connection:
        await note(connection, by, "feedback.export", "feedback", **counts)
    return counts


async def _write(
    database: AsyncEngine,
    path: Path,
    kinds: Collection[str],
    since: datetime | None,
    names: Pseudonyms | None,
    told: Told,
) -> dict[str, int]:
    """Rows by kind."""
    counts: dict[str, int] = {}
    with _whole_file(path) as out:
        async with _moment(database) as connection:
            queries = {kind: _query(KINDS[kind], kind, since) for kind in KINDS if kind in kinds}
            total = 0
            for query in queries.values():
                total += int(await connection.scalar(select(func.count()).select_from(query.subquery())) or 0)
            told(0, total)
            for kind, query in queries.items():
                counts[kind] = 0
                async for row in _stream(connection, query, KINDS[kind]):
                    out.write(line_of(kind, row if names is None else _anonymous(row, names)))
                    counts[kind] += 1
                    if counts[kind] % PAGE == 0:
                        told(sum(counts.values()), total)
    return counts


def _absolute(path: Path) -> Path:
    return path.absolute()


@asynccontextmanager
async def _moment(database: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """What all reads in it see is of one moment; writers go on meanwhile."""
    try:
        async with database.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection = await connection.execution_options(isolation_level="REPEATABLE READ")
            else:
                await connection.exec_driver_sql("BEGIN")
            yield connection
    except (DBAPIError, OSError) as error:
        raise unavailable("The database does not work now; try again.", reason_of(error)) from error


def _query(table: Table, kind: str, since: datetime | None) -> Select[Any]:
    query = select(*columns_of(table))
    if since is None:
        return query
    lately = select(answers.c.id).where(answers.c.created_at >= since)
    if kind in ("vote", "review"):
        return query.where(table.c.answer_id.in_(lately))
    if kind == "passage":
        return query.where(table.c.review_id.in_(select(reviews.c.id).where(reviews.c.answer_id.in_(lately))))
    return query.where((table.c.last_at if kind == "flag" else table.c.created_at) >= since)


async def _stream(
    connection: AsyncConnection, query: Select[Any], table: Table
) -> AsyncIterator[Mapping[str, Any]]:
    """In the order of their keys, byte by byte: the same in every database."""
    postgres = connection.dialect.name == "postgresql"
    keys = [
        collate(key, "C") if postgres and isinstance(getattr(key.type, "impl", key.type), String) else key
        for key in table.primary_key.columns
    ]
    result = await connection.stream(query.order_by(*keys).execution_options(yield_per=PAGE))
    async for row in result.mappings():
        yield dict(row)


def _anonymous(row: Mapping[str, Any], names: Pseudonyms) -> dict[str, Any]:
    made = dict(row)
    platform = str(row.get("platform", ""))
    for column in USERS:
        if made.get(column):
            made[column] = names.name(platform, made[column])
    for column in _PLACES:
        if made.get(column):
            made[column] = names.name(f"{platform} place", made[column])
    for column in IDENTITIES:
        of, colon, user = str(made.get(column) or "").partition(":")
        if of:
            made[column] = f"{of}:{names.name(of, user)}" if colon else names.name("", of)
    return {name: _without_mentions(value, platform or "slack", names) for name, value in made.items()}


def _without_mentions(value: Any, platform: str, names: Pseudonyms) -> Any:
    if isinstance(value, str):
        return _MENTION.sub(lambda found: f"<@{names.name(platform, found[1])}>", value)
    if isinstance(value, list):
        return [_without_mentions(one, platform, names) for one in value]
    if isinstance(value, dict):
        return {key: _without_mentions(one, platform, names) for key, one in value.items()}
    return value


@contextmanager
def _whole_file(path: Path) -> Iterator[IO[str]]:
    """
    Raises:
        AnswerloopError: it cannot be written.
    """
    try:
        with beside(path) as made:
            made.touch(0o600)
            with made.open("w", encoding="utf-8", newline="\n") as out:
                yield out
                out.flush()
                os.fsync(out.fileno())
            made.replace(path)
    except OSError as error:
        raise AnswerloopError(f"{path} cannot be written: {error.strerror}; name another file.") from None


async def _note(database: AsyncEngine, path: Path, by: str, counts: Mapping[str, int]) -> int:
    """The number of the last entry of somebody forgotten."""
    at = (exports.c.path == str(path)) & (exports.c.host == host())
    row = {
        "path": str(path),
        "host": host(),
        "made_at": datetime.now(UTC),
        "made_by": by,
        "rows": sum(counts.values()),
    }
    async with transaction(database) as connection:
        await connection.execute(delete(exports).where(at))
        await connection.execute(insert(exports).values(row))
        c = audit_log.c
        last = select(func.max(c.number)).where(c.action == "person.forget")
        return int(await connection.scalar(last) or 0)
