"""A release that people find less helpful is rolled back by itself; one that is tried out is promoted, or given up."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.errors import Busy
from rag_core.index.embedding import ModelCard
from rag_core.records.audit import ITSELF, Audit
from rag_core.records.database import transaction
from rag_core.records.evaluation.golden import GoldenQuestion, GoldenQuestions
from rag_core.records.evaluation.runs import Run, Runs
from rag_core.records.feedback.recording import Feedback
from rag_core.records.index.releases import Release, Releases
from rag_core.records.leases import held
from rag_core.records.tables import activations, answers, releases, votes
from rag_core.review.releasing import watching
from rag_core.review.releasing.votes import Votes, votes_between
from rag_core.review.releasing.watching import keep_watching, latest_rollback, look
from rag_core.settings import Database, Settings
from rag_core.types import Principal, Question
from tests.conftest import EXPORTED
from tests.fakes import an_answer

NUMBERS = count()


@dataclass
class Place:
    """An installation whose first release answers."""

    settings: Settings
    database: AsyncEngine
    first: Release

    @property
    def releases(self) -> Releases:
        return Releases(self.database)

    async def trained(self, run: str | None = "run-1") -> Release:
        """Another release on the same index, made by a training run."""
        made = await self.releases.add_from(self.first, run, "", own_index=False)
        await self.releases.measured(made.id, {"ndcg@10": 0.9})
        return await self.releases.get(made.id)

    async def voted(self, release: str, good: int, bad: int, excluded: str = "", days_ago: int = 0) -> None:
        """Answers of the release, each with the vote of another person."""
        at = datetime.now(UTC) - timedelta(days=days_ago)
        ids = [f"a{next(NUMBERS)}" for _ in range(good + bad)]
        feedback, asked = Feedback(self.database), Question("Why?", Principal("slack", "U1", "T1", "C1"))
        given = (an_answer(id, release=release) for id in ids)
        kept = (feedback.record_answer(asked, one, passages=[], scopes=None, generation=1) for one in given)
        await asyncio.gather(*kept)
        said = {"reason": "", "comment": "", "correction": "", "updated_at": at, "excluded": excluded}
        rows = [
            {
                "answer_id": id,
                "platform": "slack",
                "user_id": f"V{id}",
                "value": 1 if n < good else -1,
                **said,
            }
            for n, id in enumerate(ids)
        ]
        async with transaction(self.database) as connection:
            await connection.execute(insert(votes), rows)
            old = update(answers).where(answers.c.id.in_(ids)).values(created_at=at)
            await connection.execute(old)

    async def look(self) -> None:
        await look(self.database, self.settings)

    async def active(self) -> str:
        active = await self.releases.active()
        assert active is not None
        return active.id

    async def runs(self) -> list[Run]:
        return await Runs(self.database).latest()


@pytest.fixture
async def place(home: Path, address: str, database: AsyncEngine, model_folder: Path) -> Place:
    releases = Releases(database)
    first = await releases.add(EXPORTED, ModelCard.read(model_folder))
    await releases.activate(first.id)
    return Place(Settings(home=home, database=Database(url=address)), database, first)


async def promoted(place: Place, **made: str | None) -> Release:
    """A trained release after one that people found helpful."""
    await place.voted("r1", 45, 5)
    release = await place.trained(**made)
    await place.releases.activate(release.id, "local:ada")
    return release


async def test_a_drop_beyond_chance_rolls_back_and_says_so(place: Place) -> None:
    """In the audit log, as a run with its report, and until somebody decides otherwise."""
    made = await promoted(place)
    await place.voted(made.id, 5, 25)
    await place.look()
    assert await place.active() == "r1"
    (entry,) = await Audit(place.database).latest(1, action="release.")
    assert (entry.actor, entry.action, entry.subject) == (ITSELF, "release.rollback", "release:r1")
    (run,) = await place.runs()
    assert (run.kind, run.state, run.release, run.started_by) == ("rollback", "succeeded", "r1", ITSELF)
    for said in ("r1 answers again instead of r2", "| r2 | 17% | 5 | 25 |", "| r1 | 90% | 45 | 5 |"):
        assert said in run.report
    said = await latest_rollback(place.database)
    assert said is not None
    assert said.id == run.id
    await place.look()  # what was rolled back to is not watched
    assert len(await place.runs()) == 1
    await place.releases.activate(made.id, "local:ada")
    assert await latest_rollback(place.database) is None


async def test_what_may_be_chance_changes_nothing(place: Place) -> None:
    """A few votes more against it, too few votes, and votes that do not count."""
    made = await promoted(place)
    await place.voted(made.id, 0, 19)
    await place.look()
    await place.voted(made.id, 40, 0)
    await place.voted(made.id, 0, 200, excluded="flag")
    await place.look()
    assert await place.active() == made.id
    assert await place.runs() == []


async def test_what_was_answered_before_does_not_count(place: Place) -> None:
    """Of the release: before its promotion. Of the one before it: longer ago than releases are watched."""
    made = await place.trained()
    await place.voted(made.id, 0, 60, days_ago=2)
    await place.voted("r1", 60, 0, days_ago=60)
    await place.releases.activate(made.id)
    await place.voted(made.id, 10, 20)
    await place.look()
    assert await place.active() == made.id
    since = datetime.now(UTC) - timedelta(days=1)
    assert await votes_between(place.database, made.id, since) == Votes(10, 20)
    assert await votes_between(place.database, "r1", since - timedelta(days=90), since) == Votes(60, 0)


async def test_only_what_training_made_is_watched_and_only_for_a_while(place: Place) -> None:
    """A person who promoted a release of another kind knows why; and votes fall for other reasons in the end."""
    made = await promoted(place, run=None)
    await place.voted(made.id, 0, 40)
    await place.look()
    assert await place.active() == made.id
    trained = await place.trained()
    await place.releases.activate(trained.id)
    await place.voted(trained.id, 0, 40)
    async with transaction(place.database) as connection:
        of = activations.c.release == trained.id
        ago = datetime.now(UTC) - timedelta(weeks=5)
        await connection.execute(update(activations).where(of).values(at=ago))
    await place.look()
    assert await place.active() == trained.id


async def test_a_rollback_that_fails_is_told_once(place: Place) -> None:
    """And not each minute anew; the release goes on answering."""
    made = await promoted(place)
    await place.voted(made.id, 0, 40)
    (place.settings.home / "models" / EXPORTED).unlink()
    for _ in range(2):
        with suppress(watching.NotReady):
            await place.look()
    (run,) = await place.runs()
    assert (run.kind, run.state) == ("rollback", "failed")
    assert "is not in" in run.report
    assert await place.active() == made.id


async def test_one_of_several_processes_looks(place: Place) -> None:
    """Each takes its turn, and a drop is acted on once."""
    made = await promoted(place)
    await place.voted(made.id, 0, 40)

    async def watch() -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(3):
                await keep_watching(place.database, lambda: place.settings, 0.05)

    await asyncio.gather(*(watch() for _ in range(3)))
    assert await place.active() == "r1"
    assert [run.state for run in await place.runs()] == ["succeeded"]


async def tried_out(place: Place) -> Release:
    made = await place.trained()
    await place.releases.try_out(made.id, 0.3, "local:ada")
    return made


async def test_one_that_is_no_worse_is_promoted(place: Place) -> None:
    """Once there are the votes that were planned; not before."""
    made = await tried_out(place)
    await place.voted("r1", 80, 40)
    await place.voted(made.id, 30, 19)
    await place.look()
    assert await place.active() == "r1"
    await place.voted(made.id, 1, 0)
    await place.look()
    assert await place.active() == made.id
    assert await place.releases.canary() is None
    assert [(run.kind, run.state) for run in await place.runs()] == [("promotion", "succeeded")]


@pytest.mark.parametrize(("good", "bad"), [(20, 30), (0, 25)])
async def test_one_that_is_worse_is_given_up(place: Place, good: int, bad: int) -> None:
    """At the end, or as soon as it is beyond doubt."""
    made = await tried_out(place)
    await place.voted("r1", 90, 20)
    await place.voted(made.id, good, bad)
    await place.look()
    assert await place.active() == "r1"
    assert await place.releases.canary() is None
    (run,) = await place.runs()
    assert (run.kind, run.state, run.release) == ("canary", "refused", made.id)
    assert "People found it less helpful than r1" in run.report
    (entry,) = await Audit(place.database).latest(1, action="release.")
    assert (entry.actor, entry.action, entry.detail) == (ITSELF, "release.canary", {"share": 0})


async def test_one_that_cannot_be_promoted_is_given_up(place: Place) -> None:
    """However helpful people found it."""
    made = await tried_out(place)
    golden = GoldenQuestions(place.database)
    await golden.put("local:ada", GoldenQuestion("Where is it?", (), author="local:ada"))
    await place.voted(made.id, 60, 0)
    await place.look()
    assert await place.active() == made.id  # it abstains, as it must
    other = await place.trained("run-2")
    await place.releases.try_out(other.id, 0.5)
    async with transaction(place.database) as connection:
        taken = update(releases).where(releases.c.id == other.id).values(embedder="gone-model")
        await connection.execute(taken)
    await place.voted(other.id, 60, 0)
    await place.look()
    assert await place.active() == made.id
    assert await place.releases.canary() is None
    assert "gone-model is not in" in (await place.runs())[0].report


async def test_who_has_lost_the_lease_gives_nothing_up(place: Place) -> None:
    """Another process decides."""
    made = await tried_out(place)
    await place.voted(made.id, 0, 60)
    await place.voted("r1", 60, 0)
    async with held(place.database, "another") as lease:
        await lease.give_back()
        with pytest.raises(Busy):
            await look(place.database, place.settings, lease)
    canary = await place.releases.canary()
    assert canary is not None
    assert replace(canary, canary=0) == replace(made, canary=0)
