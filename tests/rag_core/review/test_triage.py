"""What puts answers into the queue by itself."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.records.database import open_database, transaction
from rag_core.records.feedback.recording import Feedback
from rag_core.records.platforms.escalations import Escalation, Escalations, escalation_id
from rag_core.records.reviews.queue import Queue
from rag_core.records.reviews.reviews import Review, Reviews
from rag_core.records.tables import answers, votes
from rag_core.review.triage import Triage
from rag_core.settings import Settings
from rag_core.types import Principal, Question, Vote
from tests.fakes import an_answer

SETTINGS = Settings()


@pytest.fixture
async def database(tmp_path: Path, migrated: Path) -> AsyncIterator[AsyncEngine]:
    shutil.copyfile(migrated, tmp_path / "answerloop.db")
    engine = await open_database(f"sqlite+aiosqlite:///{tmp_path}/answerloop.db")
    yield engine
    await engine.dispose()


async def asked(
    database: AsyncEngine,
    id: str,
    user: str,
    text: str = "Who pays?",
    confidence: float = 0.1,
    **answer: object,
) -> None:
    given = an_answer(id, confidence=confidence, **answer)
    question = Question(text, Principal("slack", user, "T1", "C1"))
    await Feedback(database).record_answer(
        question, given, passages=[], scopes=frozenset({"public"}), generation=1
    )


async def voted(database: AsyncEngine, id: str, user: str, value: int) -> None:
    await Feedback(database).record_vote(Vote(id, "slack", user, value))  # type: ignore[arg-type]


async def queued(database: AsyncEngine) -> list[Review]:
    return await Reviews(database).pending(99)


async def test_what_several_ask_in_vain_waits_for_a_person(database: AsyncEngine) -> None:
    """Once for all of them, at the latest answer; the same one who asks again is one; more askers raise it."""
    triage = Triage(database)
    for number, user in enumerate(("U1", "U2", "U2")):
        await asked(database, f"a{number}", user, ("Who pays?", "who  PAYS", "who pays!")[number])
    await triage.look(SETTINGS)
    assert await queued(database) == []
    await asked(database, "a3", "U3", abstained=True)
    await triage.look(SETTINGS)
    [review] = await queued(database)
    assert (review.answer_id, review.source, review.askers) == ("a3", "confidence", 3)
    await asked(database, "a4", "U4")
    await triage.look(SETTINGS)
    [more] = await queued(database)
    assert (more.id, more.askers) == (review.id, 4)
    assert more.value > review.value


async def test_what_is_answered_by_now_or_was_asked_long_ago_does_not(database: AsyncEngine) -> None:
    """A document was added; and thirty days are enough."""
    for user in ("U1", "U2", "U3"):
        await asked(database, f"a{user}", user)
        await asked(database, f"b{user}", user, "Who decides?")
    await asked(database, "good", "U4", confidence=0.9)
    async with transaction(database) as connection:
        long_ago = datetime.now(UTC) - timedelta(days=31)
        old = answers.c.question == "Who decides?"
        await connection.execute(update(answers).where(old).values(created_at=long_ago))
    await Triage(database).look(SETTINGS)
    assert await queued(database) == []


async def test_what_was_decided_about_comes_back_when_as_many_ask_again(database: AsyncEngine) -> None:
    """People who asked before are not counted once more."""
    triage = Triage(database)
    for user in ("U1", "U2", "U3"):
        await asked(database, f"a{user}", user)
    await triage.look(SETTINGS)
    [review] = await queued(database)
    await Reviews(database).decide(review.id, "missing_document", "local:ada")
    for user in ("U4", "U5"):
        await asked(database, f"a{user}", user)
    await triage.look(SETTINGS)
    assert await queued(database) == []
    await asked(database, "aU6", "U6")
    await Triage(database).look(SETTINGS)
    [again] = await queued(database)
    assert (again.answer_id, again.askers) == ("aU6", 3)


async def test_votes_that_contradict_each_other_over_several_places_are_settled(
    database: AsyncEngine,
) -> None:
    """The same words to the same question; votes that do not count are none, and a different answer is another matter."""
    for number in range(4):
        await asked(database, f"a{number}", f"U{number}", confidence=0.9)
    await asked(database, "other", "U9", confidence=0.9, text="Who pays?")
    async with transaction(database) as connection:
        await connection.execute(update(answers).where(answers.c.id == "other").values(answer="Nobody."))
    for number, value in enumerate((1, 1, -1, -1)):
        await voted(database, f"a{number}", f"V{number}", value)
    await voted(database, "other", "V8", -1)
    [first, second, third] = sorted(await queued(database), key=lambda review: review.answer_id)
    assert {first.source, second.source, third.source} == {"vote"}
    await Triage(database).look(SETTINGS)
    found = {review.answer_id: review.source for review in await queued(database)}
    assert found == {"a2": "disagreement", "a3": "disagreement", "other": "vote"}
    for review in await queued(database):
        await Reviews(database).decide(review.id, "no_fault", "local:ada")
    await Triage(database).look(SETTINGS)
    assert await queued(database) == []


async def test_votes_that_do_not_count_settle_and_unsettle_nothing(database: AsyncEngine) -> None:
    """However many there are; and with a quorum one person alone brings nothing."""
    for number in range(2):
        await asked(database, f"a{number}", f"U{number}", confidence=0.9)
    await voted(database, "a0", "V0", 1)
    await voted(database, "a1", "V1", -1)
    async with transaction(database) as connection:
        await connection.execute(update(votes).where(votes.c.value == -1).values(excluded="flag"))
    [review] = await queued(database)
    await Triage(database).look(SETTINGS)
    [same] = await queued(database)
    assert (same.id, same.source) == (review.id, "vote")
    assert same.value < review.value
    strict = SETTINGS.model_copy(update={"votes": SETTINGS.votes.model_copy(update={"quorum": 2})})
    async with transaction(database) as connection:
        await connection.execute(update(votes).values(excluded=""))
    await Triage(database).look(strict)
    assert [one.source for one in await queued(database)] == ["vote"]


async def test_an_open_escalation_waits_for_a_reviewer_too(database: AsyncEngine) -> None:
    """Until somebody answers it is worth more; once it was decided about it does not come back."""
    await asked(database, "a1", "U1", confidence=0.9)
    opened = Escalation(escalation_id("slack", "a1"), "a1", "slack", "T1", "C1", "", "", "U1", "Who pays?")
    await Escalations(database).open(opened)
    triage = Triage(database)
    await triage.look(SETTINGS)
    [review] = await queued(database)
    assert (review.answer_id, review.source) == ("a1", "escalation")
    await Escalations(database).resolve(opened.id, "U9", "", "")
    await triage.look(SETTINGS)
    [settled] = await queued(database)
    assert settled.value < review.value
    await Reviews(database).decide(settled.id, "no_fault", "local:ada")
    await triage.look(SETTINGS)
    await Triage(database).look(SETTINGS)
    assert await queued(database) == []


async def test_two_that_look_at_once_find_each_once(database: AsyncEngine) -> None:
    """As where two processes serve."""
    for user in ("U1", "U2", "U3"):
        await asked(database, f"a{user}", user)
    for _ in range(2):
        await Triage(database).look(SETTINGS)
    assert len(await queued(database)) == 1


async def test_what_a_later_answer_settles_does_not_wait_any_more(database: AsyncEngine) -> None:
    """A document was added since. What somebody took on, or voted down, is decided all the same."""
    triage = Triage(database)
    for text in ("Who pays?", "Who decides?", "Who signs?"):
        for user in ("U1", "U2", "U3"):
            await asked(database, f"{text[4:8]}{user}", user, text)
    await triage.look(SETTINGS)
    ids = {review.answer_id[:4]: review for review in await queued(database)}
    assert set(ids) == {"pays", "deci", "sign"}
    await Queue(database).assign([ids["deci"].id], "local:bo", "local:bo")
    await voted(database, ids["sign"].answer_id, "U9", -1)
    for text in ("Who pays?", "Who decides?", "Who signs?"):
        await asked(database, f"good{text[4:8]}", "U4", text, confidence=0.9)
    await triage.look(SETTINGS)
    assert sorted(review.answer_id[:4] for review in await queued(database)) == ["deci", "sign"]
