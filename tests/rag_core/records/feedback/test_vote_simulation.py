"""A thousand voters, fifty of them malicious: nothing moves before a reviewer has looked.

`python tests/rag_core/records/test_vote_simulation.py` prints the numbers that docs/admin.md has.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.records import tables
from rag_core.records.analytics.figures import Share, share
from rag_core.records.database import open_database, transaction
from rag_core.records.feedback.flags import Flags
from rag_core.records.feedback.recording import Feedback
from rag_core.records.reviews.reviews import Reviews
from rag_core.records.tables import answers, reviews, standard_answers, votes
from rag_core.settings import Votes
from rag_core.types import Principal, Question, Vote
from tests.fakes import an_answer
from training.calibrate_feedback import calibrate_on, judged, read_votes

ANSWERS, HONEST, RINGS, BURSTS, GRUDGES = 200, 950, 20, 20, 10
"""Answers cite one of twenty documents. A ring votes down all answers about one, each member within a while; a burst is a
person who votes down whatever there is; a grudge is one person against one document, in small doses."""
GOOD = 0.8
"""The part of the answers that honest voters hold to be good."""


@dataclass(frozen=True)
class Told:
    counted: Share
    """Helpful rate by the votes that count."""
    votes: int
    counting: int
    flagged: frozenset[str]
    waiting: int


async def given(feedback: Feedback) -> None:
    cited = an_answer().citations[0]
    for n in range(ANSWERS):
        citation = replace(cited, passage=f"docs/d{n % 20}#0")
        await feedback.record_answer(
            Question(f"Question {n}?", Principal("slack", f"asker{n}")),
            an_answer(
                f"a{n}", citations=(citation,), confidence=0.05 + 0.9 * (n % 97) / 97, generator="extractive"
            ),
            passages=[],
            scopes=frozenset({"public"}),
            generation=1,
        )


def honest(chance: random.Random) -> Iterable[Vote]:
    for n in range(HONEST):
        at = chance.randrange(ANSWERS)
        yield Vote(f"a{at}", "slack", f"honest{n}", 1 if (at * 7919) % 100 < 100 * GOOD else -1)


def malicious(chance: random.Random) -> list[list[Vote]]:
    """Of each malicious person, in their order."""
    people = []
    for n in range(RINGS):
        people.append([Vote(f"a{at}", "slack", f"ring{n}", -1) for at in range(3, ANSWERS, 20)])
    for n in range(BURSTS):
        people.append([Vote(f"a{at}", "slack", f"burst{n}", -1) for at in chance.sample(range(ANSWERS), 25)])
    for n in range(GRUDGES):
        people.append([Vote(f"a{at}", "slack", f"grudge{n}", -1) for at in range(n, ANSWERS, 20)][:6])
    return people


async def told(database: AsyncEngine, limits: Votes) -> Told:
    async with transaction(database) as connection:
        rows = (await connection.execute(select(votes.c.value, votes.c.excluded))).all()
        pending = select(reviews.c.answer_id).where(reviews.c.state == "pending")
        waiting = len(set(await connection.scalars(pending)))
    counted = [row.value for row in rows if not row.excluded]
    rate = share(counted.count(1), len(counted))
    assert rate
    flags = await Flags(database, limits).open(1000)
    return Told(rate, len(rows), len(counted), frozenset(flag.user_id for flag in flags), waiting)


async def state(database: AsyncEngine) -> list[object]:
    """What answers are made from and are: nothing of it may move."""
    async with transaction(database) as connection:
        return [
            (await connection.execute(select(table).order_by(*table.primary_key.columns))).all()
            for table in (answers, standard_answers, tables.releases, tables.golden_questions)
        ]


async def simulated(database: AsyncEngine) -> tuple[Told, Told, list[object]]:
    """Before the attack and after it; and what changed of calibration and answers: nothing."""
    chance, limits = random.Random(11), Votes()
    feedback = Feedback(database, limits)
    await given(feedback)
    for vote in honest(chance):
        await feedback.record_vote(vote)
    before = await told(database, limits)
    was = [await state(database), calibrate_on(judged(await read_votes(database, "extractive")))]
    attack = malicious(chance)
    for turn in range(max(map(len, attack))):  # all at the same time, vote by vote
        for person in attack:
            if turn < len(person):
                await feedback.record_vote(person[turn])
    after = await told(database, limits)
    now = [await state(database), calibrate_on(judged(await read_votes(database, "extractive")))]
    return before, after, [one == other for one, other in zip(was, now, strict=True)]


@pytest.fixture
async def database(tmp_path: Path, migrated: Path) -> AsyncEngine:
    shutil.copyfile(migrated, tmp_path / "answerloop.db")
    return await open_database(f"sqlite+aiosqlite:///{tmp_path}/answerloop.db")


async def test_five_in_a_hundred_move_nothing_without_a_reviewer(database: AsyncEngine) -> None:
    """No answer, no standard answer, no calibration; the helpful rate by less than its interval; and they are told."""
    before, after, same = await simulated(database)
    assert same == [True, True]
    assert before.votes == HONEST
    assert after.votes - before.votes > HONEST / 2  # not a small attack
    assert before.counted.low <= after.counted.value <= before.counted.high
    bad = {f"ring{n}" for n in range(RINGS)} | {f"burst{n}" for n in range(BURSTS)}
    assert after.flagged == bad | {f"grudge{n}" for n in range(GRUDGES)}
    await database.dispose()


async def test_a_vote_of_anybody_moves_no_row_but_its_own_and_its_review(database: AsyncEngine) -> None:
    """Also one with a correction: what is suggested waits."""
    feedback = Feedback(database)
    await given(feedback)
    was = await state(database)
    async with transaction(database) as connection:
        await connection.execute(insert(votes).values(_row("a1")))
    await feedback.record_vote(Vote("a1", "slack", "eve", -1, correction="Nonsense."))
    assert await state(database) == was
    await database.dispose()


def _row(answer: str) -> dict[str, object]:
    from datetime import UTC, datetime

    words = dict.fromkeys(("reason", "comment", "correction"), "")
    return {
        "answer_id": answer,
        "platform": "slack",
        "user_id": "x",
        "value": 1,
        "updated_at": datetime.now(UTC),
        **words,
    }


async def _print() -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = await open_database(f"sqlite+aiosqlite:///{folder}/answerloop.db")
        before, after, same = await simulated(database)
        await database.dispose()
    for name, one in (("before", before), ("after", after)):
        rate = one.counted
        print(
            f"{name}: {one.votes:,} votes, {one.counting:,} count; helpful {rate.value:.1%} "
            f"({rate.low:.1%} to {rate.high:.1%}); {len(one.flagged)} people flagged; {one.waiting} reviews wait"
        )
    print(f"answers and standard answers the same: {same[0]}; calibration the same: {same[1]}")


if __name__ == "__main__":
    asyncio.run(_print())


async def test_a_reviewer_has_the_last_word_on_what_calibration_learns(database: AsyncEngine) -> None:
    """A vote that a reviewer decided otherwise than is not learned from; that the reviewer agrees with, and that nobody
    looked at, is."""
    feedback, kept = Feedback(database), Reviews(database)
    await given(feedback)
    for number, value in ((1, -1), (2, -1), (3, 1), (4, -1)):
        await feedback.record_vote(Vote(f"a{number}", "slack", "ada", value))
    await kept.propose("a3", "person")
    for review in await kept.pending(9):
        if review.answer_id != "a4":
            resolution = "no_fault" if review.answer_id == "a1" else "wrong_passage"
            assert await kept.decide(review.id, resolution, "local:eve")
    assert {row.answer for row in await read_votes(database, "extractive")} == {"a2", "a4"}
    await database.dispose()
