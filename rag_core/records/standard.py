"""Standard answers as they are stored, and a number by which processes notice that one changed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import bindparam, case, delete, func, insert, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from rag_core.records.database import transaction
from rag_core.records.tables import answers, standard_answers, standard_state
from rag_core.standard.answer import StandardAnswer
from rag_core.types import Citation

__all__ = ["Given", "StandardRecords", "put", "remove"]

PAGE = 500
"""Rows read at once: they are made into objects on the event loop, some 15 microseconds each."""
_c = standard_answers.c


@dataclass(frozen=True, slots=True)
class Given:
    """An answer as it was given, as far as a standard answer can be made from it."""

    question: str
    """A follow-up as it was understood."""
    answer: str
    abstained: bool
    citations: tuple[Citation, ...]
    passages: tuple[str, ...]
    """Ids of what was found for it, best first."""
    scopes: frozenset[str] | None
    """What its asker might read; None: everything."""
    generator: str


class StandardRecords:
    def __init__(self, database: AsyncEngine) -> None:
        self._database = database

    async def version(self) -> int:
        """Another number after every change; hits are none."""
        async with transaction(self._database) as connection:
            return int(await connection.scalar(select(standard_state.c.version)) or 0)

    async def changed_since(self, version: int) -> AsyncIterator[list[StandardAnswer]]:
        """Those added or edited after this version, page by page."""
        last = ""
        while True:
            query = select(standard_answers).where(_c.version > version, _c.id > last)
            page = await self._read(query.order_by(_c.id).limit(PAGE))
            if page:
                yield page
            if len(page) < PAGE:
                return
            last = page[-1].id

    async def count(self) -> int:
        async with transaction(self._database) as connection:
            return int(await connection.scalar(select(func.count()).select_from(standard_answers)) or 0)

    async def ids(self) -> set[str]:
        async with transaction(self._database) as connection:
            return set(await connection.scalars(select(_c.id)))

    async def all(self) -> list[StandardAnswer]:
        """Oldest first."""
        return await self._read(select(standard_answers).order_by(_c.created_at, _c.id))

    async def get(self, id: str) -> StandardAnswer | None:
        found = await self._read(select(standard_answers).where(_c.id == id))
        return found[0] if found else None

    async def put(self, entries: Sequence[StandardAnswer]) -> None:
        """All of them or none. One that is there is replaced, except for its hits and when it was made.

        Raises:
            Unavailable: the database does not take them now.
        """
        async with transaction(self._database) as connection:
            await put(connection, entries)

    async def remove(self, id: str) -> bool:
        """Whether it was there."""
        async with transaction(self._database) as connection:
            return await remove(connection, id)

    async def add_hits(self, hits: Mapping[str, int], at: datetime) -> None:
        """Added to what other processes counted. One that is gone is passed over."""
        async with transaction(self._database) as connection:
            for id in sorted(hits):  # in one order, so that no two processes wait for each other
                later = case((_c.last_hit_at > at, _c.last_hit_at), else_=at)
                counted = {"hits": _c.hits + hits[id], "last_hit_at": later}
                await connection.execute(update(standard_answers).where(_c.id == id).values(counted))

    async def given(self, answer_id: str) -> Given | None:
        async with transaction(self._database) as connection:
            query = select(answers).where(answers.c.id == answer_id)
            row = (await connection.execute(query)).mappings().first()
        if row is None:
            return None
        return Given(
            row["standalone"] or row["question"],
            row["answer"],
            row["abstained"],
            tuple(Citation(**values) for values in row["citations"]),
            tuple(str(found["passage"]) for found in row["passages"]),
            None if row["scopes"] is None else frozenset(row["scopes"]),
            row["generator"],
        )

    async def _read(self, query: Any) -> list[StandardAnswer]:
        async with transaction(self._database) as connection:
            return [_answer(row) for row in (await connection.execute(query)).mappings().all()]


async def put(connection: AsyncConnection, entries: Sequence[StandardAnswer]) -> None:
    """StandardRecords.put, within a transaction of the caller. Each has passed rag_core.standard.checking."""
    version = await _next_version(connection)
    for at in range(0, len(entries), PAGE):
        rows = [{**_row(entry), "version": version} for entry in entries[at : at + PAGE]]
        await _put(connection, rows)


async def remove(connection: AsyncConnection, id: str) -> bool:
    """StandardRecords.remove, within a transaction of the caller."""
    await _next_version(connection)
    return bool((await connection.execute(delete(standard_answers).where(_c.id == id))).rowcount)


async def _next_version(connection: AsyncConnection) -> int:
    """First in a transaction that changes anything: whoever else changes something waits here for its end, so that the
    numbers become visible in their order."""
    await connection.execute(update(standard_state).values(version=standard_state.c.version + 1))
    return int(await connection.scalar(select(standard_state.c.version)) or 0)


async def _put(connection: AsyncConnection, rows: list[dict[str, Any]]) -> None:
    known = set(await connection.scalars(select(_c.id).where(_c.id.in_([row["id"] for row in rows]))))
    if new := [row for row in rows if row["id"] not in known]:
        await connection.execute(insert(standard_answers), new)
    if changed := [row | {"known": row["id"]} for row in rows if row["id"] in known]:
        for row in changed:
            del row["id"], row["created_at"], row["hits"], row["last_hit_at"]
        await connection.execute(update(standard_answers).where(_c.id == bindparam("known")), changed)


def _row(answer: StandardAnswer) -> dict[str, Any]:
    return {
        **asdict(answer),
        "questions": list(answer.questions),
        "channels": list(answer.channels),
        "scopes": sorted(answer.scopes),
        "citations": [asdict(citation) for citation in answer.citations],
    }


def _answer(row: RowMapping) -> StandardAnswer:
    values = {name: value for name, value in row.items() if name != "version"}
    values |= {name: tuple(values[name]) for name in ("questions", "channels")}
    values |= {name: _utc(values[name]) for name in ("created_at", "updated_at", "last_hit_at")}
    citations = tuple(Citation(**citation) for citation in values.pop("citations"))
    return StandardAnswer(**{**values, "scopes": frozenset(values["scopes"]), "citations": citations})


def _utc(time: datetime | None) -> datetime | None:
    """SQLite keeps no zone; what is stored is UTC."""
    return time.replace(tzinfo=UTC) if time and time.tzinfo is None else time
