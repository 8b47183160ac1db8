"""What puts answers into the queue by itself, and keeps what is there in order.

Votes bring answers to reviewers when they are given. What shows only over several answers is looked for here, once a
minute beside serving: a question that several asked without an answer to rely on, votes that contradict each other, an
escalation that nobody has answered yet. Several processes may look at once: an answer has one pending review at most.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import and_, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from rag_core.records.database import transaction
from rag_core.records.reviews.appraising import IS_PENDING, appraise
from rag_core.records.reviews.holding import hold
from rag_core.records.reviews.reviews import add_pending
from rag_core.records.reviews.value import split
from rag_core.records.tables import answers, escalations, reviews, votes
from rag_core.records.times import aware
from rag_core.settings import Settings

__all__ = ["EVERY_S", "WINDOW", "Triage", "keep_triaged"]

T = TypeVar("T")
EVERY_S = 60.0
WINDOW = timedelta(days=30)
"""What people asked and voted longer ago brings nothing into the queue."""
OVERLAP = timedelta(minutes=2)
"""Looked at twice: a transaction may end later than the time that stands in its rows."""
CHUNK = 20
"""Questions, or answers, looked at in one transaction: writers of SQLite wait for each other."""
PAUSE_S = 0.03
"""After each, for whoever else writes: SQLite lets nobody in by turns."""


async def keep_triaged(
    database: AsyncEngine, settings: Callable[[], Settings], every_s: float = EVERY_S
) -> None:
    """Until cancelled. settings: those in force now."""
    triage = Triage(database)
    while True:
        await triage.look(settings())
        await asyncio.sleep(every_s)


@dataclass
class _Asked:
    """Answers to one wording since it was last decided about."""

    people: set[str] = field(default_factory=set)
    latest: Any = None


class Triage:
    """The first look is at all of WINDOW and at all that waits, later ones at what is new since."""

    def __init__(self, database: AsyncEngine) -> None:
        self._database = database
        self._seen: datetime | None = None

    async def look(self, settings: Settings, now: datetime | None = None) -> None:
        now = now or datetime.now(UTC)
        earliest = now - WINDOW
        since = max(self._seen, earliest) if self._seen else earliest
        async for wordings in _chunks(await self._column(_asked_since(since))):
            async with transaction(self._database) as connection:
                await _look_at_questions(connection, wordings, earliest, settings)
        await self._look_at_votes(set(await self._column(_voted_since(since))), earliest, settings)
        async for ids in _chunks(await self._column(_waiting_for_people())):
            async with transaction(self._database) as connection:
                for id in ids:
                    await add_pending(connection, id, "escalation")
        changed = _escalations_since(since) if self._seen else _all_pending()
        async for ids in _chunks(await self._column(changed)):
            async with transaction(self._database) as connection:
                await appraise(connection, ids)
        self._seen = now - OVERLAP

    async def _look_at_votes(self, voted: Set[str], earliest: datetime, settings: Settings) -> None:
        """An answer that people disagree about waits for a reviewer, also where they saw it in several places."""
        if not voted:
            return
        async with transaction(self._database) as connection:
            groups = await _groups(connection, earliest)
        async for some in _chunks(group for group in groups if group & voted):
            async with transaction(self._database) as connection:
                await hold(connection, and_(reviews.c.answer_id.in_(set().union(*some)), IS_PENDING))
                for group in some:
                    await _look_at_group(connection, group, settings.votes.quorum)

    async def _column(self, query: Any) -> list[str]:
        async with transaction(self._database) as connection:
            return list(await connection.scalars(query))


def _asked_since(since: datetime) -> Any:
    c = answers.c
    return select(c.wording).where(and_(c.created_at > since, c.wording != "")).distinct()


def _voted_since(since: datetime) -> Any:
    c = votes.c
    return select(c.answer_id).where(and_(c.updated_at > since, c.excluded == "")).distinct()


def _waiting_for_people() -> Any:
    """Answers with an open escalation that neither wait for a reviewer nor were decided about since."""
    e, r = escalations.c, reviews.c
    dealt_with = select(r.id).where(
        and_(r.answer_id == e.answer_id, (r.state == "pending") | (r.decided_at >= e.created_at))
    )
    open_ = and_(e.state == "open", e.answer_id.is_not(None), ~dealt_with.exists())
    return select(e.answer_id).join(answers, answers.c.id == e.answer_id).where(open_).distinct()


def _escalations_since(since: datetime) -> Any:
    """Answers of which a person was asked, or has answered: what looking at them is worth has changed."""
    e = escalations.c
    changed = (e.created_at > since) | (e.resolved_at > since) | and_(e.state == "open", e.reply != "")
    pending = and_(reviews.c.answer_id == e.answer_id, IS_PENDING)
    return select(e.answer_id).join(reviews, pending).where(changed).distinct()


def _all_pending() -> Any:
    return select(reviews.c.answer_id).where(reviews.c.state == "pending").order_by(reviews.c.answer_id)


async def _look_at_questions(
    connection: AsyncConnection, wordings: Collection[str], earliest: datetime, settings: Settings
) -> None:
    """What several people asked, worded alike, waits for a reviewer where the latest answer to it is not to be relied on; of
    what waits already the askers are counted again."""
    asked = await _asked(connection, wordings, earliest)
    pending = await _pending_by_wording(connection, wordings)
    waiting = [id for ids in pending.values() for id in ids]
    await hold(connection, and_(reviews.c.answer_id.in_(waiting), IS_PENDING))
    known: dict[str, int] = {}
    for wording, found in asked.items():
        answer_ids = pending.get(wording)
        if answer_ids and not _is_unsure(found.latest, settings):
            answer_ids = await _settled(connection, answer_ids)
        if answer_ids:
            known |= dict.fromkeys(answer_ids, len(found.people))
        elif len(found.people) >= settings.review.askers and _is_unsure(found.latest, settings):
            await add_pending(connection, found.latest.id, "confidence", len(found.people))
    if known:
        await appraise(connection, list(known), known)


async def _settled(connection: AsyncConnection, answer_ids: Collection[str]) -> list[str]:
    """What is here because nothing answered it, and nobody has taken on, goes now that something does. Those left."""
    r = reviews.c
    free = and_(r.source == "confidence", r.proposed == "", r.assignee == "")
    gone = delete(reviews).where(and_(r.answer_id.in_(answer_ids), IS_PENDING, free)).returning(r.answer_id)
    over = set(await connection.scalars(gone))
    return [id for id in answer_ids if id not in over]


def _is_unsure(answer: Any, settings: Settings) -> bool:
    return bool(answer.abstained) or answer.confidence < settings.review.unsure_below


async def _asked(
    connection: AsyncConnection, wordings: Collection[str], earliest: datetime
) -> Mapping[str, _Asked]:
    c = answers.c
    decided = await _decided_by_wording(connection, wordings)
    columns = (c.id, c.wording, c.created_at, c.platform, c.user_id, c.abstained, c.confidence)
    query = select(*columns).where(and_(c.wording.in_(list(wordings)), c.created_at > earliest))
    found: defaultdict[str, _Asked] = defaultdict(_Asked)
    for row in (await connection.execute(query.order_by(c.created_at, c.id))).all():
        if (at := decided.get(row.wording)) is not None and aware(row.created_at) <= at:
            continue
        found[row.wording].people.add(f"{row.platform}:{row.user_id}")
        found[row.wording].latest = row
    return found


async def _decided_by_wording(connection: AsyncConnection, wordings: Collection[str]) -> dict[str, datetime]:
    w, at = answers.c.wording, func.max(reviews.c.decided_at)
    query = select(w, at).join_from(answers, reviews).where(w.in_(list(wordings))).group_by(w)
    return {key: aware(time) for key, time in (await connection.execute(query)).all() if time is not None}


async def _pending_by_wording(connection: AsyncConnection, wordings: Collection[str]) -> dict[str, list[str]]:
    w = answers.c.wording
    # by the wording, which is of few answers; not by the state, which is of many reviews
    pending = and_(w.in_(list(wordings)), reviews.c.state.concat("") == "pending")
    query = select(w, answers.c.id).join_from(answers, reviews).where(pending)
    found: defaultdict[str, list[str]] = defaultdict(list)
    for key, id in (await connection.execute(query)).all():
        found[key].append(id)
    return found


async def _groups(connection: AsyncConnection, earliest: datetime) -> list[frozenset[str]]:
    """Answers that people voted both for and against, together where they are the same words to the same question."""
    v, a = votes.c, answers.c
    counted = and_(v.updated_at > earliest, v.excluded == "")
    query = select(v.answer_id, v.value, a.wording, a.answer).join_from(votes, answers).where(counted)
    same: defaultdict[tuple[str, ...], tuple[set[str], set[int]]] = defaultdict(lambda: (set(), set()))
    for id, value, wording, text in (await connection.execute(query.distinct())).all():
        ids, values = same[(wording, text) if wording else (id,)]
        ids.add(id)
        values.add(value)
    return [frozenset(ids) for ids, values in same.values() if len(values) > 1]


async def _look_at_group(connection: AsyncConnection, group: Collection[str], quorum: int) -> None:
    """Its pending reviews are held."""
    r, v = reviews.c, votes.c
    decided = await connection.scalar(select(func.max(r.decided_at)).where(r.answer_id.in_(group)))
    counted = and_(v.answer_id.in_(group), v.excluded == "")
    if decided is not None:
        counted = and_(counted, v.updated_at > decided)
    columns = (v.answer_id, v.platform, v.user_id, v.value)
    rows = (await connection.execute(select(*columns).where(counted).order_by(v.updated_at))).all()
    last = {(row.platform, row.user_id): row.value for row in rows}
    against = sum(value < 0 for value in last.values())
    if against < quorum or not split(len(last) - against, against):
        return
    pending = and_(r.answer_id.in_(group), IS_PENDING)
    if await connection.scalar(select(r.id).where(pending).limit(1)) is None:
        against_last = next(row.answer_id for row in reversed(rows) if row.value < 0)
        await add_pending(connection, against_last, "disagreement")
        return
    weaker = and_(pending, r.source.in_(("vote", "confidence")), r.proposed == "")
    await connection.execute(update(reviews).where(weaker).values(source="disagreement"))
    await appraise(connection, group)


async def _chunks(values: Iterable[T]) -> AsyncIterator[list[T]]:
    kept = list(values)
    for at in range(0, len(kept), CHUNK):
        yield kept[at : at + CHUNK]
        await asyncio.sleep(PAUSE_S)
