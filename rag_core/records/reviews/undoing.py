"""What was done in the admin pages or by reviewers in the chat, taken back by the number of its entry in the audit log."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from rag_core.errors import InvalidEntry, NotFound
from rag_core.records.audit import Entry, mark_undone, note
from rag_core.records.database import transaction
from rag_core.records.people.erasing import FORGOTTEN
from rag_core.records.reviews.appraising import appraise
from rag_core.records.reviews.deciding import BULK
from rag_core.records.reviews.holding import hold
from rag_core.records.tables import (
    answers,
    audit_log,
    golden_questions,
    judged_passages,
    reviews,
    standard_answers,
    standard_state,
)
from rag_core.records.times import aware

__all__ = ["UNDOERS", "Undone", "can_be_undone", "undo"]

_TOLD = "Those concerned were told of the correction already; correct the answer again instead."
_NEWER = "There is a newer review of this answer; decide there."
_GONE = "The review is not kept any more."
_WAITS = "It waits for a decision already."


@dataclass(frozen=True, slots=True)
class Undone:
    entry: int
    """Of what took it back."""
    sentence: str
    """What is so now."""


def can_be_undone(entry: Entry) -> bool:
    """Whether it may be tried; what stands in the way is told then."""
    return entry.undone_by is None and entry.action in UNDOERS


async def undo(database: AsyncEngine, number: int, actor: str) -> Undone:
    """Take back what this entry says, all or nothing. Whether the actor may is the caller's matter.

    Raises:
        NotFound: there is no such entry.
        InvalidEntry: it cannot be taken back; the message says why.
    """
    async with transaction(database) as connection:
        entry = await _entry(connection, number)
        if entry.undone_by is not None:
            raise InvalidEntry("This was taken back already.")
        if entry.action not in UNDOERS:
            raise InvalidEntry("This cannot be taken back.")
        by = await note(connection, actor, "undo", entry.subject, of=number, undoes=entry.action)
        if not await mark_undone(connection, number, by):  # somebody else did so at this moment
            raise InvalidEntry("This was taken back already.")
        sentence = await UNDOERS[entry.action](connection, entry, by)
    return Undone(by, sentence)


async def _entry(connection: AsyncConnection, number: int) -> Entry:
    query = select(*(audit_log.c[name] for name in Entry.__slots__)).where(audit_log.c.number == number)
    row = (await connection.execute(query.with_for_update())).one_or_none()
    if row is None:
        raise NotFound(f"There is no entry {number} in the audit log.")
    return Entry(*map(aware, row))


async def _undo_decision(connection: AsyncConnection, entry: Entry, by: int) -> str:
    id = _review_of(entry)
    refused = await _reopen(connection, [id])
    if id in refused:
        raise InvalidEntry(refused[id])
    stays = await _remove_made(connection, entry.detail)
    return " ".join(("It waits for a decision again.", *stays))


async def _undo_bulk(connection: AsyncConnection, entry: Entry, by: int) -> str:
    numbers = list(entry.detail.get("entries", ()))
    c = audit_log.c
    query = select(c.number, c.subject).where(and_(c.number.in_(numbers), c.undone_by.is_(None)))
    of = {row.subject.partition(":")[2]: row.number for row in (await connection.execute(query)).all()}
    refused = await _reopen(connection, list(of))
    done = [number for id, number in of.items() if id not in refused]
    if not done:
        raise InvalidEntry(next(iter(refused.values()), "This was taken back already."))
    await connection.execute(update(audit_log).where(c.number.in_(done)).values(undone_by=by))
    waits = f"{len(done):,} wait for a decision again."
    return waits if not refused else f"{waits} {len(refused):,} stay decided: {next(iter(refused.values()))}"


async def _undo_assignment(connection: AsyncConnection, entry: Entry, by: int) -> str:
    by_whom: defaultdict[str, list[str]] = defaultdict(list)
    for id, was in dict(entry.detail.get("was", {})).items():
        by_whom["" if was == FORGOTTEN else str(was)].append(id)
    c, changed = reviews.c, 0
    await hold(connection, c.id.in_([id for ids in by_whom.values() for id in ids]))
    for was, ids in by_whom.items():
        still = and_(c.id.in_(ids), c.state == "pending", c.assignee == entry.detail.get("to", ""))
        at = datetime.now(UTC) if was else None
        values = {"assignee": was, "assigned_at": at, "claimed_until": None}
        changed += (await connection.execute(update(reviews).where(still).values(values))).rowcount
    if not changed:
        raise InvalidEntry("It was assigned anew, or decided, since.")
    return f"{changed:,} assigned as before."


async def _reopen(connection: AsyncConnection, ids: Collection[str]) -> dict[str, str]:
    """Have these wait for a decision again, with what they had; why, of those that cannot."""
    c = reviews.c
    # As votes do, first: of two who bring the same answer to reviewers, one comes after the other.
    of = select(c.answer_id).where(c.id.in_(list(ids)))
    await connection.execute(
        select(answers.c.id).where(answers.c.id.in_(of)).order_by(answers.c.id).with_for_update()
    )
    await hold(connection, c.id.in_(list(ids)))
    query = select(c.id, c.answer_id, c.state, c.told_at, c.decided_at).where(c.id.in_(list(ids)))
    rows = {row.id: row for row in (await connection.execute(query)).all()}
    newer = await _newer(connection, list(rows.values()))
    refused = {id: why for id in ids if (why := _obstacle(rows.get(id), newer))}
    free = [id for id in ids if id not in refused]
    blank: dict[str, Any] = {
        "resolution": "",
        "correction": "",
        "note": "",
        "reviewer": "",
        "decided_at": None,
        "route": "",
    }
    blank["citations"] = None
    if free:
        await connection.execute(delete(judged_passages).where(judged_passages.c.review_id.in_(free)))
        await connection.execute(update(reviews).where(c.id.in_(free)).values(state="pending", **blank))
        await appraise(connection, [rows[id].answer_id for id in free])
    return refused


def _obstacle(row: Any, newer: Collection[str]) -> str:
    if row is None:
        return _GONE
    if row.state == "pending":
        return _WAITS
    if row.told_at is not None:
        return _TOLD
    return _NEWER if row.id in newer else ""


async def _newer(connection: AsyncConnection, rows: Collection[Any]) -> set[str]:
    """Those of the reviews whose answer has a later one."""
    c = reviews.c
    query = select(c.id, c.answer_id, c.state, c.created_at, c.decided_at)
    of = query.where(c.answer_id.in_([row.answer_id for row in rows]))
    others: defaultdict[str, list[Any]] = defaultdict(list)
    for other in (await connection.execute(of)).all():
        others[other.answer_id].append(other)
    return {row.id for row in rows if any(_is_later(other, row) for other in others[row.answer_id])}


def _is_later(other: Any, row: Any) -> bool:
    if other.id == row.id:
        return False
    since = aware(row.decided_at)
    return other.state == "pending" or since is None or aware(other.created_at) >= since


async def _remove_made(connection: AsyncConnection, detail: Mapping[str, Any]) -> list[str]:
    """What was made with the decision; sentences about what stays, because somebody has worked on it since."""
    stays = []
    if (standard := detail.get("standard")) and not await _remove_standard(connection, str(standard)):
        stays.append("The standard answer that was made with it was changed since, and stays.")
    if (golden := detail.get("golden")) and not await _remove_golden(connection, str(golden)):
        stays.append("The golden question that was made with it was changed since, and stays.")
    return stays


async def _remove_golden(connection: AsyncConnection, id: str) -> bool:
    """Whether it is gone. That somebody changed it stands in the audit log alone."""
    c = golden_questions.c
    there = await connection.scalar(select(c.id).where(c.id == id).with_for_update())
    edits = and_(audit_log.c.subject == f"golden:{id}", audit_log.c.action.startswith("golden."))
    if there is not None and await connection.scalar(select(audit_log.c.number).where(edits).limit(1)):
        return False
    await connection.execute(delete(golden_questions).where(c.id == id))
    return True


async def _remove_standard(connection: AsyncConnection, id: str) -> bool:
    """Whether it is gone."""
    c = standard_answers.c
    untouched = and_(c.id == id, or_(c.updated_at == c.created_at, c.updated_at.is_(None)))
    # first, as in rag_core.records.standard: whoever else changes one waits here, and every process reads them anew
    await connection.execute(update(standard_state).values(version=standard_state.c.version + 1))
    await connection.execute(delete(standard_answers).where(untouched))
    return await connection.scalar(select(c.id).where(c.id == id)) is None


def _review_of(entry: Entry) -> str:
    return entry.subject.partition(":")[2]


Undoer = Callable[[AsyncConnection, Entry, int], Awaitable[str]]
"""Takes it back, by the entry of that number, and says what is so now; InvalidEntry says why it cannot."""
UNDOERS: dict[str, Undoer] = {
    "review.resolve": _undo_decision,
    BULK: _undo_bulk,
    "review.assign": _undo_assignment,
}
"""By action. Whoever adds an action that can be taken back adds it here."""
