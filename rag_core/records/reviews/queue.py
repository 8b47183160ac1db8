"""The queue of reviews: what is shown of it, and who looks at what."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, Select, and_, case, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from rag_core.records.analytics.joining import ON_ANY_DAY, with_answers
from rag_core.records.audit import note
from rag_core.records.database import transaction
from rag_core.records.people.names import names_of
from rag_core.records.planning import planned
from rag_core.records.reviews.filters import NOBODY, Cursor, Filters, assigned, condition, order_of
from rag_core.records.reviews.holding import hold
from rag_core.records.reviews.reviews import Review
from rag_core.records.tables import answers, escalations, reviews, votes
from rag_core.records.times import aware

__all__ = ["CLAIM", "NOBODY", "Choices", "Claim", "Item", "Page", "Queue"]

CLAIM = timedelta(minutes=15)
"""So long a review belongs to who opened it."""
EXCERPT = 400
"""Characters of an answer that the queue shows."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Who looks at a review."""

    by: str
    """PLATFORM:USER."""
    name: str
    since: datetime
    until: datetime | None
    """None: until it is decided or taken over."""


@dataclass(frozen=True, slots=True)
class Item:
    """A review as the queue shows it."""

    review: Review
    question: str
    answer: str
    """Its beginning."""
    abstained: bool
    platform: str
    channel: str
    asked_at: datetime
    in_favour: int
    """People whose votes count."""
    against: int
    escalated_at: datetime | None
    """When a person was asked; None: nobody was, or it is settled."""
    claim: Claim | None
    """Who looks at it; None: nobody."""
    decided_by: str
    """Their name; '': nobody yet."""


@dataclass(frozen=True, slots=True)
class Page:
    items: tuple[Item, ...]
    next: Cursor | None
    """None: these are the last."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What filters can be set to, of what waits."""

    platforms: tuple[str, ...]
    channels: tuple[tuple[str, str], ...]
    """Platform and channel."""
    releases: tuple[str, ...]
    reasons: tuple[str, ...]


CHOICES_FOR = timedelta(minutes=1)
_CHOICES: WeakKeyDictionary[Engine, tuple[datetime, Choices]] = WeakKeyDictionary()
"""Of each database that is open: when they were found, and which they were."""


class Queue:
    def __init__(self, database: AsyncEngine) -> None:
        self._database = database

    async def page(
        self, filters: Filters, after: Cursor | None = None, limit: int = 30, now: datetime | None = None
    ) -> Page:
        """after: the end of the page before."""
        now = now or datetime.now(UTC)
        order, later = order_of(filters, after)
        found = and_(condition(filters, now), later)
        query = select(reviews.c.id).select_from(_tables(filters)).where(found).order_by(*order)
        async with planned(self._database) as connection:
            # First which ones: answers are wide rows, and only those that are shown need be read.
            ids = list(await connection.scalars(query.limit(limit + 1)))
            shown = _items().where(reviews.c.id.in_(ids[:limit]))
            rows = {row.id: row for row in (await connection.execute(shown)).all()}
            items = await _shown(connection, [rows[id] for id in ids[:limit] if id in rows], now)
        return Page(items, _cursor(items[-1].review) if items and len(ids) > limit else None)

    async def counts(self, filters: Filters, now: datetime | None = None) -> dict[str, int]:
        """How many there are of each source, whatever source the filters name."""
        r = reviews.c
        query = select(r.source, func.count()).select_from(_tables(filters)).group_by(r.source)
        chosen = query.where(condition(_of_any_source(filters), now or datetime.now(UTC)))
        async with planned(self._database) as connection:
            return {source: int(count) for source, count in (await connection.execute(chosen)).all()}

    async def choices(self, now: datetime | None = None) -> Choices:
        """As they were at most CHOICES_FOR ago: to find them takes longer than a page of the queue."""
        now = now or datetime.now(UTC)
        at, found = _CHOICES.get(self._database.sync_engine, (None, None))
        if at is None or found is None or not timedelta(0) <= now - at < CHOICES_FOR:
            found = await self._choices()
            _CHOICES[self._database.sync_engine] = now, found
        return found

    async def _choices(self) -> Choices:
        a, r = answers.c, reviews.c
        pending = select(a.platform, a.channel, a.release, r.reason).distinct()
        query = pending.select_from(with_answers(reviews)).where(r.state == "pending", ON_ANY_DAY)
        async with planned(self._database) as connection:
            rows = (await connection.execute(query)).all()
        platforms, channels, releases, reasons = ({row[at] for row in rows if row[at]} for at in range(4))
        places = sorted({(row.platform, row.channel) for row in rows if row.channel in channels})
        return Choices(
            tuple(sorted(platforms)), tuple(places), tuple(sorted(releases)), tuple(sorted(reasons))
        )

    async def matching(self, filters: Filters, limit: int, now: datetime | None = None) -> list[str]:
        """The ids of what the filters let through, in the queue's order."""
        order, _ = order_of(filters, None)
        query = select(reviews.c.id).select_from(_tables(filters))
        chosen = query.where(condition(filters, now or datetime.now(UTC))).order_by(*order).limit(limit)
        async with planned(self._database) as connection:
            return list(await connection.scalars(chosen))

    async def next_for(self, identity: str, after: str = "", now: datetime | None = None) -> str | None:
        """The review that is worth most of what nobody else looks at; None: there is none.

        after: a review that comes before it in the queue.
        """
        now = now or datetime.now(UTC)
        order, later = order_of(Filters(), None)
        free = or_(~assigned(now), reviews.c.assignee == identity)
        async with transaction(self._database) as connection:
            if after and (at := await _place(connection, after)):
                order, later = order_of(Filters(), at)
            query = select(reviews.c.id).where(
                and_(reviews.c.state == "pending", reviews.c.id != after, free, later)
            )
            found: str | None = await connection.scalar(query.order_by(*order).limit(1))
        return found

    async def claim(
        self, review: str, identity: str, *, take_over: bool = False, now: datetime | None = None
    ) -> Claim | None:
        """Who looks at it now: whoever did already, or else this one, for CLAIM from now on. None: it waits for nobody.

        take_over: from whoever looks at it. That stands in the audit log.
        """
        now = now or datetime.now(UTC)
        r = reviews.c
        theirs = or_(r.assignee == identity, ~assigned(now))
        claimed = {
            "assignee": identity,
            "assigned_at": _since(identity, now),
            "claimed_until": _until(identity, now),
        }
        async with transaction(self._database) as connection:
            if take_over:
                await _take_over(connection, review, identity, now)
            pending = and_(r.id == review, r.state == "pending", theirs)
            await connection.execute(update(reviews).where(pending).values(claimed))
            query = select(r.assignee, r.assigned_at, r.claimed_until)
            row = (await connection.execute(query.where(r.id == review, r.state == "pending"))).first()
            if row is None:
                return None
            by, since, until = map(aware, row)
            names = await names_of(connection, [by])
        return Claim(by, names[by], since or now, until)

    async def assign(self, ids: Collection[str], actor: str, to: str) -> tuple[int, int | None]:
        """How many are assigned to this one now ('': to nobody) that were not, until they are decided; and the number of the
        entry that undoes it, None: there is nothing to undo."""
        async with transaction(self._database) as connection:
            return await _assign(connection, ids, actor, to)


async def _take_over(connection: AsyncConnection, review: str, identity: str, now: datetime) -> None:
    others = and_(reviews.c.id == review, reviews.c.assignee != identity, assigned(now))
    if await connection.scalar(select(reviews.c.id).where(others)) is not None:
        await _assign(connection, [review], identity, identity)


async def _assign(
    connection: AsyncConnection, ids: Collection[str], actor: str, to: str
) -> tuple[int, int | None]:
    r = reviews.c
    changing = and_(
        r.id.in_(list(ids)), r.state == "pending", or_(r.assignee != to, r.claimed_until.is_not(None))
    )
    await hold(connection, r.id.in_(list(ids)))
    rows = (await connection.execute(select(r.id, r.assignee).where(changing))).all()
    if not rows:
        return 0, None
    at = datetime.now(UTC) if to else None
    await connection.execute(
        update(reviews).where(changing).values(assignee=to, assigned_at=at, claimed_until=None)
    )
    was = {row.id: row.assignee for row in rows}
    subject = f"review:{rows[0].id}" if len(rows) == 1 else "queue"
    return len(rows), await note(connection, actor, "review.assign", subject, to=to, was=was)


def _since(identity: str, now: datetime) -> Any:
    """It stays when somebody opens again what is theirs."""
    r = reviews.c
    return case((and_(r.assignee == identity, assigned(now)), r.assigned_at), else_=now)


def _until(identity: str, now: datetime) -> Any:
    """What is assigned for good stays so."""
    r = reviews.c
    for_good = and_(r.assignee == identity, r.claimed_until.is_(None))
    return case((for_good, None), else_=now + CLAIM)


def _tables(filters: Filters) -> Any:
    return reviews.join(answers) if filters.of_answers else reviews


def _of_any_source(filters: Filters) -> Filters:
    return replace(filters, source="")


def _items() -> Select[Any]:
    a = answers.c
    shown = func.substr(a.answer, 1, EXCERPT + 1).label("excerpt")
    return select(
        *(reviews.c[name] for name in Review.__slots__),
        *(a.question, shown, a.abstained, a.platform, a.channel, a.created_at.label("asked_at")),
    ).join_from(reviews, answers)


async def _shown(connection: AsyncConnection, rows: Collection[Any], now: datetime) -> tuple[Item, ...]:
    kept = len(Review.__slots__)
    found = [(Review(*map(aware, row[:kept])), row[kept:]) for row in rows]
    ids = [review.answer_id for review, _ in found]
    said, waiting = await _votes(connection, ids), await _escalations(connection, ids)
    people = {one for review, _ in found for one in (review.assignee, review.reviewer)}
    names = await names_of(connection, people)
    return tuple(
        Item(
            review,
            question,
            excerpt if len(excerpt) <= EXCERPT else excerpt[:EXCERPT].rstrip() + "…",
            *(bool(abstained), platform, channel, aware(asked_at)),
            *said.get(review.answer_id, (0, 0)),
            waiting.get(review.answer_id),
            _claim(review, names, now),
            names.get(review.reviewer, ""),
        )
        for review, (question, excerpt, abstained, platform, channel, asked_at) in found
    )


def _claim(review: Review, names: dict[str, str], now: datetime) -> Claim | None:
    over = review.claimed_until is not None and review.claimed_until <= now
    if not review.assignee or over or not review.is_pending:
        return None
    return Claim(review.assignee, names[review.assignee], review.assigned_at or now, review.claimed_until)


async def _votes(connection: AsyncConnection, ids: Collection[str]) -> dict[str, tuple[int, int]]:
    c = votes.c
    sums = (func.sum(case((c.value == value, 1), else_=0)) for value in (1, -1))
    query = select(c.answer_id, *sums).where(and_(c.answer_id.in_(list(ids)), c.excluded == ""))
    rows = (await connection.execute(query.group_by(c.answer_id))).all()
    return {id: (int(up), int(down)) for id, up, down in rows}


async def _escalations(connection: AsyncConnection, ids: Collection[str]) -> dict[str, datetime]:
    c = escalations.c
    open_ = and_(c.answer_id.in_(list(ids)), c.state == "open")
    rows = (await connection.execute(select(c.answer_id, c.created_at).where(open_))).all()
    return {id: aware(at) for id, at in rows}


async def _place(connection: AsyncConnection, review: str) -> Cursor | None:
    r = reviews.c
    row = (await connection.execute(select(r.id, r.created_at, r.value).where(r.id == review))).one_or_none()
    return None if row is None else Cursor(*map(aware, row))


def _cursor(review: Review) -> Cursor:
    at = review.created_at if review.is_pending else review.decided_at or review.created_at
    return Cursor(review.id, at, review.value)
