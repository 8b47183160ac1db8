"""Answers that a person is to look at."""

from __future__ import annotations

import asyncio

from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.records.audit import Audit
from rag_core.records.feedback.recording import Feedback
from rag_core.records.reviews.reviews import Review, Reviews
from rag_core.settings.review import Votes
from rag_core.types import Principal, Question, Vote
from tests.fakes import an_answer


async def answered(database: AsyncEngine, *ids: str) -> tuple[Feedback, Reviews]:
    feedback = Feedback(database)
    for id in ids or ("a1",):
        asked = Question("How long?", Principal("slack", "U1", "T1", "C1"))
        await feedback.record_answer(asked, an_answer(id), passages=[], scopes=None, generation=1)
    return feedback, Reviews(database)


async def pending(reviews: Reviews) -> Review:
    [review] = await reviews.pending(10)
    return review


async def test_an_answer_has_one_pending_review_however_many_ask_for_it(database: AsyncEngine) -> None:
    """Also when they do so at once; the latest text that is proposed stands."""
    _, reviews = await answered(database)
    await asyncio.gather(*(reviews.propose("a1", "escalation", f"text {n}", "slack:U2") for n in range(5)))
    await reviews.propose("a1", "escalation", "the last", "slack:U3")
    await reviews.propose("a1", "draft")
    review = await pending(reviews)
    assert (review.proposed, review.proposed_by, review.source) == ("the last", "slack:U3", "draft")
    assert await reviews.count_pending() == 1


async def test_an_answer_that_is_not_kept_is_not_looked_at(database: AsyncEngine) -> None:
    """Its asker may have had it forgotten."""
    _, reviews = await answered(database)
    await reviews.propose("gone", "escalation", "text", "slack:U2")
    assert await reviews.pending(10) == []


async def test_what_votes_bring_to_review_goes_with_the_votes(database: AsyncEngine) -> None:
    """The latest correction is proposed; one that is taken back makes room for the one before; without votes nothing."""
    feedback, reviews = await answered(database)

    async def vote(user: str, value: int, correction: str = "") -> None:
        await feedback.record_vote(Vote("a1", "slack", user, value, correction=correction))  # type: ignore[arg-type]

    await vote("U1", 1)
    assert await reviews.pending(10) == []
    await vote("U2", -1, "20 days")
    await vote("U3", -1, "25 days")
    await vote("U4", -1)
    assert (await pending(reviews)).proposed == "25 days"
    assert (await pending(reviews)).proposed_by == "slack:U3"
    await vote("U3", 0)
    assert (await pending(reviews)).proposed == "20 days"
    await vote("U2", 1)
    assert (await pending(reviews)).proposed == ""
    await vote("U4", 0)
    assert await reviews.pending(10) == []


async def test_a_vote_against_an_answer_brings_it_to_review_wherever_it_was_voted(
    database: AsyncEngine,
) -> None:
    """On the chat page and in the console as well as in Slack."""
    feedback, reviews = await answered(database, "a1", "a2")
    await feedback.record_vote(Vote("a1", "web", "anonymous", -1, correction="25 days"))
    await feedback.record_vote(Vote("a2", "console", "ada", -1))
    found = await reviews.pending(10)
    assert [(one.answer_id, one.proposed, one.proposed_by) for one in found] == [
        ("a1", "25 days", "web:anonymous"),
        ("a2", "", ""),
    ]


async def test_what_a_person_answered_is_not_replaced_by_votes(database: AsyncEngine) -> None:
    """Neither by a voter's correction, nor by the last vote being taken back."""
    feedback, reviews = await answered(database)
    await reviews.propose("a1", "escalation", "30 days", "slack:U9")
    await feedback.record_vote(Vote("a1", "slack", "U2", -1, correction="20 days"))
    assert ((await pending(reviews)).proposed, (await pending(reviews)).source) == ("30 days", "escalation")
    await feedback.record_vote(Vote("a1", "slack", "U2", 0))
    assert (await pending(reviews)).proposed == "30 days"


async def test_a_vote_that_was_decided_about_is_not_brought_again(database: AsyncEngine) -> None:
    """A newer vote is."""
    feedback, reviews = await answered(database)
    await feedback.record_vote(Vote("a1", "slack", "U2", -1))
    assert await reviews.decide((await pending(reviews)).id, "no_fault", "slack:U9", note="it is right")
    assert await reviews.pending(10) == []
    await feedback.record_vote(Vote("a1", "slack", "U3", -1, correction="25 days"))
    assert (await pending(reviews)).proposed == "25 days"


async def test_of_two_reviewers_at_once_one_decides(database: AsyncEngine) -> None:
    """The other's decision changes nothing."""
    _, reviews = await answered(database)
    await reviews.propose("a1", "escalation", "30 days", "slack:U9")
    id = (await pending(reviews)).id
    done = await asyncio.gather(
        *(reviews.decide(id, "corrected_answer", f"slack:U{n}", f"text {n}") for n in range(3))
    )
    assert sorted(done) == [False, False, True]
    review = await reviews.get(id)
    assert review is not None
    assert review.reviewer == f"slack:U{done.index(True)}"
    assert review.decided_at
    assert not await reviews.decide("no such", "no_fault", "slack:U1")


async def test_corrections_are_untold_until_they_are_told(database: AsyncEngine) -> None:
    """By the platform that the answer was given on; what was merely approved is told to nobody."""
    _, reviews = await answered(database, "a1", "a2")
    for id, state in (("a1", "corrected_answer"), ("a2", "good_example")):
        await reviews.propose(id, "escalation", "text", "slack:U9")
        await reviews.decide((await pending(reviews)).id, state, "slack:U9", "30 days")
    assert await reviews.untold({"discord"}) == []
    [untold] = await reviews.untold({"slack", "discord"})
    assert (untold.answer_id, untold.correction) == ("a1", "30 days")
    await reviews.told(untold.id)
    assert await reviews.untold({"slack"}) == []


async def test_pending_reviews_of_equal_worth_come_oldest_first_and_in_pages(database: AsyncEngine) -> None:
    """Each once."""
    ids = [f"a{n}" for n in range(5)]
    _, reviews = await answered(database, *ids)
    for id in ids:
        await reviews.propose(id, "draft")
    pages = [await reviews.pending(2, offset) for offset in (0, 2, 4)]
    assert [r.answer_id for page in pages for r in page] == ids


async def test_a_quorum_of_votes_brings_an_answer_to_review(database: AsyncEngine) -> None:
    """One who writes a correction needs no others; below the quorum again, nothing is pending."""
    await answered(database, "a1", "a2")
    feedback, reviews = Feedback(database, Votes(quorum=2)), Reviews(database)
    await feedback.record_vote(Vote("a1", "slack", "U2", -1))
    assert await reviews.pending(9) == []
    await feedback.record_vote(Vote("a2", "slack", "U2", -1, correction="25 days"))
    assert (await pending(reviews)).answer_id == "a2"
    await feedback.record_vote(Vote("a2", "slack", "U2", 0))
    await feedback.record_vote(Vote("a1", "slack", "U3", -1))
    assert (await pending(reviews)).answer_id == "a1"
    await feedback.record_vote(Vote("a1", "slack", "U3", 1))
    assert await reviews.pending(9) == []


async def test_a_decision_stands_in_the_audit_log(database: AsyncEngine) -> None:
    """Also one that was made in a chat; what came too late does not."""
    _, reviews = await answered(database)
    await reviews.propose("a1", "draft")
    id = (await pending(reviews)).id
    for reviewer in ("slack:U9", "slack:U8"):
        await reviews.decide(id, "no_fault", reviewer)
    [entry] = await Audit(database).latest(9)
    assert (entry.actor, entry.action, entry.subject) == ("slack:U9", "review.resolve", f"review:{id}")
    assert dict(entry.detail) == {"resolution": "no_fault"}
