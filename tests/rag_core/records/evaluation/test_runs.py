"""Training runs: recorded while they go, ended once, found to be interrupted."""

from __future__ import annotations

import asyncio
import itertools
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.errors import NotFound, NotReady
from rag_core.records.database import transaction
from rag_core.records.evaluation import runs as module
from rag_core.records.evaluation.runs import INTERRUPTED, Runs
from rag_core.records.platforms.owners import new_owner
from rag_core.records.tables import runs


async def test_a_run_tells_where_it_is_and_what_came_of_it(database: AsyncEngine) -> None:
    """By anybody's eyes: step, counts, what else it names; then state, report and release. The newest comes first."""
    kept = Runs(database)
    first = await kept.begin("calibration")
    second = await kept.begin("reranker", "local:ada")
    await kept.progress(second, "Training", 3, 12, curves={"loss": [[1, 0.9]]})
    await kept.progress(second, "Training", 4, 12, epoch=1)
    run = await kept.get(second)
    assert (run.state, run.step, run.done, run.total, run.started_by) == (
        "running",
        "Training",
        4,
        12,
        "local:ada",
    )
    assert run.curves == {"loss": [[1, 0.9]]}
    assert run.detail["epoch"] == 1
    assert await kept.finish(second, "succeeded", "# Better", "r7")
    run = await kept.get(second)
    assert (run.state, run.report, run.release) == ("succeeded", "# Better", "r7")
    assert run.ended_at is not None
    assert [one.id for one in await kept.latest()] == [second, first]
    assert [one.id for one in await kept.latest(before=run.started_at)] == [first]


async def test_a_run_ends_once(database: AsyncEngine) -> None:
    """Neither another end nor progress changes it afterwards."""
    kept = Runs(database)
    id = await kept.begin("calibration")
    assert await kept.finish(id, "refused", "No better.")
    assert not await kept.finish(id, "succeeded", "Better.")
    await kept.progress(id, "Still training", 1, 2)
    run = await kept.get(id)
    assert (run.state, run.report, run.step) == ("refused", "No better.", "")


async def test_what_a_recording_tells_is_written_while_it_goes(
    database: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also from another thread, where models are trained; the last of it too."""
    monkeypatch.setattr(module, "WRITE_EVERY_S", 0.02)
    kept = Runs(database)
    async with kept.recorded("reranker", "local:ada") as run:
        await asyncio.to_thread(run.step, "Training", 1, 4)
        for _ in range(500):
            if (await kept.get(run.id)).step == "Training":
                break
            await asyncio.sleep(0.02)
        assert (await kept.get(run.id)).done == 1
        run.point("loss", 1, 0.5)
        run.figure("nDCG@10", 0.41)
        await run.ended("refused", "No better.", "r2")
    ended = await kept.get(run.id)
    assert (ended.state, ended.release, ended.done) == ("refused", "r2", 1)
    assert ended.curves == {"loss": [[1, 0.5]]}
    assert ended.figures == {"nDCG@10": 0.41}


async def test_a_run_that_is_left_by_an_error_has_failed(database: AsyncEngine) -> None:
    """An error of ours says why; of any other only its kind is told, for its text may hold anything."""
    kept = Runs(database)
    with pytest.raises(NotReady):
        async with kept.recorded("reranker"):
            raise NotReady("There is nothing to train on yet.")
    with pytest.raises(KeyError):
        async with kept.recorded("reranker"):
            raise KeyError("canary")
    other, ours = await kept.latest()
    assert (ours.state, ours.report) == ("failed", "There is nothing to train on yet.")
    assert other.state == "failed"
    assert "KeyError" in other.report
    assert "canary" not in other.report


async def test_a_long_curve_keeps_its_shape_in_bounded_space(database: AsyncEngine) -> None:
    """Of 100,000 points a thousand at most are kept, evenly, the first among them."""
    kept = Runs(database)
    async with kept.recorded("reranker") as run:
        for step in range(100_000):
            run.point("loss", step, -step)
    points = (await kept.get(run.id)).curves["loss"]
    assert 400 <= len(points) <= 1000
    assert list(points[0]) == [0, 0]
    gaps = {round(b[0] - a[0]) for a, b in itertools.pairwise(points)}
    assert len(gaps) == 1


def an_ended_owner() -> str:
    """What a process calls itself that has ended."""
    says = "from rag_core.records.platforms.owners import new_owner; print(new_owner())"
    return subprocess.run(
        [sys.executable, "-c", says], capture_output=True, text=True, check=True
    ).stdout.strip()


async def test_a_run_whose_process_is_gone_is_interrupted(database: AsyncEngine) -> None:
    """It is found so by whoever looks; one that runs in this process is left alone."""
    owner = await asyncio.to_thread(an_ended_owner)
    kept = Runs(database)
    gone, here = await kept.begin("reranker"), await kept.begin("reranker")
    async with transaction(database) as connection:
        await connection.execute(update(runs).where(runs.c.id == gone).values(owner=owner))
    run = await kept.get(gone)
    assert (run.state, run.report) == ("failed", INTERRUPTED)
    assert run.ended_at is not None
    assert (await kept.get(here)).state == "running"


async def test_a_run_elsewhere_is_interrupted_when_nothing_was_heard_for_long(database: AsyncEngine) -> None:
    """Of a process on another machine nothing else can be known."""
    kept = Runs(database)
    id = await kept.begin("reranker")
    owner = f"elsewhere:1:{new_owner().rpartition(':')[2]}"
    async with transaction(database) as connection:
        await connection.execute(update(runs).values(owner=owner))
    assert (await kept.get(id)).state == "running"
    async with transaction(database) as connection:
        long_ago = datetime.now(UTC) - timedelta(hours=1)
        await connection.execute(update(runs).values(updated_at=long_ago))
    assert (await kept.get(id)).state == "failed"


async def test_the_time_left_is_told_from_the_pace_until_now(database: AsyncEngine) -> None:
    """Half done after a minute leaves a minute; without a total nothing can be told."""
    kept = Runs(database)
    id = await kept.begin("reranker")
    assert (await kept.get(id)).left(datetime.now(UTC)) is None
    await kept.progress(id, "Training", 5, 10)
    run = await kept.get(id)
    assert run.left(run.started_at + timedelta(minutes=1)) == timedelta(minutes=1)


async def test_an_unknown_run_is_not_found(database: AsyncEngine) -> None:
    with pytest.raises(NotFound):
        await Runs(database).get("none")
