"""Comparisons of two releases: questions with both answers, and which of the two people prefer."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from sqlalchemy import and_, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from rag_core.errors import InvalidEntry, NotFound
from rag_core.records.audit import note
from rag_core.records.database import transaction
from rag_core.records.platforms.owners import ended_here, new_owner
from rag_core.records.tables import comparison_items, comparisons, judgements

__all__ = ["PREFERENCES", "Comparison", "Comparisons", "Item", "Judgement", "Preference", "Shown"]

Preference = Literal["baseline", "candidate", "tie", "skipped"]
PREFERENCES: tuple[Preference, ...] = get_args(Preference)
"""skipped: the rater has no opinion, or none yet; it counts for nothing."""
MAX_NAME = 200
_INTERRUPTED = "The process that prepared it ended; start it again."


@dataclass(frozen=True, slots=True)
class Comparison:
    id: str
    name: str
    baseline: str
    """A release: the one that answers, as a rule."""
    candidate: str
    """Another."""
    seed: int
    """Of the sample, and of the sides that answers are shown on; raters do not see it."""
    state: str
    """preparing, open, closed or failed."""
    error: str
    """Why it failed."""
    wanted: int
    """Items that it will have when it is prepared."""
    owner: str
    created_by: str
    created_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Shown:
    """An answer as a rater sees it: nothing in it tells which release gave it."""

    text: str
    citations: tuple[Mapping[str, Any], ...]
    """number, title, location, quote and place of each."""
    abstained: bool


@dataclass(frozen=True, slots=True)
class Item:
    comparison_id: str
    number: int
    """From 1."""
    answer_id: str | None
    """Whose question it is; None: of a golden question."""
    platform: str
    """Where it was asked; '': a golden question."""
    question: str
    scopes: tuple[str, ...] | None
    baseline: Shown
    candidate: Shown

    @property
    def identical(self) -> bool:
        """Whether both releases say the same: a tie that nobody need look at."""
        return self.baseline == self.candidate


@dataclass(frozen=True, slots=True)
class Judgement:
    number: int
    """The item's."""
    rater: str
    """PLATFORM:USER; FORGOTTEN and a number where the person was forgotten."""
    preference: Preference
    at: datetime


class Comparisons:
    def __init__(self, database: AsyncEngine) -> None:
        self._database = database

    async def begin(
        self, name: str, baseline: str, candidate: str, by: str, wanted: int, seed: int | None = None
    ) -> Comparison:
        """A comparison that is prepared by this process from now on.

        Raises:
            InvalidEntry: it has no name, or compares a release with itself.
        """
        name = " ".join(name.split())[:MAX_NAME]
        if not name:
            raise InvalidEntry("name: there is none; say what is compared, and why.")
        if baseline == candidate:
            raise InvalidEntry("candidate: it is the other release itself; choose two.")
        drawn = secrets.randbits(31) if seed is None else seed
        made = Comparison(
            *(secrets.token_hex(8), name, baseline, candidate, drawn, "preparing", "", wanted),
            *(new_owner(), by, datetime.now(UTC), None),
        )
        async with transaction(self._database) as connection:
            row = {field.name: getattr(made, field.name) for field in fields(made)}
            await connection.execute(insert(comparisons).values(row))
            releases = {"baseline": baseline, "candidate": candidate, "questions": wanted}
            await note(connection, by, "comparison.start", f"comparison:{made.id}", **releases)
        return made

    async def add(self, item: Item) -> None:
        """While it is prepared."""
        row = {
            **{name: getattr(item, name) for name in ("comparison_id", "number", "answer_id", "platform")},
            "question": item.question,
            "scopes": None if item.scopes is None else list(item.scopes),
            "baseline": _stored(item.baseline),
            "candidate": _stored(item.candidate),
        }
        async with transaction(self._database) as connection:
            await connection.execute(insert(comparison_items).values(row))

    async def prepared(self, id: str) -> None:
        """It can be judged."""
        await self._change(id, "preparing", state="open")

    async def failed(self, id: str, error: str) -> None:
        await self._change(id, "preparing", state="failed", error=error)

    async def close(self, id: str, by: str) -> bool:
        """No judgement comes in any more. Whether this did it; False: it was not open."""
        return await self._change(
            id, "open", by, "comparison.close", state="closed", closed_at=datetime.now(UTC)
        )

    async def remove(self, id: str, by: str) -> None:
        """With all judgements.

        Raises:
            NotFound: there is no such comparison.
        """
        async with transaction(self._database) as connection:
            # The foreign keys would do it, were they switched on everywhere.
            for table in (judgements, comparison_items):
                await connection.execute(delete(table).where(table.c.comparison_id == id))
            gone = await connection.execute(delete(comparisons).where(comparisons.c.id == id))
            if not gone.rowcount:
                raise _unknown(id)
            await note(connection, by, "comparison.remove", f"comparison:{id}")

    async def all(self) -> list[Comparison]:
        """The newest first."""
        return await self._where(True)

    async def get(self, id: str) -> Comparison:
        """
        Raises:
            NotFound: there is no such comparison.
        """
        found = await self._where(comparisons.c.id == id)
        if not found:
            raise _unknown(id)
        return found[0]

    async def between(self, candidate: str, baseline: str) -> list[Comparison]:
        """Those of these two releases that can be or could be judged, the newest first."""
        c = comparisons.c
        two = and_(c.candidate == candidate, c.baseline == baseline)
        return await self._where(and_(two, c.state.in_(("open", "closed"))))

    async def items(self, id: str) -> list[Item]:
        """In their order."""
        c = comparison_items.c
        query = select(*(c[field.name] for field in fields(Item))).where(c.comparison_id == id)
        async with transaction(self._database) as connection:
            return [_item(row) for row in (await connection.execute(query.order_by(c.number))).all()]

    async def count(self, id: str) -> int:
        """Of its items."""
        of = select(func.count()).where(comparison_items.c.comparison_id == id)
        async with transaction(self._database) as connection:
            return int(await connection.scalar(of) or 0)

    async def judgements(self, id: str) -> list[Judgement]:
        """Of all raters, the earliest first, skipped ones among them."""
        c = judgements.c
        query = select(*(c[field.name] for field in fields(Judgement))).where(c.comparison_id == id)
        async with transaction(self._database) as connection:
            rows = (await connection.execute(query.order_by(c.at, c.number, c.rater))).all()
        return [Judgement(*map(_aware, row)) for row in rows]

    async def judge(self, id: str, number: int, rater: str, preference: Preference) -> None:
        """The rater's last word on an item stands, until the comparison is closed.

        Raises:
            NotFound: there is no such item.
            InvalidEntry: it is not open.
        """
        c, j = comparison_items.c, judgements.c
        async with transaction(self._database) as connection:
            # Locked, where the database locks rows: nothing comes in after it was closed, and one word after the other.
            of = select(comparisons.c.state).where(comparisons.c.id == id).with_for_update()
            state = await connection.scalar(of)
            there = select(c.number).where(and_(c.comparison_id == id, c.number == number))
            if state is None or await connection.scalar(there) is None:
                raise NotFound("There is no such question in this comparison.")
            if state != "open":
                raise InvalidEntry("This comparison is closed; what was judged so far stands.")
            own = and_(j.comparison_id == id, j.number == number, j.rater == rater)
            await connection.execute(delete(judgements).where(own))
            values = {"comparison_id": id, "number": number, "rater": rater, "preference": preference}
            await connection.execute(insert(judgements).values(**values, at=datetime.now(UTC)))

    async def _change(self, id: str, state: str, by: str = "", action: str = "", /, **values: Any) -> bool:
        c = comparisons.c
        async with transaction(self._database) as connection:
            changing = update(comparisons).where(and_(c.id == id, c.state == state)).values(**values)
            changed = bool((await connection.execute(changing)).rowcount)
            if changed and action:
                await note(connection, by, action, f"comparison:{id}")
        return changed

    async def _where(self, condition: Any) -> list[Comparison]:
        c = comparisons.c
        query = select(*(c[field.name] for field in fields(Comparison))).where(condition)
        async with transaction(self._database) as connection:
            rows = (await connection.execute(query.order_by(c.created_at.desc(), c.id))).all()
            found = [Comparison(*map(_aware, row)) for row in rows]
            gone = [one.id for one in found if one.state == "preparing" and ended_here(one.owner)]
            await _interrupted(connection, gone)
        return await self._where(condition) if gone else found


async def _interrupted(connection: AsyncConnection, ids: list[str]) -> None:
    if ids:
        still = and_(comparisons.c.id.in_(ids), comparisons.c.state == "preparing")
        await connection.execute(update(comparisons).where(still).values(state="failed", error=_INTERRUPTED))


def _unknown(id: str) -> NotFound:
    return NotFound(f"There is no comparison {id[:64]}.")


def _stored(shown: Shown) -> dict[str, Any]:
    return {"text": shown.text, "citations": list(shown.citations), "abstained": shown.abstained}


def _item(row: Any) -> Item:
    id, number, answer_id, platform, question, scopes, baseline, candidate = row
    readable = None if scopes is None else tuple(scopes)
    return Item(id, number, answer_id, platform, question, readable, _shown(baseline), _shown(candidate))


def _shown(values: Mapping[str, Any]) -> Shown:
    return Shown(values["text"], tuple(values["citations"]), values["abstained"])


def _aware(value: Any) -> Any:
    """SQLite keeps no time zone; all times are UTC."""
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value
