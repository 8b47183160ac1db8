"""Figures of some days, against counting by hand; on both databases."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.feedback_data import Shape, fill
from rag_core.errors import InvalidEntry
from rag_core.records.analytics import (
    Overview,
    View,
    answers_of,
    breakdown,
    choices,
    cited_documents,
    confidences,
    late_sources,
    overview,
    view_of,
    votes_of,
)
from rag_core.records.analytics.counting import Point
from rag_core.records.analytics.counts import Counts
from rag_core.records.analytics.latency import STEPS, quantile
from rag_core.records.database import transaction
from rag_core.records.feedback.recording import Feedback
from rag_core.records.tables import answer_documents, answers, escalations, reviews, sources, votes
from rag_core.types import Citation, Principal, Question
from tests.fakes import an_answer

UNTIL = datetime(2026, 11, 22, 12, tzinfo=UTC)
TODAY = UNTIL.date()
VIEWS = (
    view_of(60, today=TODAY),
    view_of(365, today=TODAY),
    view_of(30, today=TODAY, platform="slack"),
    view_of(60, today=TODAY, channel="C001", release="r4"),
    view_of(365, today=TODAY, platform="web"),
    view_of(93, today=TODAY, channel="C000", release="r4"),
)


async def rows(database: AsyncEngine, table: Any) -> list[dict[str, Any]]:
    async with transaction(database) as connection:
        return [dict(row) for row in (await connection.execute(select(table))).mappings()]


def seen(view: View, answer: dict[str, Any]) -> bool:
    of = (
        (answer["platform"], view.platform),
        (answer["channel"], view.channel),
        (answer["release"], view.release),
    )
    return view.since <= answer["created_at"].date() <= view.until and all(a == b for a, b in of if b)


async def test_figures_are_what_counting_by_hand_gives(database: AsyncEngine) -> None:
    """Whatever belongs to an answer is counted on the day it was asked; of votes, those that count."""
    await fill(database, Shape.small(400), until=UNTIL)
    asked = {row["id"]: row for row in await rows(database, answers)}
    voted, called = await rows(database, votes), await rows(database, escalations)
    for view in VIEWS:
        mine = {id for id, row in asked.items() if seen(view, row)}
        counting = [row for row in voted if row["answer_id"] in mine and row["excluded"] == ""]
        total = (await overview(database, view)).total
        assert total.questions == len(mine)
        assert total.abstained == sum(asked[id]["abstained"] for id in mine)
        assert total.cached == sum(asked[id]["cached"] for id in mine)
        assert (total.good, total.bad) == tuple(sum(row["value"] == n for row in counting) for n in (1, -1))
        assert total.escalated == sum(row["answer_id"] in mine for row in called)
        assert total.resolved == sum(
            row["answer_id"] in mine and row["state"] == "resolved" for row in called
        )
        for by in ("platform", "channel", "release"):
            parts = await breakdown(database, view, by)  # type: ignore[arg-type]
            assert {name: one.questions for name, one in parts.items()} == Counter(
                asked[id][by] for id in mine
            )
            assert sum(one.good for one in parts.values()) == total.good
        bins = await confidences(database, view)
        assert [one.answers for one in bins] == [
            sum(one.low <= asked[id]["confidence"] < one.high + (one.high == 1) for id in mine)
            for one in bins
        ]


async def test_each_day_and_each_week_has_its_point(database: AsyncEngine) -> None:
    """Days without a question too; the period before is as long."""
    await fill(database, Shape.small(200), until=UNTIL)
    days = await overview(database, VIEWS[0])
    weeks = await overview(database, VIEWS[1])
    per_day = Counter(row["created_at"].date() for row in await rows(database, answers))
    assert [point.counts.questions for point in days.points] == [
        per_day[point.start] for point in days.points
    ]
    assert len(days.points) == 60
    assert all(point.start.weekday() == 0 for point in weeks.points)
    assert sum(point.counts.questions for point in weeks.points) == weeks.total.questions == 200
    last = replace(VIEWS[0], since=TODAY - timedelta(days=9))
    assert (await overview(database, last)).before.questions == sum(
        per_day[last.since - timedelta(days=n)] for n in range(1, 11)
    )


@pytest.mark.parametrize("q", [0.05, 0.5, 0.95])
def test_a_quantile_is_read_from_counts_to_five_per_cent(q: float) -> None:
    """Against the sorted values."""
    chance = random.Random(3)
    values = sorted(chance.lognormvariate(4, 1.5) for _ in range(5_000))
    counts = Counter(sum(step <= ms for step in STEPS) for ms in values)
    found = quantile(counts, q)
    assert found == pytest.approx(values[int(q * len(values))], rel=0.05)
    assert quantile({}, q) is None


async def test_documents_are_counted_from_when_an_answer_is_recorded(database: AsyncEngine) -> None:
    """Once each, however often an answer cites it; forgotten with the answer."""
    cited = [
        Citation(n, "Handbook", "", "quote", passage)
        for n, passage in enumerate(("docs/a.md#1", "docs/a.md#7", "docs/b#c.md#0", ""))
    ]
    await Feedback(database).record_answer(
        Question("Why?", Principal("slack", "U1", "T1", "C1"), "1"),
        an_answer("a1", citations=tuple(cited)),
        passages=[],
        scopes=None,
        generation=1,
    )
    assert {row["document"] for row in await rows(database, answer_documents)} == {"docs/a.md", "docs/b#c.md"}
    found = await cited_documents(database, view_of(1))
    assert [(one.document, one.answers, one.title) for one in found] == [
        ("docs/a.md", 1, "a.md"),
        ("docs/b#c.md", 1, "b#c.md"),
    ]
    async with transaction(database) as connection:
        await connection.execute(answers.delete())
    assert await rows(database, answer_documents) == []


async def test_documents_tell_how_their_answers_were_found(database: AsyncEngine) -> None:
    """Against counting by hand, with and without a filter."""
    await fill(database, Shape.small(400), until=UNTIL)
    asked = {row["id"]: row for row in await rows(database, answers)}
    of = await rows(database, answer_documents)
    counting = [row for row in await rows(database, votes) if row["excluded"] == ""]
    resolved = [row for row in await rows(database, reviews) if row["resolution"] == "stale_document"]
    for view in VIEWS:
        mine = [row for row in of if seen(view, asked[row["answer_id"]])]
        assert mine
        found = {one.document: one for one in await cited_documents(database, view)}
        assert {name: one.answers for name, one in found.items()} == Counter(row["document"] for row in mine)
        for name, one in found.items():
            citing = {row["answer_id"] for row in mine if row["document"] == name}
            said = [v for v in counting if v["answer_id"] in citing]
            bad = [v for v in said if v["value"] == -1]
            assert (one.good, one.bad) == (len(said) - len(bad), len(bad))
            assert one.out_of_date == sum(v["reason"] == "out_of_date" for v in bad)
            assert one.stale == sum(row["answer_id"] in citing for row in resolved)


@pytest.mark.parametrize("days", [30, 365])
async def test_documents_are_counted_without_reading_an_answer_whole(
    database: AsyncEngine, days: int
) -> None:
    """Of a platform: SQLite reads narrow indexes alone, and those of a long period in the order of their ids."""
    if database.dialect.name != "sqlite":
        pytest.skip("PostgreSQL says so by its statistics, which it has none of here")
    await fill(database, Shape.small(200), until=UNTIL)
    asked: list[tuple[str, object]] = []
    event.listen(
        database.sync_engine,
        "before_cursor_execute",
        lambda _c, _u, sql, values, *_: asked.append((sql, values)),
    )
    await cited_documents(database, view_of(days, today=TODAY, platform="slack"))
    async with database.connect() as connection:
        for sql, values in [one for one in asked if "votes" in one[0] or "count(*)" in one[0]][:2]:
            plan = [row[-1] for row in await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)]
            steps = [step for step in plan if " answers " in step or " answer_documents " in step]
            assert len(steps) == 2, plan
            assert all("COVERING INDEX" in step for step in steps), steps
            assert days == 30 or any("answers_judged (id" in step for step in steps), steps


async def test_a_source_is_late_after_twice_its_time_or_when_it_fails(database: AsyncEngine) -> None:
    """One that is only read by hand is never late."""
    ago = {"fresh": (1.9, None), "late": (2.1, None), "failing": (0.1, "no such host"), "never": (None, None)}
    async with transaction(database) as connection:
        for name, (hours, error) in ago.items():
            at = None if hours is None else UNTIL - timedelta(hours=hours)
            row = {
                "name": name,
                "spec": {"every": "1h"},
                "from_settings": True,
                "synced_at": at,
                "error": error,
            }
            await connection.execute(insert(sources).values(row))
        await connection.execute(insert(sources).values(name="by-hand", spec={}, from_settings=True))
    assert [one.name for one in await late_sources(database, UNTIL)] == ["failing", "late", "never"]


async def test_all_answers_and_votes_are_given_out_in_order(database: AsyncEngine) -> None:
    """Each once, the oldest first; votes that do not count as well."""
    await fill(database, Shape.small(200), until=UNTIL)
    found = [row async for row in answers_of(database, VIEWS[1])]
    assert len(found) == 200
    assert [row[1] for row in found] == sorted(row[1] for row in found)
    assert len([row async for row in votes_of(database, VIEWS[1])]) == len(await rows(database, votes))


async def test_filters_offer_what_was_asked(database: AsyncEngine) -> None:
    """Of the days, whatever else is chosen."""
    await fill(database, Shape.small(200), until=UNTIL)
    assert (await choices(database, VIEWS[2]))["platform"] == ("discord", "slack", "web")
    assert (await choices(database, View(date(2020, 1, 1), date(2020, 1, 2))))["channel"] == ()


@pytest.mark.parametrize("days", [0, -3, 10**9])
def test_a_period_that_is_none_is_refused(days: int) -> None:
    """Before the database is asked."""
    with pytest.raises(InvalidEntry):
        view_of(days, today=TODAY)


def test_days_are_put_together_to_weeks_where_they_have_few_votes() -> None:
    """From each Monday on, nothing lost; the median day decides, not the busiest."""
    monday = date(2026, 11, 16)
    days = tuple(Point(monday + timedelta(days=n), Counts(questions=2, good=n + 1)) for n in range(-1, 8))
    found = Overview(days, Counts(), Counts())
    assert [(one.start, one.counts.questions) for one in found.weeks] == [
        (monday - timedelta(days=7), 2),
        (monday, 14),
        (monday + timedelta(days=7), 2),
    ]
    assert found.has_few_votes
    many = tuple(Point(one.start, Counts(good=6, bad=4)) for one in days)
    assert not Overview((*many, Point(monday, Counts())), Counts(), Counts()).has_few_votes
