"""'Try again', below a failure or a question that came too late: the same question, answered in the same place."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from adapters.discord.ids import Ids
from adapters.discord.interactions import Interaction, interaction_of
from adapters.discord.received import PLATFORM, Handler, Received
from adapters.discord.rest.errors import DiscordRefusal
from adapters.discord.talking.asking import Asking, Inquiry
from adapters.discord.talking.history import History
from adapters.discord.talking.private import TEXT_BELOW, Requested, Responses, text_below
from adapters.discord.talking.questions import Questions
from adapters.discord.whispers import Spot, Whispers
from rag_core.records.platforms.postings import Postings

__all__ = ["Retries"]

log = logging.getLogger(__name__)


class Retries:
    def __init__(
        self,
        ids: Ids,
        asking: Asking,
        questions: Questions,
        history: History,
        responses: Responses,
        postings: Postings,
        whispers: Whispers,
    ) -> None:
        self._ids = ids
        self._asking = asking
        self._questions = questions
        self._history = history
        self._responses = responses
        self._postings = postings
        self._whispers = whispers

    def handlers(self) -> Mapping[str, Handler]:
        return {"action:retry": self._pressed}

    async def _pressed(self, received: Received) -> None:
        one, spot = interaction_of(received.body, self._ids), await self._whispers.spot(received)
        channel = await self._asking.channel(spot.place)
        if not await self._asking.admits(received.rest, one.person, spot.place, channel):
            return await self._whispers.tell(received.rest, spot, "not-allowed")
        kind, _, where = one.argument.partition(":")
        text = text_below(one) if kind == TEXT_BELOW else ""
        if kind == TEXT_BELOW and not text:
            return await self._whispers.tell(received.rest, spot, "question-gone")
        if kind == TEXT_BELOW:
            hidden = one.is_ephemeral
            shown = await self._postings.of_message(PLATFORM, spot.place.id, one.message_id)
            if shown and shown.answer_id:
                return None  # answered meanwhile: a second click
            await self._responses.answer(received, Requested(one, spot.place, channel, text, hidden))
            return None
        return await self._again(received, one, spot, where)

    async def _again(self, received: Received, one: Interaction, spot: Spot, where: str) -> None:
        """The message that asks, as it is now."""
        rest, place = received.rest, spot.place
        there, _, question = where.partition(":")
        shown = await self._postings.of_question(PLATFORM, there, question)
        if there != place.id or any(row.answer_id for row in shown):
            return None  # answered meanwhile: a second click
        found = await _message(received, there, question)
        if found is None:
            return await self._whispers.tell(rest, spot, "question-gone")
        message = await self._questions.read(rest, found, place)
        channel = await self._asking.channel(place)
        words = await self._words(received, message)
        inquiry = Inquiry(message, channel, one.person, one.locale, words=words, shown=shown)
        await self._asking.answer(received, inquiry)
        return None

    async def _words(self, received: Received, message: Any) -> str:
        """'': its own."""
        if await self._asking.text.of(received.rest, message) or message.own_channel or message.reply_to:
            return ""
        return await self._history.just_asked(received.rest, message)


async def _message(received: Received, channel: str, message: str) -> Mapping[str, Any] | None:
    """None: it is no more, or cannot be read."""
    try:
        return await received.rest.message(channel, message)
    except DiscordRefusal as error:
        log.info("A question cannot be read again: %s", error)
        return None
