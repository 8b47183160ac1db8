"""One answer with all that is recorded of it: what a reviewer looks at. Read only."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from rag_core.records.database import transaction
from rag_core.records.people.names import names_of
from rag_core.records.platforms.escalations import Escalation
from rag_core.records.reviews.reviews import Review
from rag_core.records.tables import answers, documents, escalations, reviews, votes
from rag_core.records.times import aware
from rag_core.types import Citation

__all__ = ["Exchange", "GivenAnswer", "Item", "Items", "Resolved", "Said", "resolved_columns", "resolved_of"]

TURNS = 10
"""Of a conversation, before the question and after it."""
ALIKE = 5
"""Reviews of answers to the same wording."""


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """An answer as it was given, with all that produced it."""

    id: str
    created_at: datetime
    platform: str
    workspace: str
    channel: str
    user_id: str
    thread: str
    question: str
    answer: str
    abstained: bool
    confidence: float
    citations: tuple[Citation, ...]
    passages: tuple[Mapping[str, Any], ...]
    """passage (its id), cosine, bm25 and score; best first."""
    scopes: tuple[str, ...] | None
    """What the asker might read; None: everything."""
    release: str
    generation: int
    timings_ms: Mapping[str, float]
    standalone: str
    """A follow-up as it was understood."""
    generator: str
    generator_version: str
    notices: tuple[str, ...]
    """Ids of messages."""
    prompt_tokens: int | None
    answer_tokens: int | None
    cached: bool
    prompt_version: str
    nearest: tuple[Citation, ...]
    took_ms: float | None
    wording: str

    @property
    def asked(self) -> str:
        """The question, standing by itself."""
        return self.standalone or self.question


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question of the same conversation, and its answer."""

    id: str
    created_at: datetime
    user_id: str
    question: str
    answer: str
    abstained: bool


@dataclass(frozen=True, slots=True)
class Said:
    """A vote, as it stands."""

    platform: str
    user_id: str
    value: int
    reason: str
    comment: str
    correction: str
    updated_at: datetime
    excluded: str
    """Why it does not count; '': it does."""

    @property
    def identity(self) -> str:
        return f"{self.platform}:{self.user_id}"


@dataclass(frozen=True, slots=True)
class Resolved:
    """How a question was resolved before."""

    review: str
    answer_id: str
    question: str
    """Standing by itself."""
    answer: str
    resolution: str
    correction: str
    reviewer: str
    decided_at: datetime | None

    @property
    def text(self) -> str:
        """What was found to be the answer."""
        return self.correction or self.answer


@dataclass(frozen=True, slots=True)
class Item:
    given: GivenAnswer
    before: tuple[Exchange, ...]
    """Of the same conversation, oldest first."""
    after: tuple[Exchange, ...]
    votes: tuple[Said, ...]
    """Newest first."""
    escalations: tuple[Escalation, ...]
    reviews: tuple[Review, ...]
    """Newest first; the one that is pending among them."""
    alike: tuple[Resolved, ...]
    """Answers to the same wording that were approved or corrected, newest first."""
    names: Mapping[str, str]
    """Of those who have an account here, by PLATFORM:USER."""

    @property
    def pending(self) -> Review | None:
        return next((one for one in self.reviews if one.is_pending), None)


class Items:
    def __init__(self, database: AsyncEngine) -> None:
        self._database = database

    async def given(self, answer_id: str) -> GivenAnswer | None:
        async with transaction(self._database) as connection:
            return await _given(connection, answer_id)

    async def item(self, answer_id: str) -> Item | None:
        """None: there is no such answer."""
        async with transaction(self._database) as connection:
            given = await _given(connection, answer_id)
            if given is None:
                return None
            before, after = await _conversation(connection, given)
            voted = await _all(connection, _votes(answer_id), Said)
            called = await _all(connection, _of(escalations, Escalation, answer_id), Escalation)
            seen = await _all(connection, _of(reviews, Review, answer_id), Review)
            alike = await _all(connection, _alike(given), Resolved) if given.wording else []
            people = {
                *(f"{given.platform}:{given.user_id}", *(one.identity for one in voted)),
                *(name for one in seen for name in (one.reviewer, one.assignee, one.proposed_by)),
                *(one.reviewer for one in alike),
                *(f"{one.platform}:{who}" for one in called for who in (one.resolved_by, one.replied_by)),
            }
            names = await names_of(connection, people)
        return Item(given, before, after, tuple(voted), tuple(called), tuple(seen), tuple(alike), names)

    async def changed(self, index_name: str, ids: Collection[str], since: datetime) -> set[str]:
        """Those of the documents, by id, SOURCE/KEY, that were read into the index again since then."""
        pairs = [tuple(id.partition("/")[::2]) for id in ids]
        if not pairs:
            return set()
        c = documents.c
        named = or_(*(and_(c.source == source, c.key == key) for source, key in pairs))
        query = select(c.source, c.key, c.synced_at).where(c.index_name == index_name, named)
        async with transaction(self._database) as connection:
            rows = (await connection.execute(query)).all()
        return {f"{source}/{key}" for source, key, at in rows if aware(at) > since}

    async def before(self, review: Review, identity: str) -> str:
        """Id of the review before this one in the queue, of those that nobody else looks at; '': there is none."""
        c = reviews.c
        free = or_(c.assignee.in_(["", identity]), c.claimed_until < datetime.now(UTC))
        earlier = or_(
            c.value > review.value,
            and_(c.value == review.value, c.created_at < review.created_at),
            and_(c.value == review.value, c.created_at == review.created_at, c.id < review.id),
        )
        query = select(c.id).where(c.state == "pending", free, earlier)
        nearest = query.order_by(c.value, c.created_at.desc(), c.id.desc()).limit(1)
        async with transaction(self._database) as connection:
            return str(await connection.scalar(nearest) or "")


async def _given(connection: AsyncConnection, answer_id: str) -> GivenAnswer | None:
    query = select(*(answers.c[name] for name in GivenAnswer.__slots__)).where(answers.c.id == answer_id)
    row = (await connection.execute(query)).mappings().one_or_none()
    if row is None:
        return None
    values = {name: aware(value) for name, value in row.items()}
    for name in ("citations", "nearest"):
        values[name] = tuple(Citation(**one) for one in values[name] or ())
    for name in ("passages", "notices"):
        values[name] = tuple(values[name] or ())
    values["scopes"] = None if values["scopes"] is None else tuple(values["scopes"])
    return GivenAnswer(**values)


async def _conversation(
    connection: AsyncConnection, given: GivenAnswer
) -> tuple[tuple[Exchange, ...], tuple[Exchange, ...]]:
    """Before and after, oldest first."""
    c = answers.c
    if not given.thread:
        return (), ()
    same = and_(
        c.platform == given.platform,
        c.thread == given.thread,
        c.workspace == given.workspace,
        c.channel == given.channel,
        c.id != given.id,
    )
    columns = select(*(c[name] for name in Exchange.__slots__)).where(same)
    earlier = columns.where(c.created_at <= given.created_at).order_by(c.created_at.desc()).limit(TURNS)
    later = columns.where(c.created_at > given.created_at).order_by(c.created_at).limit(TURNS)
    before = await _all(connection, earlier, Exchange)
    return tuple(reversed(before)), tuple(await _all(connection, later, Exchange))


def _votes(answer_id: str) -> Select[Any]:
    columns = select(*(votes.c[name] for name in Said.__slots__)).where(votes.c.answer_id == answer_id)
    return columns.order_by(votes.c.updated_at.desc(), votes.c.platform, votes.c.user_id)


def _of(table: Any, kind: type[Any], answer_id: str) -> Select[Any]:
    columns = select(*(table.c[name] for name in kind.__slots__))
    return columns.where(table.c.answer_id == answer_id).order_by(table.c.created_at.desc(), table.c.id)


def _alike(given: GivenAnswer) -> Select[Any]:
    a, r = answers.c, reviews.c
    found = and_(
        a.wording == given.wording, a.id != given.id, r.resolution.in_(["good_example", "corrected_answer"])
    )
    return resolved_columns().where(found).order_by(r.decided_at.desc()).limit(ALIKE)


def resolved_columns() -> Select[Any]:
    """In the order of Resolved; of reviews that are decided."""
    a, r = answers.c, reviews.c
    what = (r.id, a.id, a.question, a.standalone, a.answer)
    return (
        select(*what, r.resolution, r.correction, r.reviewer, r.decided_at)
        .join_from(reviews, answers, r.answer_id == a.id)
        .where(r.state == "resolved")
    )


def resolved_of(row: Any) -> Resolved:
    review, answer_id, question, standalone, *rest = row
    return Resolved(review, answer_id, standalone or question, *map(aware, rest))


async def _all(connection: AsyncConnection, query: Select[Any], kind: type[Any]) -> list[Any]:
    rows = (await connection.execute(query)).all()
    if kind is Resolved:
        return [resolved_of(row) for row in rows]
    return [kind(*map(aware, row)) for row in rows]
