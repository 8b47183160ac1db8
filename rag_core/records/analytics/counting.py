"""Answers, votes and escalations of a view, counted by the database. Reads only, from narrow indexes."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median
from typing import Any, Literal

from sqlalchemy import Select, case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from rag_core.records.analytics.counts import Counts, gathered
from rag_core.records.analytics.figures import Share, share
from rag_core.records.analytics.joining import with_answers
from rag_core.records.analytics.latency import sorted_into, step_of
from rag_core.records.analytics.view import View
from rag_core.records.planning import planned
from rag_core.records.tables import answers, escalations, votes

__all__ = ["BINS", "Bin", "Dimension", "Overview", "Point", "breakdown", "choices", "confidences", "overview"]

Dimension = Literal["platform", "channel", "release"]
BINS = 10
"""Of confidence, equally wide."""
FEW = 10
"""Votes: of fewer the interval of a share is half as wide as all there is, or wider."""


@dataclass(frozen=True, slots=True)
class Point:
    start: date
    """Of the day or week."""
    counts: Counts


@dataclass(frozen=True, slots=True)
class Overview:
    points: tuple[Point, ...]
    total: Counts
    before: Counts
    """Of as many days, just before."""

    @property
    def weeks(self) -> tuple[Point, ...]:
        """The points of each week together, from its Monday on."""
        found: dict[date, Counts] = {}
        for point in self.points:
            monday = point.start - timedelta(days=point.start.weekday())
            found.setdefault(monday, Counts()).add(point.counts)
        return tuple(Point(monday, counts) for monday, counts in found.items())

    @property
    def has_few_votes(self) -> bool:
        """Whether the median point has so few that its share of helpful ones is mostly chance."""
        return bool(self.points) and median(one.counts.good + one.counts.bad for one in self.points) < FEW


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers of about the same confidence."""

    low: float
    high: float
    answers: int
    abstained: int
    good: int
    bad: int

    @property
    def helpful(self) -> Share | None:
        return share(self.good, self.good + self.bad)


async def overview(database: AsyncEngine, view: View) -> Overview:
    """
    Raises:
        Unavailable: the database does not answer.
    """
    async with planned(database) as connection:
        by_step = await _counted(connection, view, view.key)
        before = await _counted(connection, view.before, answers.c.platform)
    points = tuple(Point(start, by_step.get(start.toordinal(), Counts())) for start in view.starts)
    return Overview(points, gathered(list(by_step.values())), gathered(list(before.values())))


async def breakdown(database: AsyncEngine, view: View, by: Dimension) -> dict[str, Counts]:
    """Of each platform, channel or release, the busiest first.

    Raises:
        Unavailable: the database does not answer.
    """
    async with planned(database) as connection:
        found = await _counted(connection, view, answers.c[by])
    return dict(sorted(found.items(), key=lambda item: (-item[1].questions, item[0])))


async def confidences(database: AsyncEngine, view: View) -> tuple[Bin, ...]:
    """How sure answers were, and how helpful those were found that were about as sure.

    Raises:
        Unavailable: the database does not answer.
    """
    bin_ = sorted_into(answers.c.confidence, [n / BINS for n in range(1, BINS)]).label("bin")
    asked = select(bin_, func.count(), _sum(answers.c.abstained)).group_by(bin_)
    async with planned(database) as connection:
        rows = (await connection.execute(asked.where(view.condition))).all()
        voted = (await connection.execute(_voted(view, bin_))).all()
    counts: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for number, *values in rows:
        _into(counts[number], 0, values)
    for number, *values in voted:
        _into(counts[number], 2, values)
    return tuple(Bin(n / BINS, (n + 1) / BINS, *counts[n]) for n in range(BINS))


async def choices(database: AsyncEngine, view: View) -> dict[Dimension, tuple[str, ...]]:
    """What the filters can be set to: whatever was asked in these days.

    Raises:
        Unavailable: the database does not answer.
    """
    c, days = answers.c, View(view.since, view.until)
    query = select(c.platform, c.channel, c.release).where(days.condition).distinct()
    async with planned(database) as connection:
        rows = (await connection.execute(query)).all()
    names: tuple[Dimension, ...] = ("platform", "channel", "release")
    return {name: tuple(sorted({row[n] for row in rows} - {""})) for n, name in enumerate(names)}


def _into(counts: list[int], at: int, values: list[int]) -> None:
    for n, value in enumerate(values):
        counts[at + n] += int(value)


async def _counted(connection: AsyncConnection, view: View, key: Any) -> dict[Any, Counts]:
    """By the value of an expression of answers."""
    c, counts = answers.c, defaultdict[Any, Counts](Counts)
    step, kept = step_of(c.took_ms).label("step"), key.label("key")
    asked = select(kept, step, func.count(), _sum(c.abstained), _sum(c.cached))
    asked = asked.group_by(kept, step)
    for value, step, questions, abstained, cached in (
        await connection.execute(asked.where(view.condition))
    ).all():
        one = Counts(questions, int(abstained), int(cached))
        if step is not None:
            one.took[step] = questions
        counts[value].add(one)
    if not counts:  # then nobody voted, and to find that out takes as long as to count
        return {}
    for value, good, bad in (await connection.execute(_voted(view, key))).all():
        counts[value].add(Counts(good=int(good), bad=int(bad)))
    for value, escalated, resolved in (await connection.execute(_escalated(view, key))).all():
        counts[value].add(Counts(escalated=int(escalated), resolved=int(resolved)))
    return dict(counts)


def _voted(view: View, key: Any) -> Select[Any]:
    kept, v = key.label("key"), votes.c
    query = select(kept, _sum(v.value == 1), _sum(v.value == -1)).select_from(with_answers(votes))
    return query.where(view.condition).where(v.excluded == "").group_by(kept)


def _escalated(view: View, key: Any) -> Select[Any]:
    kept, e = key.label("key"), escalations.c
    query = select(kept, func.count(), _sum(e.state == "resolved")).select_from(with_answers(escalations))
    return query.where(view.condition).group_by(kept)


def _sum(condition: Any) -> Any:
    return func.sum(case((condition, 1), else_=0))
