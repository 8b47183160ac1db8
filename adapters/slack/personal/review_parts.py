"""What reviewers see on their Home tab besides: what waits for a decision, and how the week was."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.reviewing import SOURCES
from adapters.slack.identity import Identity
from adapters.slack.ids import Ids
from adapters.slack.personal.home import Visitor
from adapters.slack.showing.blocks import Json, actions, button, header, section
from adapters.slack.showing.escaping import escaped, label
from adapters.slack.showing.mrkdwn import plain
from adapters.slack.showing.views import date
from adapters.week_figures import week_lines
from rag_core.errors import NotFound
from rag_core.messages import say
from rag_core.records.analytics.figures import week
from rag_core.records.feedback.recording import Feedback
from rag_core.records.reviews.reviews import Review, Reviews

__all__ = ["ReviewParts"]

PAGE = 10
_QUESTION, _ANSWER = 200, 300


class ReviewParts:
    def __init__(
        self,
        ids: Ids,
        database: AsyncEngine,
        identity: Identity,
        feedback: Feedback,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._ids = ids
        self._database = database
        self._reviews = Reviews(database)
        self._identity = identity
        self._feedback = feedback
        self._now = now

    async def queue(self, visitor: Visitor) -> list[Json]:
        """A page of what waits for a decision, the oldest first."""
        if not await self._identity.is_reviewer(visitor.api, visitor.user):
            return []
        language, count = visitor.language, await self._reviews.count_pending()
        title = header(say(language, "review-queue", number=count))
        if not count:
            return [title, section(escaped(say(language, "review-nothing")))]
        offset = min(visitor.offset, (count - 1) // PAGE * PAGE)
        page = await self._reviews.pending(PAGE, offset)
        items = [block for review in page for block in await self._item(review, language)]
        return [title, *items, *self._turning(language, offset, count)]

    async def figures(self, visitor: Visitor) -> list[Json]:
        """The last seven days, beside those before."""
        if not await self._identity.is_reviewer(visitor.api, visitor.user):
            return []
        until, language = self._now(), visitor.language
        now = await week(self._database, until)
        before = await week(self._database, until - timedelta(days=7))
        text = "\n".join(f"• {escaped(line)}" for line in week_lines(now, before, language))
        return [header(say(language, "figures")), section(text)]

    async def _item(self, review: Review, language: str) -> list[Json]:
        try:
            given = await self._feedback.answer(review.answer_id)
        except NotFound:  # forgotten while this was put together
            return []
        votes = [vote.value for vote in await self._feedback.votes_on(given.id)]
        why = say(language, SOURCES.get(review.source, "review-by-vote"))
        text = "\n".join(
            (
                f"*{label(given.question, _QUESTION) or '…'}*",
                plain(given.text, _ANSWER),
                f"_{escaped(why)}_ · 👍 {votes.count(1)} 👎 {votes.count(-1)} · {date(review.created_at)}",
            )
        )
        pressed = [
            button(say(language, words), self._ids.of(action), review.id, style=style)
            for action, words, style in (
                ("review_approve", "review-approve", "primary"),
                ("review_correct", "review-correct", None),
                ("review_reject", "review-reject", "danger"),
                ("review_open", "review-open", None),
            )
        ]
        return [section(text), actions(*pressed)]

    def _turning(self, language: str, offset: int, count: int) -> list[Json]:
        """The buttons that lead to other pages."""
        pressed = []
        if offset:
            to = str(max(0, offset - PAGE))
            pressed.append(button(say(language, "review-before"), self._ids.of("review_page:before"), to))
        if offset + PAGE < count:
            to = str(offset + PAGE)
            pressed.append(button(say(language, "review-after"), self._ids.of("review_page:after"), to))
        return [actions(*pressed)] if pressed else []
