"""What is missing in the documents, as it was found last, and what people decided about it."""

from __future__ import annotations

import math
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.errors import InvalidEntry, NotFound
from rag_core.records.audit import note as noted
from rag_core.records.database import transaction
from rag_core.records.tables import gaps
from rag_core.records.times import aware

__all__ = ["STATES", "Found", "Gap", "Gaps", "State"]

State = Literal["open", "planned", "written", "dismissed"]
STATES: tuple[State, ...] = get_args(State)
LONGEST_NOTE = 2_000
FADES_DAYS = 30
"""A gap that nobody asked about for so long counts e times less."""


@dataclass(frozen=True, slots=True)
class Found:
    """A cluster of questions."""

    terms: tuple[str, ...]
    answers: tuple[str, ...]
    """Ids of the answers to its questions, the most typical first."""
    askers: int
    abstained: int
    disliked: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Gap:
    id: str
    name: str
    """Its terms, for a reader. What people asked is not kept here, but read from their answers."""
    terms: tuple[str, ...]
    answers: tuple[str, ...]
    questions: int
    askers: int
    abstained: int
    disliked: int
    first_at: datetime
    last_at: datetime
    state: State
    note: str
    changed_by: str
    """PLATFORM:USER; '': nobody did."""
    found_at: datetime

    def weight(self, now: datetime) -> float:
        """What writing about it is worth: people who asked, less the longer ago it was asked last."""
        days = max(0.0, (now - self.last_at).total_seconds() / 86_400)
        return self.askers * math.exp(-days / FADES_DAYS)


class Gaps:
    def __init__(self, database: AsyncEngine) -> None:
        self._database = database

    async def all(self, state: str = "", now: datetime | None = None) -> list[Gap]:
        """Those in a state, or all; what is worth the most first."""
        query, now = select(*(gaps.c[name] for name in Gap.__slots__)), now or datetime.now(UTC)
        if state:
            query = query.where(gaps.c.state == state)
        async with transaction(self._database) as connection:
            found = [_gap(row) for row in (await connection.execute(query)).all()]
        return sorted(found, key=lambda gap: (-gap.weight(now), gap.id))

    async def get(self, id: str) -> Gap:
        """
        Raises:
            NotFound: there is none of that id.
        """
        query = select(*(gaps.c[name] for name in Gap.__slots__)).where(gaps.c.id == id)
        async with transaction(self._database) as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            raise NotFound("There is no such gap any more; go back to the list of gaps.")
        return _gap(row)

    async def change(self, id: str, state: str, note: str, actor: str) -> None:
        """
        Raises:
            InvalidEntry: the state is none of STATES, or the note is too long.
            NotFound: there is none of that id.
        """
        if state not in STATES:
            raise InvalidEntry(f"state: choose one of {', '.join(STATES)}.")
        if len(note) > LONGEST_NOTE:
            raise InvalidEntry(f"note: write at most {LONGEST_NOTE:,} characters.")
        async with transaction(self._database) as connection:
            before = await connection.scalar(select(gaps.c.state).where(gaps.c.id == id).with_for_update())
            if before is None:
                raise NotFound("There is no such gap any more; go back to the list of gaps.")
            values = {"state": state, "note": note, "changed_by": actor}
            await connection.execute(update(gaps).where(gaps.c.id == id).values(values))
            await noted(connection, actor, "gap.change", f"gap:{id}", before=before, after=state)

    async def replace(self, found: Sequence[Found], now: datetime | None = None) -> None:
        """Keep what was found now. A cluster that shares questions with a gap of before is that gap, with its id, state and
        note; a gap that is not found any more goes, unless a person decided something about it."""
        now = now or datetime.now(UTC)
        async with transaction(self._database) as connection:
            rows = (await connection.execute(select(*(gaps.c[name] for name in Gap.__slots__)))).all()
            before = {gap.id: gap for gap in map(_gap, rows)}
            same = _matched(before, found)
            gone = [id for id, gap in before.items() if id not in same.values() and not gap.changed_by]
            for id in gone:
                await connection.execute(delete(gaps).where(gaps.c.id == id))
            for number, one in enumerate(found):
                if number in same:
                    await connection.execute(
                        update(gaps).where(gaps.c.id == same[number]).values(_row(one, now))
                    )
            new = [_new(one, now) for number, one in enumerate(found) if number not in same]
            if new:
                await connection.execute(insert(gaps), new)


def _matched(before: dict[str, Gap], found: Sequence[Found]) -> dict[int, str]:
    """Number of a cluster -> id of the gap it was; those that share the most first, each once."""
    owner = {answer: gap.id for gap in before.values() for answer in gap.answers}
    shared: dict[tuple[int, str], int] = {}
    for number, one in enumerate(found):
        for answer in one.answers:
            if (id := owner.get(answer)) is not None:
                shared[number, id] = shared.get((number, id), 0) + 1
    matched: dict[int, str] = {}
    for number, id in sorted(shared, key=lambda pair: (-shared[pair], pair)):
        if number not in matched and id not in matched.values():
            matched[number] = id
    return matched


def _row(one: Found, now: datetime) -> dict[str, Any]:
    return {
        "name": ", ".join(one.terms),
        "terms": list(one.terms),
        "answers": list(one.answers),
        "questions": len(one.answers),
        "askers": one.askers,
        "abstained": one.abstained,
        "disliked": one.disliked,
        "first_at": one.first_at,
        "last_at": one.last_at,
        "found_at": now,
    }


def _new(one: Found, now: datetime) -> dict[str, Any]:
    return {"id": secrets.token_hex(16), "state": "open", "note": "", "changed_by": "", **_row(one, now)}


def _gap(row: Any) -> Gap:
    values = {name: aware(value) for name, value in zip(Gap.__slots__, row, strict=True)}
    return Gap(**values | {"terms": tuple(values["terms"]), "answers": tuple(values["answers"])})
