"""One answer with all that is recorded of it, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.index.stores.protocol import Vector
from rag_core.records.database import transaction
from rag_core.records.feedback.question_vectors import QuestionVectors
from rag_core.records.feedback.recording import Feedback
from rag_core.records.index.documents import DocumentRecord, Documents
from rag_core.records.platforms.escalations import Escalation, Escalations
from rag_core.records.reviews.items import Items
from rag_core.records.reviews.judging import Judged, Judging, keep
from rag_core.records.reviews.reviews import Reviews
from rag_core.records.tables import answers, question_vectors, reviews
from rag_core.review.resolving.similar import SimilarQuestions
from rag_core.types import Principal, Question, Vote
from tests.fakes import an_answer


async def _answered(database: AsyncEngine, id: str, asked: str = "How long?", thread: str = "") -> None:
    question = Question(asked, Principal("slack", "U1", "T1", "C1"), thread)
    await Feedback(database).record_answer(
        question, an_answer(id), passages=[], scopes=frozenset({"public"}), generation=1
    )


async def _reviewed(database: AsyncEngine, id: str, correction: str = "") -> str:
    await Reviews(database).propose(id, "person")
    review = next(one for one in await Reviews(database).pending(99) if one.answer_id == id)
    done = "corrected_answer" if correction else "good_example"
    assert await Reviews(database).decide(review.id, done, "local:ada", correction)
    return review.id


async def test_all_that_is_recorded_of_an_answer(database: AsyncEngine) -> None:
    """Votes newest first, escalations, reviews, and reviewed answers to the same words; times know their zone."""
    await _answered(database, "a1", "How long?")
    await _answered(database, "a2", "how LONG")
    await _answered(database, "a3", "How short?")
    await _reviewed(database, "a2", "Ten days.")
    await _reviewed(database, "a3")
    for user in ("U2", "U3"):
        await Feedback(database).record_vote(Vote("a1", "slack", user, -1, "wrong", "why", "so"))
    await Escalations(database).open(
        Escalation("e1", "a1", "slack", "T1", "C1", "", "", "U1", "How long?", created_at=datetime.now(UTC))
    )
    item = await Items(database).item("a1")
    assert item is not None
    assert [one.user_id for one in item.votes] == ["U3", "U2"]
    assert [one.id for one in item.escalations] == ["e1"]
    assert item.pending is not None
    assert [(one.answer_id, one.text, one.reviewer) for one in item.alike] == [
        ("a2", "Ten days.", "local:ada")
    ]
    assert item.given.created_at.tzinfo is not None
    assert item.given.citations == an_answer("a1").citations
    assert item.before == item.after == ()
    assert await Items(database).item("none") is None


async def test_a_conversation_is_cut_on_both_sides(database: AsyncEngine) -> None:
    """The nearest turns, oldest first."""
    first = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(25):
        await _answered(database, f"a{number}", thread="1.1")
        async with transaction(database) as connection:
            at = first + timedelta(minutes=number)
            await connection.execute(
                update(answers).where(answers.c.id == f"a{number}").values(created_at=at)
            )
    item = await Items(database).item("a12")
    assert item is not None
    assert [one.id for one in item.before] == [f"a{number}" for number in range(2, 12)]
    assert [one.id for one in item.after] == [f"a{number}" for number in range(13, 23)]


async def test_documents_that_were_read_again(database: AsyncEngine) -> None:
    """By id, which may hold more than one slash."""
    record = DocumentRecord("src", "folder/x.md", "f", "d", "X", "", 1)
    await Documents(database, "index").put([record])
    items, now = Items(database), datetime.now(UTC)
    ids = {"src/folder/x.md", "src/other.md", "other"}
    assert await items.changed("index", ids, now - timedelta(hours=1)) == {"src/folder/x.md"}
    assert await items.changed("index", ids, now + timedelta(hours=1)) == set()
    assert await items.changed("other", ids, now - timedelta(hours=1)) == set()
    assert await items.changed("index", (), now) == set()


async def test_the_review_before_in_the_queue(database: AsyncEngine) -> None:
    """Of those that nobody else looks at now."""
    for number in range(3):
        await _answered(database, f"a{number}", f"Question {number}?")
        await Reviews(database).propose(f"a{number}", "person")
        async with transaction(database) as connection:
            own = reviews.c.answer_id == f"a{number}"
            await connection.execute(update(reviews).where(own).values(value=10 - number))
    first, second, third = await Reviews(database).pending(9)
    items = Items(database)
    assert await items.before(third, "local:ada") == second.id
    assert await items.before(first, "local:ada") == ""
    soon = datetime.now(UTC) + timedelta(minutes=5)
    for until, expected in ((soon, first.id), (soon - timedelta(hours=1), second.id)):
        async with transaction(database) as connection:
            values = {"assignee": "local:bob", "claimed_until": until}
            await connection.execute(update(reviews).where(reviews.c.id == second.id).values(values))
        assert await items.before(third, "local:ada") == expected


async def test_judged_passages_keep_their_text(database: AsyncEngine) -> None:
    """However long their ids are."""
    await _answered(database, "a1")
    review = await _reviewed(database, "a1")
    judged = [Judged("src/" + "x" * 1500 + "#1", "right", "src/x", "src", "public", "X", "Text \0.")]
    async with transaction(database) as connection:
        await keep(connection, review, judged)
        await keep(connection, review, [])
    (kept,) = await Judging(database).of(review)
    assert (kept.passage, kept.label, kept.text) == (judged[0].passage, "right", "Text \ufffd.")


async def test_vectors_of_another_embedder_are_made_anew(database: AsyncEngine) -> None:
    """A few at a time; only of questions that somebody reviews or reviewed; never of what was forgotten."""
    for number in range(5):
        await _answered(database, f"a{number}", f"Question {number}?")
    for number in range(3):
        await _reviewed(database, f"a{number}", f"Answer {number}")

    async def embed(text: str) -> Vector:
        vector = np.zeros(4, np.float32)
        vector[int(text[9]) % 2] = 1
        return vector

    old, new = SimilarQuestions(database, "old", embed), SimilarQuestions(database, "new", embed)
    assert [await old.backfill(2), await old.backfill(2), await old.backfill(2)] == [2, 1, 0]
    assert {one.resolved.answer_id: one.cosine for one in await old.to("Question 2?")} == {
        "a0": 1.0,
        "a2": 1.0,
    }
    assert [one.resolved.answer_id for one in await old.to("Question 2?", but="a0")] == ["a2"]
    assert await new.to("Question 2?") == []
    assert await new.backfill() == 3
    assert await old.to("Question 2?") == []
    async with transaction(database) as connection:
        assert await connection.scalar(select(func.count()).select_from(question_vectors)) == 3
    await QuestionVectors(database, "new").put({"forgotten": await embed("Question 1?")})
