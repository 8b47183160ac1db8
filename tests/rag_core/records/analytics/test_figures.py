"""How a bot did over some days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.records.analytics.figures import share, week
from rag_core.records.database import transaction
from rag_core.records.tables import answers, escalations, votes

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


async def put(database: AsyncEngine, table: Any, *rows: dict[str, Any]) -> None:
    async with transaction(database) as connection:
        await connection.execute(insert(table), list(rows))


def answer(id: str, days_ago: float, ms: float = 100.0, abstained: bool = False) -> dict[str, Any]:
    texts = dict.fromkeys(("workspace", "channel", "user_id", "thread", "question", "answer"), "x")
    return texts | {
        "id": id,
        "created_at": NOW - timedelta(days=days_ago),
        "platform": "slack",
        "abstained": abstained,
        "confidence": 0.5,
        "citations": [],
        "passages": [],
        "release": "r1",
        "generation": 1,
        "timings_ms": {"understand": ms / 4, "generate": ms * 3 / 4, "total": 9e9},
    }


def vote(answer: str, user: str, value: int, days_ago: float) -> dict[str, Any]:
    words = dict.fromkeys(("reason", "comment", "correction"), "")
    at = NOW - timedelta(days=days_ago)
    return words | {
        "answer_id": answer,
        "platform": "slack",
        "user_id": user,
        "value": value,
        "updated_at": at,
    }


def escalation(id: str, days_ago: float, state: str) -> dict[str, Any]:
    names = "workspace channel thread message user_id question target_channel target_message mentioned"
    texts = dict.fromkeys([*names.split(), "resolved_by", "reply", "replied_by"], "")
    at = NOW - timedelta(days=days_ago)
    more = {"id": id, "platform": "slack", "state": state, "created_at": at}
    return texts | more | {"remind_after_s": 0, "reminders": 0}


async def test_a_week_is_counted_and_the_one_before_is_another(database: AsyncEngine) -> None:
    """Each of what falls into its days; the end belongs to the next."""
    await put(
        database,
        answers,
        answer("a0", 0),
        *(answer(f"a{n}", days_ago) for n, days_ago in enumerate((0.1, 0.2, 3.5, 6.9, 7), start=1)),
        answer("b1", 7.1, abstained=True),
        answer("b2", 14.1),
    )
    await put(
        database, votes,
        vote("a1", "U1", 1, 0.1), vote("a1", "U2", 1, 0.1), vote("b2", "U1", -1, 1), vote("a2", "U1", -1, 8),
    )  # fmt: skip
    await put(database, escalations, escalation("e1", 1, "open"), escalation("e2", 2, "resolved"))
    now, before = await week(database, NOW), await week(database, NOW - timedelta(days=7))
    assert (now.questions, now.per_day) == (5, (2, 0, 0, 1, 0, 0, 2))
    assert (now.good, now.bad, now.abstained) == (2, 1, 0)
    assert (now.escalated, now.resolved, now.open) == (2, 1, 1)
    assert (before.questions, before.abstained, before.bad, before.escalated) == (1, 1, 1, 0)
    assert sum(before.per_day) == 1


@pytest.mark.parametrize(
    ("took", "median"), [((5, 100, 20), 20), ((5, 100, 20, 40), 30), ((7,), 7), ((), None)]
)
async def test_the_median_is_of_the_time_that_all_stages_took(
    database: AsyncEngine, took: tuple[float, ...], median: float | None
) -> None:
    """Of an even number the mean of the two in the middle; what is no stage does not count."""
    if took:
        await put(database, answers, *(answer(f"a{n}", 1, ms) for n, ms in enumerate(took)))
    found = (await week(database, NOW)).median_ms
    assert found == (None if median is None else pytest.approx(median))


async def test_nothing_asked_is_no_share_of_anything(database: AsyncEngine) -> None:
    """A bot that was just set up."""
    found = await week(database, NOW, days=3)
    assert (found.questions, found.per_day, found.helpful, found.median_ms) == (0, (0, 0, 0), None, None)


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"), [(8, 10, 0.4902, 0.9433), (0, 10, 0, 0.2775), (5, 5, 0.5655, 1)]
)
def test_the_interval_is_wilsons(part: int, whole: int, low: float, high: float) -> None:
    """As statsmodels' proportion_confint(…, method="wilson") has it; within 0 and 1 for few votes too."""
    found = share(part, whole)
    assert found is not None
    assert (found.value, found.low, found.high) == (
        part / whole, pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4),
    )  # fmt: skip
