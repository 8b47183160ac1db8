"""Whether it is time to train."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.records.database import transaction
from rag_core.records.evaluation.runs import Runs
from rag_core.records.feedback.recording import Feedback
from rag_core.records.reviews.reviews import Reviews
from rag_core.records.tables import reviews, runs
from rag_core.settings import Settings
from rag_core.types import Principal, Question
from tests.fakes import an_answer
from training.job.due import KIND, due
from training.job.folder import RunFolder

NOW = datetime.now(UTC)


def settings_with(home: Path, **training: object) -> Settings:
    return Settings(home=home, training={"new_rows": 2, **training})  # type: ignore[arg-type]


async def reviewed(database: AsyncEngine, *ids: str) -> None:
    for id in ids:
        question = Question("How long?", Principal("web", "u1"))
        await Feedback(database).record_answer(
            question, an_answer(id), passages=[], scopes=frozenset({"public"}), generation=1
        )
        await Reviews(database).propose(id, "person")
    for review in await Reviews(database).pending(10):
        await Reviews(database).decide(review.id, "good_example", "local:ada")


async def ran(database: AsyncEngine, ago: timedelta, state: str = "succeeded") -> None:
    id = await Runs(database).begin(KIND)
    then = NOW - ago
    async with transaction(database) as connection:
        values = {"state": state, "started_at": then, "updated_at": then, "ended_at": then}
        await connection.execute(update(runs).where(runs.c.id == id).values(values))


async def test_it_is_when_enough_was_reviewed_and_nothing_was_trained_yet(
    database: AsyncEngine, tmp_path: Path
) -> None:
    settings = settings_with(tmp_path)
    await reviewed(database, "a1")
    assert not (await due(settings, database)).now
    await reviewed(database, "a2")
    decided = await due(settings, database)
    assert decided.now, decided.reason
    assert "2 reviewed" in decided.reason


async def test_what_was_reviewed_before_the_last_run_does_not_count(
    database: AsyncEngine, tmp_path: Path
) -> None:
    """Two weeks ago is long enough ago, with every = "1w"."""
    settings = settings_with(tmp_path)
    await reviewed(database, "a1", "a2")
    async with transaction(database) as connection:
        await connection.execute(update(reviews).values(decided_at=NOW - timedelta(days=20)))
    await ran(database, timedelta(days=14), "refused")
    assert not (await due(settings, database)).now
    await reviewed(database, "a3", "a4")
    assert (await due(settings, database)).now


async def test_not_before_its_time(database: AsyncEngine, tmp_path: Path) -> None:
    await ran(database, timedelta(days=3))
    await reviewed(database, "a1", "a2")
    assert not (await due(settings_with(tmp_path), database, NOW)).now
    assert (await due(settings_with(tmp_path, every="2d"), database, NOW)).now
    assert not (await due(settings_with(tmp_path, every=""), database)).now


async def test_an_interrupted_run_is_gone_on_with_at_once_and_one_that_failed_after_a_while(
    database: AsyncEngine, tmp_path: Path
) -> None:
    settings = settings_with(tmp_path)
    RunFolder.begin(tmp_path, "r1", "s")
    assert (await due(settings, database)).now
    await ran(database, timedelta(minutes=1), "failed")
    assert not (await due(settings, database, NOW)).now
    assert (await due(settings, database, NOW + timedelta(minutes=30))).now


async def test_not_while_one_goes_on(database: AsyncEngine, tmp_path: Path) -> None:
    await Runs(database).begin(KIND)
    await reviewed(database, "a1", "a2")
    assert "goes on" in (await due(settings_with(tmp_path), database)).reason
