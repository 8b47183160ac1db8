"""How each release did with those who asked, counted by the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, case, cast, func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from rag_core.records.analytics.figures import Share, share
from rag_core.records.analytics.joining import ON_ANY_DAY, with_answers
from rag_core.records.planning import planned
from rag_core.records.tables import answers, votes

__all__ = ["ReleaseFigures", "release_figures"]


@dataclass(frozen=True, slots=True)
class ReleaseFigures:
    """Of all answers that a release gave, as far as they are kept."""

    questions: int
    abstained: int
    cached: int
    good: int
    bad: int
    """Votes that count."""
    median_ms: float | None
    """Of the time an answer took; None: of none it is known."""
    p95_ms: float | None
    first: date
    last: date
    """UTC."""

    @property
    def helpful(self) -> Share | None:
        """The good votes among all, with Wilson's interval; None: there were none."""
        return share(self.good, self.good + self.bad)


async def release_figures(database: AsyncEngine) -> dict[str, ReleaseFigures]:
    """By release; of one that was never asked nothing is there. What is read of answers stands in the index
    answers_figures, for a row is some kilobytes wide.

    Raises:
        Unavailable: the database does not answer.
    """
    c = answers.c
    tenths = _tenths(database.dialect.name).label("tenths")
    counts = select(
        c.release,
        tenths,
        func.count(),
        _counted(c.abstained.is_(True)),
        _counted(c.cached.is_(True)),
        func.min(c.day),
        func.max(c.day),
    ).group_by(c.release, tenths)
    of: dict[str, list[Any]] = defaultdict(list)
    async with planned(database) as connection:
        for release, *rest in (await connection.execute(counts)).all():
            of[release].append(rest)
        voted = await _voted(connection)
    return {release: _figures(rows, voted.get(release, (0, 0))) for release, rows in of.items()}


def _figures(rows: Sequence[Any], voted: tuple[int, int]) -> ReleaseFigures:
    """rows: of each time that answers took, in tenths of milliseconds: the time, how many took it, how many
    of them abstained and came from the cache, their first and last day."""
    took, many, abstained, cached, first, last = zip(*rows, strict=True)
    timed = sorted((int(one) / 10, count) for one, count in zip(took, many, strict=True) if one is not None)
    return ReleaseFigures(
        sum(many),
        int(sum(abstained)),
        int(sum(cached)),
        *voted,
        _within(timed, 0.5),
        _within(timed, 0.95),
        date.fromordinal(max(1, min(first))),
        date.fromordinal(max(1, max(last))),
    )


def _within(timed: Sequence[tuple[float, int]], part: float) -> float | None:
    """The least time that this part of the answers stayed within."""
    wanted, seen = part * sum(count for _, count in timed), 0
    for ms, count in timed:
        seen += count
        if seen >= wanted:
            return ms
    return None


async def _voted(connection: AsyncConnection) -> dict[str, tuple[int, int]]:
    query = (
        select(answers.c.release, _counted(votes.c.value == 1), _counted(votes.c.value == -1))
        .select_from(with_answers(votes))
        .where(ON_ANY_DAY, votes.c.excluded == "")
        .group_by(answers.c.release)
    )
    return {release: (int(good), int(bad)) for release, good, bad in (await connection.execute(query)).all()}


def _tenths(dialect: str) -> Any:
    """How long an answer took in tenths of milliseconds, from 100 ms on in whole ones. As integers: to round by decimals
    takes a database three times as long."""
    ms, half = answers.c.took_ms, 0.5 if dialect == "sqlite" else 0.0  # SQLite cuts off, PostgreSQL rounds
    return case((ms < 100, cast(ms * 10 + half, BigInteger)), else_=cast(ms + half, BigInteger) * 10)


def _counted(condition: Any) -> Any:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)
