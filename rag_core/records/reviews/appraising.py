"""What reviews that are pending are worth, from what is recorded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, func, literal_column, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from rag_core.records.reviews.value import Grounds, value
from rag_core.records.tables import answers, escalations, reviews, votes
from rag_core.records.times import aware

__all__ = ["IS_PENDING", "appraise"]

_LEAST = 0.001
"""A smaller change of a value is not written."""
IS_PENDING = reviews.c.state == literal_column("'pending'")
"""As the partial index of reviews says it: with a parameter in its place SQLite looks at all that is pending."""


@dataclass
class _Said:
    """Votes on one answer since it was last decided about."""

    in_favour: set[str] = field(default_factory=set)
    against: set[str] = field(default_factory=set)
    corrected: bool = False
    in_words: bool = False
    reason: str = ""
    """Of the latest vote against it."""


async def appraise(
    connection: AsyncConnection, answer_ids: Collection[str], askers: Mapping[str, int] | None = None
) -> None:
    """Write what the pending reviews of these answers are worth now, with the reason of the latest vote against each.

    askers: by answer, how many people asked the same, where that is known anew; it does not shrink.
    """
    rows = await _pending(connection, answer_ids)
    if not rows:
        return
    ids = [row.answer_id for row in rows]
    decided = await _decided(connection, ids)
    said = await _said(connection, ids, decided)
    open_ = await _escalated(connection, ids)
    changes = [
        change
        for row in rows
        if (change := _change(row, said[row.answer_id], open_, askers or {})) is not None
    ]
    if changes:
        c = reviews.c
        names: dict[str, Any] = {name: bindparam(f"new_{name}") for name in ("value", "reason", "askers")}
        pending = and_(c.id == bindparam("of"), c.state == "pending")
        await connection.execute(update(reviews).where(pending).values(names), changes)


def _change(
    row: Any, said: _Said, escalated: set[str], askers: Mapping[str, int]
) -> dict[str, object] | None:
    asked = max(row.askers, askers.get(row.answer_id, 1))
    grounds = Grounds(
        correction=bool(row.proposed) or said.corrected,
        escalated=row.answer_id in escalated,
        wanted=row.source == "person",
        against=len(said.against),
        in_favour=len(said.in_favour),
        disagreed=row.source == "disagreement",
        in_words=said.in_words,
        unanswered=row.abstained or row.source == "confidence",
        askers=asked,
    )
    worth = value(grounds, aware(row.created_at))
    if row.askers == asked and row.reason == said.reason and abs(row.value - worth) < _LEAST:
        return None
    return {"of": row.id, "new_value": worth, "new_reason": said.reason, "new_askers": asked}


async def _pending(connection: AsyncConnection, answer_ids: Collection[str]) -> list[Any]:
    c = reviews.c
    query = select(
        *(c.id, c.answer_id, c.source, c.proposed, c.created_at, c.value, c.askers, c.reason),
        answers.c.abstained,
    ).join(answers, answers.c.id == c.answer_id)
    found = query.where(and_(c.answer_id.in_(list(answer_ids)), IS_PENDING))
    return list((await connection.execute(found.order_by(c.id))).all())  # written in this order: see hold()


async def _decided(connection: AsyncConnection, ids: list[str]) -> dict[str, datetime]:
    """When each answer was last decided about."""
    c = reviews.c
    query = select(c.answer_id, func.max(c.decided_at)).where(c.answer_id.in_(ids)).group_by(c.answer_id)
    return {id: aware(at) for id, at in (await connection.execute(query)).all() if at is not None}


async def _said(
    connection: AsyncConnection, ids: list[str], decided: Mapping[str, datetime]
) -> defaultdict[str, _Said]:
    c = votes.c
    columns = (c.answer_id, c.platform, c.user_id, c.value, c.reason, c.comment, c.correction, c.updated_at)
    query = select(*columns).where(and_(c.answer_id.in_(ids), c.excluded == "")).order_by(c.updated_at)
    rows = (await connection.execute(query)).all()
    return _gathered(row for row in rows if _newer(row, decided.get(row.answer_id)))


def _newer(vote: Any, decided: datetime | None) -> bool:
    return decided is None or aware(vote.updated_at) > decided


def _gathered(rows: Iterable[Any]) -> defaultdict[str, _Said]:
    """rows: the latest last."""
    found: defaultdict[str, _Said] = defaultdict(_Said)
    for row in rows:
        said, person = found[row.answer_id], f"{row.platform}:{row.user_id}"
        if row.value > 0:
            said.in_favour.add(person)
            continue
        said.against.add(person)
        said.corrected |= bool(row.correction)
        said.in_words |= bool(row.reason or row.comment)
        said.reason = row.reason[:32]
    return found


async def _escalated(connection: AsyncConnection, ids: list[str]) -> set[str]:
    """Those of the answers of which a person was asked who has not answered yet."""
    c = escalations.c
    open_ = and_(c.answer_id.in_(ids), c.state == "open", c.reply == "")
    return set(await connection.scalars(select(c.answer_id).where(open_)))
