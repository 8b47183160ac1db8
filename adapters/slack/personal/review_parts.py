"""What reviewers see on their Home tab besides: what waits for a decision, and how the week was."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.slack.identity import Identity
from adapters.slack.ids import Ids
from adapters.slack.personal.home import Visitor
from adapters.slack.showing.blocks import Json, actions, button, header, section
from adapters.slack.showing.escaping import escaped, label
from adapters.slack.showing.mrkdwn import plain
from adapters.slack.showing.views import date
from rag_core.errors import NotFound
from rag_core.messages import say
from rag_core.records.feedback import Feedback
from rag_core.records.figures import Figures, Share, share, week
from rag_core.records.reviews import Review, Reviews

__all__ = ["ReviewParts"]

PAGE = 10
_QUESTION, _ANSWER = 200, 300
_BARS = "▁▂▃▄▅▆▇█"
_SOURCES = {"vote": "review-by-vote", "escalation": "review-by-escalation", "draft": "review-by-draft"}
_UNKNOWN = "–"


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
        lines = [_questions(now, before, language), *_shares(now, before, language)]
        lines += [_escalated(now, before, language), _median(now, before, language)]
        text = "\n".join(f"• {line}" for line in lines)
        return [header(say(language, "figures")), section(text)]

    async def _item(self, review: Review, language: str) -> list[Json]:
        try:
            given = await self._feedback.answer(review.answer_id)
        except NotFound:  # forgotten while this was put together
            return []
        votes = [vote.value for vote in await self._feedback.votes_on(given.id)]
        why = say(language, _SOURCES.get(review.source, "review-by-vote"))
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


def _questions(now: Figures, before: Figures, language: str) -> str:
    said = escaped(say(language, "figures-questions", now=now.questions, before=before.questions))
    return f"{said}  {_spark(now.per_day)}" if now.questions else said


def _shares(now: Figures, before: Figures, language: str) -> list[str]:
    votes = now.good + now.bad
    helpful, abstained = now.helpful, share(now.abstained, now.questions)
    lines = []
    for words, rate, earlier, of in (
        ("figures-helpful", helpful, before.helpful, votes),
        ("figures-abstained", abstained, share(before.abstained, before.questions), now.questions),
    ):
        low, high = (_UNKNOWN, _UNKNOWN) if rate is None else (_percent(rate.low), _percent(rate.high))
        values = {"now": _rate(rate), "before": _rate(earlier), "low": low, "high": high, "number": of}
        lines.append(escaped(say(language, words, **values)))
    return lines


def _escalated(now: Figures, before: Figures, language: str) -> str:
    values = {"now": now.escalated, "open": now.open, "resolved": now.resolved, "before": before.escalated}
    return escaped(say(language, "figures-escalated", **values))


def _median(now: Figures, before: Figures, language: str) -> str:
    return escaped(
        say(language, "figures-median", now=_seconds(now.median_ms), before=_seconds(before.median_ms))
    )


def _seconds(ms: float | None) -> float | str:
    return _UNKNOWN if ms is None else round(ms / 1000, 2)


def _rate(rate: Share | None) -> int | str:
    return _UNKNOWN if rate is None else _percent(rate.value)


def _percent(part: float) -> int:
    return round(100 * part)


def _spark(values: tuple[int, ...]) -> str:
    """A bar for each day, the highest for most."""
    most = max(values, default=0) or 1
    return "".join(_BARS[round(value / most * (len(_BARS) - 1))] for value in values)
