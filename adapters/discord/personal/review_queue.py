"""`/review`: reviewers decide about one answer after the other, in a message that they alone see."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.discord.bot import RESPONDED, UNCHANGED
from adapters.discord.identity import Identity
from adapters.discord.ids import Ids
from adapters.discord.interactions import Interaction, interaction_of
from adapters.discord.people.feedback import MODAL
from adapters.discord.personal.pages import Pages
from adapters.discord.personal.review_pages import (
    NOTE,
    Item,
    correcting,
    nothing,
    page,
    piece,
    rejecting,
    whole,
)
from adapters.discord.received import PLATFORM, First, Handler, Json, Received
from adapters.discord.rest.rest import Rest
from adapters.discord.whispers import Whispers
from adapters.inputs import together
from adapters.reviewing import Reviewing
from adapters.week_figures import week_lines
from rag_core.messages import say
from rag_core.records.analytics.figures import week
from rag_core.records.feedback.recording import Feedback
from rag_core.records.reviews.reviews import Review, Reviews

__all__ = ["ReviewQueue"]

_TRIES = 3
"""What waited may be decided or forgotten while it is looked up."""


class ReviewQueue:
    """Who is a reviewer is asked anew with each step. A decision counts once. Buttons carry which answer they are about, and
    how many wait before it, so that they outlive restarts."""

    def __init__(
        self,
        ids: Ids,
        database: AsyncEngine,
        reviewing: Reviewing,
        feedback: Feedback,
        identity: Identity,
        pages: Pages,
        whispers: Whispers,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._ids = ids
        self._database = database
        self._reviews = Reviews(database)
        self._reviewing = reviewing
        self._feedback = feedback
        self._identity = identity
        self._pages = pages
        self._whispers = whispers
        self._now = now

    def handlers(self) -> Mapping[str, Handler]:
        return {
            "command:review": self._show,
            "action:review_page": self._turn,
            "action:review_approve": self._approve,
            "action:review_correct": self._not_opened,
            "action:review_reject": self._not_opened,
            "action:review_open": self._open,
            "modal:review_corrected": self._corrected,
            "modal:review_rejected": self._rejected,
        }

    def firsts(self) -> Mapping[str, Json | First]:
        """Discord opens a modal in the very first response and never later."""
        return {
            "action:review_correct": self._correct,
            "action:review_reject": self._reject,
            "modal:review_corrected": UNCHANGED,
            "modal:review_rejected": UNCHANGED,
        }

    async def _show(self, received: Received, number: int = 0, notice: str = "") -> None:
        """The page of what stands there in the queue, or else of the last. notice: a message of the catalogues."""
        if not await self._may(received.rest, received.body):
            return await self._pages.say(received, "review-only")
        language = await self._pages.language(received.body)
        item = await self._at(number)
        lines, said = await self._week(language), say(language, notice) if notice else ""
        if item is None:
            return await self._pages.show(received, nothing(lines, language, said))
        return await self._pages.show(received, page(item, lines, language, self._ids, said))

    async def _turn(self, received: Received) -> None:
        to = interaction_of(received.body, self._ids).argument
        await self._show(received, int(to) if to.isdecimal() else 0)

    async def _approve(self, received: Received) -> None:
        review = self._about(received.body)[0]
        await self._decide(received, lambda who: self._reviewing.approve(review, who))

    async def _rejected(self, received: Received) -> None:
        review, note = self._about(received.body)[0], _text(interaction_of(received.body, self._ids), NOTE)
        await self._decide(received, lambda who: self._reviewing.reject(review, who, note))

    async def _corrected(self, received: Received) -> None:
        sent = interaction_of(received.body, self._ids)
        review, number, between = self._about(received.body)
        pieces = [_text(sent, f"text_{n}") for n in range(len(between) + 1)]
        text, note = together(pieces, [piece(letter) for letter in between]), _text(sent, NOTE)
        if not text:
            return await self._show(received, number, "draft-empty")
        return await self._decide(received, lambda who: self._reviewing.correct(review, who, text, note))

    async def _decide(self, received: Received, decision: Callable[[str], Awaitable[bool]]) -> None:
        """Then the next one takes its place."""
        review, number, _ = self._about(received.body)
        notice = ""
        if await self._may(received.rest, received.body):
            who = f"{PLATFORM}:{interaction_of(received.body, self._ids).person.id}"
            if not await decision(who) and not await self._reviewing.is_by(review, who):
                notice = "draft-decided"
        await self._show(received, number, notice)

    async def _open(self, received: Received) -> None:
        """All of it, below."""
        item = await self._item(received.body)
        if item is None or not await self._may(received.rest, received.body):
            return await self._show(received, self._about(received.body)[1], "draft-decided")
        spot, language = await self._whispers.spot(received), await self._pages.language(received.body)
        return await self._whispers.show(received.rest, spot, whole(item, language))

    async def _correct(self, payload: Mapping[str, Any], rest: Rest) -> Json:
        return await self._modal(payload, rest, correcting)

    async def _reject(self, payload: Mapping[str, Any], rest: Rest) -> Json:
        return await self._modal(payload, rest, rejecting)

    async def _modal(
        self, payload: Mapping[str, Any], rest: Rest, made: Callable[[Item, str, Ids], Json]
    ) -> Json:
        item = await self._item(payload)
        if item is None or not await self._may(rest, payload):
            return UNCHANGED
        return {"type": MODAL, "data": made(item, await self._pages.language(payload), self._ids)}

    async def _not_opened(self, received: Received) -> None:
        """Why not: it is decided, or it was looked up too slowly."""
        if received.body.get(RESPONDED) == MODAL:
            return
        words = "modal-not-opened" if await self._item(received.body) else "draft-decided"
        await self._show(received, self._about(received.body)[1], words)

    async def _item(self, payload: Mapping[str, Any]) -> Item | None:
        """What a button is about; None: it waits no more."""
        review, number, _ = self._about(payload)
        kept = await self._reviewing.get(review)
        return await self._made(kept, number, 1) if kept is not None and kept.is_pending else None

    async def _at(self, number: int) -> Item | None:
        """What waits there, or else last; None: nothing does."""
        for _ in range(_TRIES):
            count = await self._reviews.count_pending()
            number = min(number, max(0, count - 1))
            for review in await self._reviewing.pending(1, number):
                if item := await self._made(review, number, count):
                    return item
            if not count:
                return None
        return None

    async def _made(self, review: Review, number: int, count: int) -> Item | None:
        given = await self._reviewing.given(review)
        if given is None:
            return None
        return Item(review, given, await self._feedback.votes_on(given.id), number, count)

    async def _week(self, language: str) -> list[str]:
        """The last seven days, beside those before."""
        until = self._now()
        now = await week(self._database, until)
        return week_lines(now, await week(self._database, until - timedelta(days=7)), language)

    async def _may(self, rest: Rest, payload: Mapping[str, Any]) -> bool:
        one = interaction_of(payload, self._ids)
        return await self._identity.is_reviewer(rest, one.person, one.guild)

    def _about(self, payload: Mapping[str, Any]) -> tuple[str, int, str]:
        """The review, how many wait before it, and what stands between the inputs of a modal."""
        review, _, rest = interaction_of(payload, self._ids).argument.partition(":")
        number, _, between = rest.partition(":")
        return review, int(number) if number.isdecimal() else 0, between


def _text(sent: Interaction, name: str) -> str:
    value = sent.fields.get(name)
    return value if isinstance(value, str) else ""
