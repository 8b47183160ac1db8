"""Golden questions: what every release must answer, and how each release did."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import and_, delete, insert, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from rag_core.errors import InvalidEntry, NotFound
from rag_core.records.audit import note
from rag_core.records.database import transaction
from rag_core.records.tables import golden_questions, golden_results

__all__ = ["Expected", "GoldenQuestion", "GoldenQuestions", "GoldenResult", "add", "expected_from"]

MAX_QUESTION = 4_000
"""Characters, as in a question that is asked."""
MAX_EXPECTED = 20
MAX_ANSWER = 20_000
"""Characters."""
MAX_PASSAGE = 100_000
"""Characters of all that is kept of a passage."""
MAX_SCOPES, MAX_SCOPE = 1_000, 200
"""How many, and characters of each."""
MAX_NAMES = {"id": 32, "author": 200, "from_answer": 32}
"""Characters that the table has for them."""
_RESULT = ("golden_id", "release", "passed", "rank", "detail", "checked_at")


@dataclass(frozen=True, slots=True)
class Expected:
    """A passage that answers the question, as it was when it was picked."""

    document: str
    """Id of its document."""
    source: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class GoldenQuestion:
    question: str
    """Standing by itself."""
    expected: tuple[Expected, ...] = ()
    """One of these must be found; none: the bot must abstain."""
    scopes: frozenset[str] | None = frozenset({"public"})
    """What is read for it; None: everything."""
    answer: str = ""
    """What it should say, for a reader; '': nothing was written down."""
    author: str = ""
    """PLATFORM:USER"""
    from_answer: str = ""
    """The answer that it was made from; '': written by hand."""
    enabled: bool = True
    id: str = ""
    """'': not kept yet."""
    created_at: datetime | None = None

    @property
    def must_abstain(self) -> bool:
        return not self.expected


@dataclass(frozen=True, slots=True)
class GoldenResult:
    golden_id: str
    release: str
    passed: bool
    rank: int | None
    """Of what is expected among the passages found, from 1; None: it was not found."""
    detail: str
    """A sentence: why it did not pass; '': it did."""
    checked_at: datetime


class GoldenQuestions:
    def __init__(self, database: AsyncEngine) -> None:
        self._database = database

    async def add(
        self,
        question: str,
        scopes: Collection[str] | None,
        expected: Sequence[Mapping[str, str]],
        answer: str = "",
        author: str = "",
        from_answer: str = "",
    ) -> str:
        """Keep a question, with an entry in the audit log; its id. expected: of each passage document, source, title and
        text; none: the bot must abstain. `add(connection, …)` of this module does it in a transaction of the caller.

        Raises:
            InvalidEntry: a field is empty, too long or malformed; the message names it.
        """
        async with transaction(self._database) as connection:
            id = await add(connection, question, scopes, expected, answer, author, from_answer)
            await note(connection, author, "golden.add", f"golden:{id}", expected=len(expected))
        return id

    async def put(self, actor: str, *entries: GoldenQuestion) -> int:
        """Keep them all or none; one with the id of another takes its place. How many were new.

        Raises:
            InvalidEntry: one of them cannot be kept; the message names the field.
        """
        rows = [_row(_checked(entry)) for entry in entries]
        new = 0
        async with transaction(self._database) as connection:
            for row in rows:
                known = await _get(connection, row["id"])
                await (_replace(connection, row) if known else connection.execute(_insert(row)))
                new += known is None
            await note(connection, actor, "golden.import", "golden", count=len(rows), new=new)
        return new

    async def all(self, enabled: bool | None = None) -> list[GoldenQuestion]:
        """The oldest first. enabled: only those switched on, or off."""
        c = golden_questions.c
        query = _select().order_by(c.created_at, c.id)
        if enabled is not None:
            query = query.where(c.enabled.is_(enabled))
        async with transaction(self._database) as connection:
            return [_golden(row) for row in (await connection.execute(query)).mappings().all()]

    async def get(self, id: str) -> GoldenQuestion:
        """
        Raises:
            NotFound: there is no golden question of that id.
        """
        async with transaction(self._database) as connection:
            found = await _get(connection, id)
        if found is None:
            raise NotFound(f"There is no golden question {id[:64]}; see the list of golden questions.")
        return found

    async def edit(self, id: str, actor: str, **changes: Any) -> GoldenQuestion:
        """Change these fields of GoldenQuestion and no others. What releases did on it as it was is forgotten, unless it
        asks and expects the same as before.

        Raises:
            NotFound: there is no golden question of that id.
            InvalidEntry: it cannot be kept so.
        """
        async with transaction(self._database) as connection:
            before = await _get(connection, id)
            if before is None:
                raise NotFound(f"There is no golden question {id[:64]}; see the list of golden questions.")
            after = _checked(replace(before, **changes))
            await _replace(connection, _row(after))
            changed = sorted(
                f.name for f in fields(after) if getattr(before, f.name) != getattr(after, f.name)
            )
            if changed:
                await note(connection, actor, "golden.edit", f"golden:{id}", fields=changed)
        return after

    async def enable(self, id: str, actor: str) -> None:
        """
        Raises:
            NotFound: there is no golden question of that id.
        """
        await self._switch(id, actor, True)

    async def disable(self, id: str, actor: str) -> None:
        """It is kept and holds nothing back.

        Raises:
            NotFound: there is no golden question of that id.
        """
        await self._switch(id, actor, False)

    async def _switch(self, id: str, actor: str, enabled: bool) -> None:
        one = golden_questions.c.id == id
        async with transaction(self._database) as connection:
            switched = await connection.execute(update(golden_questions).where(one).values(enabled=enabled))
            if not switched.rowcount:
                raise NotFound(f"There is no golden question {id[:64]}; see the list of golden questions.")
            await note(connection, actor, "golden.enable" if enabled else "golden.disable", f"golden:{id}")

    async def remove(self, id: str, actor: str) -> None:
        """With its results.

        Raises:
            NotFound: there is no golden question of that id.
        """
        async with transaction(self._database) as connection:
            removed = await connection.execute(delete(golden_questions).where(golden_questions.c.id == id))
            if not removed.rowcount:
                raise NotFound(f"There is no golden question {id[:64]}; see the list of golden questions.")
            await note(connection, actor, "golden.remove", f"golden:{id}")

    async def put_results(self, results: Sequence[GoldenResult]) -> None:
        """In the place of what the same release did on the same questions before. Those of questions that were removed
        meanwhile are dropped."""
        if not results:
            return
        async with transaction(self._database) as connection:
            ids = [result.golden_id for result in results]
            there = set(
                await connection.scalars(select(golden_questions.c.id).where(golden_questions.c.id.in_(ids)))
            )
            rows = [asdict(result) for result in results if result.golden_id in there]
            for row in rows:
                c = golden_results.c
                own = and_(c.golden_id == row["golden_id"], c.release == row["release"])
                await connection.execute(delete(golden_results).where(own))
            if rows:
                await connection.execute(insert(golden_results), rows)

    async def results(self, release: str) -> list[GoldenResult]:
        """The last ones of a release."""
        return await self._results(golden_results.c.release == release)

    async def all_results(self) -> list[GoldenResult]:
        return await self._results(True)

    async def _results(self, condition: Any) -> list[GoldenResult]:
        c = golden_results.c
        query = select(*(c[name] for name in _RESULT)).where(condition).order_by(c.release, c.golden_id)
        async with transaction(self._database) as connection:
            return [GoldenResult(*map(_aware, row)) for row in (await connection.execute(query)).all()]


async def add(
    connection: AsyncConnection,
    question: str,
    scopes: Collection[str] | None,
    expected: Sequence[Mapping[str, str]],
    answer: str = "",
    author: str = "",
    from_answer: str = "",
) -> str:
    """GoldenQuestions.add, within a transaction of the caller, and without an entry in the audit log."""
    readable = None if scopes is None else frozenset(scopes)
    made = GoldenQuestion(question, expected_from(expected), readable, answer, author, from_answer)
    row = _row(_checked(made))
    await connection.execute(_insert(row))
    return str(row["id"])


def expected_from(values: Sequence[Mapping[str, str]]) -> tuple[Expected, ...]:
    """
    Raises:
        InvalidEntry: one of them is no passage.
    """
    names = [field.name for field in fields(Expected)]
    for number, value in enumerate(values, 1):
        if not isinstance(value, Mapping) or not all(isinstance(value.get(name), str) for name in names):
            raise InvalidEntry(f"expected: passage {number} needs document, source, title and text.")
    return tuple(Expected(**{name: value[name] for name in names}) for value in values)


def _checked(entry: GoldenQuestion) -> GoldenQuestion:
    question = " ".join(entry.question.split())
    if not any(character.isalnum() for character in question):
        raise InvalidEntry("question: there is none; write it as people would ask it.")
    if len(question) > MAX_QUESTION:
        raise InvalidEntry(f"question: it has more than {MAX_QUESTION:,} characters; shorten it.")
    if len(entry.expected) > MAX_EXPECTED:
        raise InvalidEntry(
            f"expected: more than {MAX_EXPECTED} passages; keep those that answer the question."
        )
    if len(entry.answer) > MAX_ANSWER:
        raise InvalidEntry(f"answer: it has more than {MAX_ANSWER:,} characters; shorten it.")
    for name, most in MAX_NAMES.items():
        if len(getattr(entry, name)) > most:
            raise InvalidEntry(f"{name}: it has more than {most} characters; leave it out, or shorten it.")
    if any(sum(map(len, astuple(one))) > MAX_PASSAGE for one in entry.expected):
        raise InvalidEntry(f"expected: a passage has more than {MAX_PASSAGE:,} characters; pick it again.")
    if len(entry.scopes or ()) > MAX_SCOPES or any(len(scope) > MAX_SCOPE for scope in entry.scopes or ()):
        raise InvalidEntry(f"scopes: name up to {MAX_SCOPES:,}, of up to {MAX_SCOPE} characters.")
    if not all(one.text.strip() for one in entry.expected):
        raise InvalidEntry("expected: a passage has no text; pick it again.")
    if any("@" in scope for scope in entry.scopes or ()):
        raise InvalidEntry("scopes: files of a chat are no part of the index; name other scopes.")
    return replace(
        entry,
        question=question,
        id=entry.id or secrets.token_hex(8),
        created_at=entry.created_at or datetime.now(UTC),
    )


def _row(entry: GoldenQuestion) -> dict[str, Any]:
    scopes = None if entry.scopes is None else sorted(entry.scopes)
    return {**asdict(entry), "expected": [asdict(one) for one in entry.expected], "scopes": scopes}


def _insert(row: dict[str, Any]) -> Any:
    return insert(golden_questions).values(row)


async def _replace(connection: AsyncConnection, row: dict[str, Any]) -> None:
    c = golden_questions.c
    before = await _get(connection, row["id"])
    await connection.execute(update(golden_questions).where(c.id == row["id"]).values(row))
    after = await _get(connection, row["id"])
    if before and after and _asks(before) != _asks(after):
        await connection.execute(delete(golden_results).where(golden_results.c.golden_id == row["id"]))


def _asks(entry: GoldenQuestion) -> tuple[object, ...]:
    """What a result depends on."""
    return entry.question, entry.scopes, entry.expected


async def _get(connection: AsyncConnection, id: str) -> GoldenQuestion | None:
    row = (await connection.execute(_select().where(golden_questions.c.id == id))).mappings().one_or_none()
    return _golden(row) if row else None


def _select() -> Any:
    return select(*(golden_questions.c[field.name] for field in fields(GoldenQuestion)))


def _golden(row: RowMapping) -> GoldenQuestion:
    values: dict[str, Any] = {**row}
    values["expected"] = tuple(Expected(**one) for one in values["expected"])
    values["scopes"] = None if values["scopes"] is None else frozenset(values["scopes"])
    return GoldenQuestion(**{name: _aware(value) for name, value in values.items()})


def _aware(value: Any) -> Any:
    """SQLite keeps no time zone; all times are UTC."""
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value
