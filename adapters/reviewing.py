"""Reviewers decide about answers; those whom a correction concerns are told."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Protocol

from rag_core.errors import InvalidEntry, NotFound
from rag_core.records.feedback.recording import Feedback, RecordedAnswer
from rag_core.records.platforms.postings import Posting, Postings
from rag_core.records.reviews.reviews import Review, Reviews

__all__ = ["SOURCES", "Notifier", "Reviewing"]

LONGEST = 10_000
"""Characters of a correction."""
SOURCES = {
    "vote": "review-by-vote",
    "escalation": "review-by-escalation",
    "draft": "review-by-draft",
    "confidence": "review-by-confidence",
    "disagreement": "review-by-disagreement",
    "person": "review-by-person",
}
"""What brings an answer to reviewers, and the message that says so to them."""
log = logging.getLogger(__name__)


class Notifier(Protocol):
    """Tells of corrections on one platform. What is told twice shows once, by the review's id and the place."""

    def reader(self, posting: Posting) -> str:
        """Who alone reads where this message stands, as in direct messages; '': several do."""

    async def tell_thread(self, review: str, posting: Posting) -> None:
        """See to it, durably, that the thread is told where this message showed the answer."""

    async def tell_person(self, review: str, workspace: str, user: str) -> None:
        """See to it, durably, that this person is told."""


class Reviewing:
    """Every decision counts once: False tells the second of two reviewers that it is decided."""

    def __init__(
        self,
        reviews: Reviews,
        feedback: Feedback,
        postings: Postings,
        notifiers: Mapping[str, Notifier],
        look_s: float = 60.0,
    ) -> None:
        """notifiers: by platform; of an answer on another one, the process tells that has it. look_s: how often it is looked
        for corrections that nobody was told of."""
        self._reviews = reviews
        self._feedback = feedback
        self._postings = postings
        self._notifiers = notifiers
        self._look_s = look_s

    async def pending(self, limit: int, offset: int = 0) -> list[Review]:
        """Those that wait for a decision, the one that is worth most first."""
        return await self._reviews.pending(limit, offset)

    async def get(self, review: str) -> Review | None:
        return await self._reviews.get(review)

    async def is_by(self, review: str, reviewer: str) -> bool:
        """Whether it was this one who decided, such as in an attempt that broke off."""
        kept = await self._reviews.get(review)
        return kept is not None and kept.reviewer == reviewer

    async def given(self, review: Review) -> RecordedAnswer | None:
        """The answer that it is about; None: it was forgotten meanwhile.

        Raises:
            Unavailable: the database does not answer.
        """
        try:
            return await self._feedback.answer(review.answer_id)
        except NotFound:
            return None

    async def approve(self, review: str, reviewer: str) -> bool:
        """The answer is right as it is. reviewer: PLATFORM:USER, as in all of these."""
        return await self._reviews.decide(review, "good_example", reviewer)

    async def reject(self, review: str, reviewer: str, note: str = "") -> bool:
        """There is nothing to learn from it."""
        return await self._reviews.decide(review, "no_fault", reviewer, note=note)

    async def correct(self, review: str, reviewer: str, text: str, note: str = "") -> bool:
        """text: what the answer should be. Those concerned are told.

        Raises:
            InvalidEntry: there is no text.
        """
        if not text.strip():
            raise InvalidEntry(
                "text: a correction needs words; reject the answer where there is nothing to say."
            )
        decided = await self._reviews.decide(
            review, "corrected_answer", reviewer, text.strip()[:LONGEST], note
        )
        kept = await self._reviews.get(review)
        if (
            kept is not None and kept.reviewer == reviewer
        ):  # decided before: an attempt that broke off goes on
            await self._tell(kept)
        return decided

    async def tell(self) -> None:
        """Until cancelled: see to it that of every correction those concerned are told, also of one that another process,
        or one that crashed, has recorded."""
        while True:
            try:
                await self.tell_rest()
            except Exception as error:
                log.warning("It cannot be looked now whom to tell of corrections: %s", type(error).__name__)
            await asyncio.sleep(self._look_s)

    async def tell_rest(self) -> None:
        """Tell of what nobody was told of."""
        for review in await self._reviews.untold(self._notifiers.keys()):
            await self._tell(review)

    async def _tell(self, review: Review) -> None:
        if review.resolution != "corrected_answer" or review.told_at is not None:
            return
        try:
            answer = await self._feedback.answer(review.answer_id)
        except NotFound:
            return  # forgotten meanwhile, and the review with it
        notifier = self._notifiers.get(answer.platform)
        if notifier is None:
            return
        reached: set[str] = set()
        for posting in _threads(await self._postings.of_answer(review.answer_id)):
            await notifier.tell_thread(review.id, posting)
            reached.add(notifier.reader(posting))
        votes = await self._feedback.votes_on(review.answer_id)
        people = {vote.user for vote in votes if vote.value == -1 and vote.platform == answer.platform}
        for user in sorted((people | {answer.user}) - reached):
            await notifier.tell_person(review.id, answer.workspace, user)
        await self._reviews.told(review.id)


def _threads(postings: list[Posting]) -> list[Posting]:
    """One message for each thread in which the answer stands; drafts stand in none."""
    shown = (posting for posting in postings if posting.kind == "answer")
    first: dict[tuple[str, str], Posting] = {}
    for posting in shown:
        first.setdefault((posting.channel, posting.thread or posting.message), posting)
    return list(first.values())
