"""Who is told that something failed for good, and where. What concerns nobody is in the log alone."""

from __future__ import annotations

import logging
from dataclasses import replace

from adapters.discord.ids import Ids
from adapters.discord.interactions import interaction_of
from adapters.discord.persons import person_of
from adapters.discord.received import PLATFORM, Received
from adapters.discord.rest.errors import DiscordRefusal
from adapters.discord.rest.rest import nonce_of
from adapters.discord.talking.addressing import Message
from adapters.discord.talking.asking import Asking, Inquiry
from adapters.discord.talking.history import History
from adapters.discord.talking.private import Responses, text_below
from adapters.discord.talking.questions import Questions
from adapters.discord.whispers import Whispers
from rag_core.errors import AnswerloopError
from rag_core.messages import say
from rag_core.records.platforms.postings import Postings

__all__ = ["Failures"]

_MESSAGES = ("message", "message_edited")
_REPLIES = ("command:", "menu:", "action:", "modal:")
log = logging.getLogger(__name__)


class Failures:
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

    async def tell(self, received: Received, reference: str) -> None:
        """What the bot calls when the inbox gives a delivery up, under a reference in the log. Never raises for what Discord
        or the database refuse."""
        kind = received.delivery.kind
        try:
            if kind in _MESSAGES:
                await self._asker(received, reference)
            elif kind.startswith(_REPLIES):
                await self._in_response(received, reference)
        except AnswerloopError as error:
            log.warning("Nobody could be told of failure %s: %s", reference, error)

    async def _in_response(self, received: Received, reference: str) -> None:
        """With a button, where a question was asked."""
        one, text = interaction_of(received.body, self._ids), ""
        if received.delivery.kind in ("command:ask", "menu:answer"):
            place = (await self._whispers.spot(received)).place
            asked = str(one.options.get("question") or one.message.get("content") or "")
            text = await self._asking.text.of_text(received.rest, place, asked)
        elif received.delivery.kind == "action:retry":
            text = text_below(one)
        if text:
            return await self._responses.failed(received, text, "failed", reference=reference)
        spot = await self._whispers.spot(received)
        return await self._whispers.tell(received.rest, spot, "failed", reference=reference)

    async def _asker(self, received: Received, reference: str) -> None:
        """In the place of the answer, with a button to ask again; nobody, where the bot was not addressed."""
        message = await self._questions.message(received)
        if message is None:
            return
        shown = await self._postings.of_question(PLATFORM, message.place.id, message.id)
        if any(row.answer_id for row in shown):
            return  # what failed came after the answer
        if not await self._concerns_bot(received, message):
            return
        channel = await self._asking.channel(message.place)
        locale = self._questions.locale(received, message.user)
        inquiry = Inquiry(message, channel, person_of(received.body), locale, shown=shown, begun=True)
        try:
            await self._asking.say(received, inquiry, "failed", retry=True, reference=reference)
        except DiscordRefusal:  # whatever it has against it: rather told elsewhere than not at all
            await self._alone(received, inquiry, reference)

    async def _concerns_bot(self, received: Received, message: Message) -> bool:
        if message.place.direct or message.mentions_bot or message.begins_post:
            return True
        thread = await self._history.root(message)
        ours = await self._postings.of_thread(PLATFORM, message.place.id, thread)
        answer = await self._history.answered_with(message)
        rows = [*ours, *([answer] if answer else [])]
        return any(row.user_id == message.user and row.kind == "answer" for row in rows)

    async def _alone(self, received: Received, inquiry: Inquiry, reference: str) -> None:
        """Where the bot cannot write: in a direct message."""
        rest, place = received.rest, inquiry.message.place
        language = self._asking.language(inquiry.locale, replace(inquiry.channel, language=""))
        text = say(language, "failed-there", channel=f"<#{place.id}>", reference=reference)
        direct = await rest.direct(inquiry.person.id)
        said = {"content": text, "allowed_mentions": {"parse": []}}
        await rest.send(direct, said, nonce=nonce_of(f"{received.delivery.key}:failed"))
