"""Which documents answers cite and how these answers were found; what is out of date."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from rag_core.errors import SettingsError
from rag_core.records.analytics.figures import Share, share
from rag_core.records.analytics.joining import in_order, with_answers
from rag_core.records.analytics.view import View
from rag_core.records.database import transaction
from rag_core.records.planning import planned
from rag_core.records.tables import answer_documents, answers, documents, releases, reviews, sources, votes
from rag_core.records.times import aware
from rag_core.settings import duration_s

__all__ = ["BATCH", "Cited", "LateSource", "cited_documents", "late_sources", "titles_of"]

BATCH = 400
"""Keys in one statement."""
LATE_AFTER = 2
"""Times the span that a source is synchronised in."""


@dataclass(frozen=True, slots=True)
class Cited:
    document: str
    """SOURCE/KEY"""
    title: str
    """The key, where the document is not in the index any more."""
    answers: int
    good: int
    """Votes that count, on the answers that cite it."""
    bad: int
    out_of_date: int
    """Of the bad, those that say so."""
    stale: int
    """Answers that reviewers resolved as made from a stale document, this being one they cite."""

    @property
    def source(self) -> str:
        return self.document.partition("/")[0]

    @property
    def helpful(self) -> Share | None:
        return share(self.good, self.good + self.bad)

    @property
    def is_stale(self) -> bool:
        return bool(self.out_of_date or self.stale)


@dataclass(frozen=True, slots=True)
class LateSource:
    name: str
    every: str
    """How often it should be synchronised; '': only by hand."""
    synced_at: datetime | None
    error: str
    """Why the last attempt failed; '': it did not."""


async def cited_documents(database: AsyncEngine, view: View) -> list[Cited]:
    """All that answers of the view cite, the most cited first.

    Raises:
        Unavailable: the database does not answer.
    """
    async with planned(database) as connection:
        counts = {name: int(n) for name, n in (await connection.execute(_cited(view))).all()}
        votes_on = {name: rest for name, *rest in (await connection.execute(_voted(view))).all()}
        stales = {name: int(n) for name, n in (await connection.execute(_stale(view))).all()}
        titles = await titles_of(connection, counts)
    found = []
    for name, n in counts.items():
        good, bad, dated_votes = map(int, votes_on.get(name, (0, 0, 0)))
        title = titles.get(name) or name.partition("/")[2]
        found.append(Cited(name, title, n, good, bad, dated_votes, stales.get(name, 0)))
    return sorted(found, key=lambda one: (-one.answers, one.document))


async def late_sources(database: AsyncEngine, now: datetime | None = None) -> list[LateSource]:
    """Sources that were not synchronised within twice the time they should be, or whose last attempt failed.

    Raises:
        Unavailable: the database does not answer.
    """
    now, c = now or datetime.now(UTC), sources.c
    query = select(c.name, c.spec, c.synced_at, c.error).order_by(c.name)
    async with transaction(database) as connection:
        rows = (await connection.execute(query)).all()
    found = [LateSource(name, _every(spec), aware(at), error or "") for name, spec, at, error in rows]
    return [one for one in found if one.error or _is_late(one, now)]


async def titles_of(connection: AsyncConnection, ids: Collection[str]) -> dict[str, str]:
    """Of documents in the index that answers now, by SOURCE/KEY."""
    active = await connection.scalar(select(releases.c.index_name).where(releases.c.active))
    c, titles = documents.c, {}
    query = select(c.source, c.key, c.title).where(c.index_name == (active or ""))
    by_source: dict[str, list[str]] = {}
    for id in ids:
        source, _, key = id.partition("/")
        by_source.setdefault(source, []).append(key)
    for source, keys in by_source.items():
        for at in range(0, len(keys), BATCH):
            some = query.where(c.source == source, c.key.in_(keys[at : at + BATCH]))
            for _, key, title in (await connection.execute(some)).all():
                titles[f"{source}/{key}"] = title
    return titles


def _cited(view: View) -> Select[Any]:
    d = answer_documents.c
    query = select(d.document, func.count()).group_by(d.document)
    if not _is_narrow(view):
        return query.where(_days(view))
    query = query.select_from(in_order(answers, answer_documents, d.answer_id == answers.c.id))
    return query.where(view.condition if view.step == "day" else view.condition_by_id)


def _voted(view: View) -> Select[Any]:
    """First the votes of each answer: so SQLite needs neither rows of answers nor of answer_documents."""
    d, v = answer_documents.c, votes.c
    dated = and_(v.value == -1, v.reason == "out_of_date")
    sums = (("good", v.value == 1), ("bad", v.value == -1), ("dated", dated))
    judged = select(v.answer_id, *(_sum(condition).label(name) for name, condition in sums))
    judged = judged.select_from(with_answers(votes)).where(view.condition, v.excluded == "")
    of = judged.group_by(v.answer_id).subquery("judged")
    joined = in_order(of, answer_documents, d.answer_id == of.c.answer_id)
    return select(_NAME, *(func.sum(of.c[name]) for name, _ in sums)).select_from(joined).group_by(_NAME)


def _stale(view: View) -> Select[Any]:
    d, r = answer_documents.c, reviews.c
    joined = in_order(reviews, answer_documents, d.answer_id == r.answer_id)
    query = select(_NAME, func.count()).where(r.resolution == "stale_document").group_by(_NAME)
    if not _is_narrow(view):
        return query.select_from(joined).where(_days(view))
    joined = in_order(joined, answers, answers.c.id == d.answer_id)
    return query.select_from(joined).where(view.condition)


_NAME: Any = func.coalesce(answer_documents.c.document, "")
"""An expression: SQLite would read whole rows in the order of an index, to group by the column itself."""


def _is_narrow(view: View) -> bool:
    return bool(view.platform or view.channel or view.release)


def _days(view: View) -> Any:
    return answer_documents.c.day.between(view.since.toordinal(), view.until.toordinal())


def _every(spec: Mapping[str, Any]) -> str:
    return str(spec.get("every") or "")


def _is_late(source: LateSource, now: datetime) -> bool:
    if not source.every:
        return False
    try:
        span = timedelta(seconds=duration_s(source.every))
    except (ValueError, SettingsError):
        return False
    return source.synced_at is None or now - source.synced_at > LATE_AFTER * span


def _sum(condition: Any) -> Any:
    return func.sum(case((condition, 1), else_=0))
