"""Which reviews of the queue are shown, and where a page of them ends."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal

from sqlalchemy import Text, and_, cast, or_, select, true

from rag_core.records.planning import unindexed
from rag_core.records.reviews.reviews import by_value
from rag_core.records.tables import answers, reviews

__all__ = ["NOBODY", "Cursor", "Filters", "Order", "assigned", "condition", "order_of"]

Order = Literal["value", "newest"]


@dataclass(frozen=True, slots=True)
class Filters:
    """'' and None: any."""

    platform: str = ""
    channel: str = ""
    scope: str = ""
    """That the asker might read."""
    reason: str = ""
    """Of the latest vote against it."""
    source: str = ""
    """One of rag_core.records.reviews.reviews.SOURCES."""
    release: str = ""
    since: date | None = None
    """When it came into the queue, or was decided where state is resolved: the first day, UTC."""
    until: date | None = None
    """The last day."""
    text: str = ""
    """Found in question, answer, suggestion or correction, whatever the case."""
    assignee: str = ""
    """PLATFORM:USER, or NOBODY."""
    state: Literal["pending", "resolved"] = "pending"
    resolution: str = ""
    order: Order = "value"
    """Of what waits; what is decided comes the latest first."""

    @property
    def of_answers(self) -> bool:
        """Whether answers must be joined to know what is shown."""
        return any((self.platform, self.channel, self.release, self.text))


NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last review of a page."""

    id: str
    at: datetime
    value: float

    def __str__(self) -> str:
        return f"{self.value!r}_{self.at.isoformat()}_{self.id}"

    @classmethod
    def read(cls, written: str) -> Cursor | None:
        """None: it is none, such as one that somebody mistyped."""
        try:
            value, at, id = written.split("_", 2)
            moment = datetime.fromisoformat(at)
            moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
            return cls(id, moment, float(value))
        except (ValueError, OverflowError):  # at the end of time, where UTC is another year
            return None


def condition(filters: Filters, now: datetime) -> Any:
    """Of a join of reviews with answers; without filters.of_answers, of reviews alone."""
    r, a = reviews.c, answers.c
    equal = ((r.source, filters.source), (r.reason, filters.reason), (r.resolution, filters.resolution))
    given = ((a.platform, filters.platform), (a.channel, filters.channel), (a.release, filters.release))
    parts = [r.state == filters.state, *(column == said for column, said in equal if said)]
    # not by an index of answers: all answers of a platform are far more than all reviews
    parts += [unindexed(column) == said for column, said in given if said]
    parts += _dates(filters)
    if filters.scope:
        parts.append(_readable().contains(json.dumps(filters.scope), autoescape=True))
    if filters.text:
        searched = (a.question, a.answer, r.proposed, r.correction)
        parts.append(or_(*(column.icontains(filters.text, autoescape=True) for column in searched)))
    if filters.assignee == NOBODY:
        parts.append(~assigned(now))
    elif filters.assignee:
        parts.append(and_(r.assignee == filters.assignee, assigned(now)))
    return and_(true(), *parts)


def _readable() -> Any:
    """The scopes of a review's answer, as text. By a subquery, so that reviews are read first: PostgreSQL has no statistics
    of what is within a JSON, takes it for rare, and would read all answers to begin with those few."""
    own = answers.alias("own")
    return select(cast(own.c.scopes, Text)).where(own.c.id == reviews.c.answer_id).scalar_subquery()


def assigned(now: datetime) -> Any:
    """Somebody looks at it."""
    r = reviews.c
    return and_(r.assignee != "", or_(r.claimed_until.is_(None), r.claimed_until > now))


def order_of(filters: Filters, after: Cursor | None) -> tuple[tuple[Any, ...], Any]:
    """What to order by, and which come after that one."""
    r = reviews.c
    if filters.state == "pending" and filters.order == "value":
        return by_value(), _after_in_value(after)
    at = r.created_at if filters.state == "pending" else r.decided_at
    order = (at.desc(), r.id)
    if after is None:
        return order, true()
    # the first part alone lets an index be used
    return order, and_(at <= after.at, or_(at < after.at, r.id > after.id))


def _after_in_value(after: Cursor | None) -> Any:
    r = reviews.c
    if after is None:
        return true()
    later = or_(r.created_at > after.at, and_(r.created_at == after.at, r.id > after.id))
    return and_(r.value <= after.value, or_(r.value < after.value, later))


def _dates(filters: Filters) -> list[Any]:
    at = reviews.c.created_at if filters.state == "pending" else reviews.c.decided_at
    found = []
    if filters.since:
        found.append(at >= _midnight(filters.since))
    if filters.until and filters.until < date.max:
        found.append(at < _midnight(filters.until + timedelta(days=1)))
    return found


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
