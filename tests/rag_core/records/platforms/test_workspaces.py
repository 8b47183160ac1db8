"""What is kept of a workspace goes when the bot is removed from it, and nothing of another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.records.database import transaction
from rag_core.records.evaluation.golden import GoldenQuestions
from rag_core.records.feedback.recording import Feedback
from rag_core.records.platforms.channels import ChannelRecords
from rag_core.records.platforms.deliveries import Deliveries
from rag_core.records.platforms.postings import Posting, Postings
from rag_core.records.platforms.workspaces import forget_workspace
from rag_core.records.tables import comparison_items, comparisons, gaps, metadata
from rag_core.types import Principal, Question, Vote
from tests.fakes import an_answer

NOW = datetime(2026, 11, 22, tzinfo=UTC)


async def fill(database: AsyncEngine, team: str) -> None:
    """An answer with a vote, its message, a channel's settings and two deliveries, one of them handled."""
    feedback, deliveries = Feedback(database), Deliveries(database)
    answer = replace(an_answer(), id=f"a-{team}")
    asked = Question("When?", Principal("slack", "U1", team, "C1"))
    await feedback.record_answer(asked, answer, passages=[], scopes=None, generation=1)
    await feedback.record_vote(Vote(answer.id, "slack", "U1", -1, comment="no"))
    await Postings(database).record([Posting("slack", f"C-{team}", "2.0", team, answer_id=answer.id)])
    await ChannelRecords(database).put("slack", team, "C1", {"draft": True}, "U1")
    for key in ("waits", "handled"):
        taken = await deliveries.accept(
            "slack", f"{key}-{team}", "message", "l", {"team_id": team, "text": "When?"}
        )
        assert taken is not None
        if key == "handled":
            await deliveries.finish(taken.number)


async def kept(database: AsyncEngine) -> dict[str, int]:
    """Rows by table, without empty ones; of deliveries those with a payload."""
    found = {}
    async with transaction(database) as connection:
        for table in metadata.sorted_tables:
            query = select(func.count()).select_from(table)
            if table.name == "deliveries":
                query = query.where(table.c.payload.is_not(None))
            found[table.name] = await connection.scalar(query) or 0
    return {name: count for name, count in found.items() if count and name != "standard_state"}


def of_t1(payload: Mapping[str, Any]) -> bool:
    return payload.get("team_id") == "T1"


async def test_everything_of_the_workspace_goes_and_nothing_else(database: AsyncEngine) -> None:
    """Answers with votes, messages, settings, and what waits to be handled; another workspace keeps all of it."""
    await fill(database, "T2")
    before = await kept(database)
    await fill(database, "T1")
    gone = await forget_workspace(database, "slack", "T1", of_t1)
    assert await kept(database) == before
    assert {name: count for name, count in gone.items() if count} == {
        "votes": 1, "reviews": 1, "answers": 1, "postings": 1, "channel_settings": 1, "deliveries": 1,
    }  # fmt: skip


async def test_another_platform_with_the_same_id_keeps_its_own(database: AsyncEngine) -> None:
    """Ids mean nothing without their platform."""
    await fill(database, "T1")
    before = await kept(database)
    gone = await forget_workspace(database, "discord", "T1", of_t1)
    assert set(gone.values()) == {0}
    assert await kept(database) == before


async def test_what_was_taken_once_is_not_taken_anew(database: AsyncEngine) -> None:
    """Slack may deliver again what waited; its key is known."""
    await fill(database, "T1")
    await forget_workspace(database, "slack", "T1", of_t1)
    assert await Deliveries(database).accept("slack", "waits-T1", "message", "l", {}) is None


async def test_what_was_made_of_its_questions_goes_too(database: AsyncEngine) -> None:
    """Items of comparisons, gaps, and golden questions in their words; what is of two workspaces loses what is of one."""
    for team in ("T1", "T2"):
        await fill(database, team)
    compared = {
        "id": "c1",
        "name": "C",
        "baseline": "r1",
        "candidate": "r2",
        "seed": 1,
        "state": "open",
        "error": "",
    }
    golden = GoldenQuestions(database)
    async with transaction(database) as connection:
        rest = {"wanted": 2, "owner": "", "created_by": "local:bo", "created_at": NOW}
        await connection.execute(insert(comparisons).values({**compared, **rest}))
        shared = {
            "comparison_id": "c1",
            "platform": "slack",
            "question": "When?",
            "baseline": {},
            "candidate": {},
        }
        for number, team in enumerate(("T1", "T2"), start=1):
            item = {**shared, "number": number, "answer_id": f"a-{team}"}
            await connection.execute(insert(comparison_items).values(item))
        counts = {"questions": 2, "askers": 1, "abstained": 0, "disliked": 2, "first_at": NOW, "last_at": NOW}
        gap = {"id": "g1", "name": "when", "terms": ["when"], "answers": ["a-T1", "a-T2"], "state": "planned"}
        own = {**gap, "id": "g2", "answers": ["a-T1"]}
        about = {"note": "", "changed_by": "", "found_at": NOW, **counts}
        await connection.execute(insert(gaps), [{**gap, **about}, {**own, **about}])
    for team in ("T1", "T2"):
        await golden.add("When?", None, [], author="local:bo", from_answer=f"a-{team}")
    await forget_workspace(database, "slack", "T1", of_t1)
    async with transaction(database) as connection:
        assert list(await connection.scalars(select(comparison_items.c.answer_id))) == ["a-T2"]
        assert list(await connection.scalars(select(gaps.c.answers))) == [["a-T2"]]
    assert [one.from_answer for one in await golden.all()] == ["a-T2"]
