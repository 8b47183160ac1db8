"""What was said in a conversation before a question, as Discord has it now."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from adapters.complaints import Complaints
from adapters.conversations import Conversation, turns_of
from adapters.discord.interactions import made_at
from adapters.discord.places import Place
from adapters.discord.received import PLATFORM
from adapters.discord.rest.errors import DiscordRefusal
from adapters.discord.rest.rest import Rest
from adapters.discord.talking.addressing import Message, is_written, message_of
from adapters.discord.talking.plain_text import PlainText
from adapters.wording import asks
from rag_core.errors import AnswerloopError
from rag_core.records.feedback.recording import Feedback
from rag_core.records.platforms.postings import Posting, Postings
from rag_core.types import Turn

__all__ = ["History"]

Payload = Mapping[str, Any]

RECENT = timedelta(hours=6)
"""Of direct messages: what is older belongs to another conversation."""
JUST_NOW = timedelta(minutes=10)
"""Of a channel: what was said longer before a mention without words is not what it is about."""
_PAGE, _CHAIN = 100, 20
"""Messages that are read at once, and replies that are followed up."""
_WAIT_S = 45.0
_STARTER = 21
"""The type of a thread's first message that shows the one which the thread hangs on."""
log = logging.getLogger(__name__)


class History:
    def __init__(
        self,
        text: PlainText,
        postings: Postings,
        feedback: Feedback,
        turns: Callable[[], int],
    ) -> None:
        """turns: how many messages before a question are looked at, at most."""
        self._text = text
        self._postings = postings
        self._feedback = feedback
        self._turns = turns
        self._complaints = Complaints(log)

    async def before(self, rest: Rest, message: Message) -> Conversation:
        """Never raises for what Discord does not give: then there are no turns, and the log says why.

        Raises:
            Unavailable: the database does not answer.
        """
        wanted = self._turns()
        if not wanted or not (message.own_channel or message.reply_to):
            return Conversation()
        try:
            async with asyncio.timeout(_WAIT_S):
                found = await (self._latest if message.own_channel else self._chain)(rest, message, wanted)
        except (AnswerloopError, TimeoutError, OSError) as error:
            sentence = f"Earlier messages cannot be read, so questions stand alone: {error}"
            self._complaints.about(f"history {message.place.channel}", sentence)
            return Conversation()
        return await self._conversation(rest, message, found, wanted)

    async def root(self, message: Message) -> str:
        """What stays the same from turn to turn: the thread, the direct messages, or the first message of a chain of
        replies, as far as it is known here."""
        if message.own_channel:
            return message.place.id
        answer = await self.answered_with(message)
        return answer.thread or answer.message if answer else message.reply_to or message.id

    async def answered_with(self, message: Message) -> Posting | None:
        """The message of ours that it replies to, or that answers the one which it replies to."""
        if not message.reply_to:
            return None
        where = message.place.id
        ours = await self._postings.of_message(PLATFORM, where, message.reply_to)
        if ours is not None:
            return ours
        return next(iter(await self._postings.of_question(PLATFORM, where, message.reply_to)), None)

    async def just_asked(self, rest: Rest, message: Message) -> str:
        """What a person asked right before it in the channel; '': nobody did, or it is not known."""
        try:
            found = await rest.messages(message.place.id, limit=1, before=message.id)
        except AnswerloopError as error:
            log.info("What stands above a mention cannot be read: %s", error)
            return ""
        recent = [one for one in found if is_written(one) and _since(one, message.id) < JUST_NOW]
        text = await self._text.of(rest, self.read(rest, recent[0], message.place)) if recent else ""
        return text if asks(text) else ""

    def read(self, rest: Rest, raw: Payload, place: Place) -> Message:
        return message_of(raw, place, rest.user)

    async def _latest(self, rest: Rest, message: Message, wanted: int) -> list[Payload]:
        """The newest of a thread, or of direct messages."""
        place, limit = message.place, min(_PAGE, wanted * 3)
        found = await rest.messages(place.id, limit=limit, before=message.id)
        if place.direct:
            return [one for one in found if _since(one, message.id) < RECENT]
        return [one.get("referenced_message") or one if one.get("type") == _STARTER else one for one in found]

    async def _chain(self, rest: Rest, message: Message, wanted: int) -> list[Payload]:
        """What it replies to, and what that replies to, as far as Discord shows it."""
        found: list[Payload] = []
        next_id, where = message.reply_to, message.place
        while next_id and len(found) < min(wanted, _CHAIN):
            ours = await self._beginning(await self._postings.of_message(PLATFORM, where.id, next_id))
            try:
                one: Payload = await rest.message(where.id, ours.message if ours else next_id)
            except DiscordRefusal as error:  # deleted, for instance
                log.info("A chain of replies is not followed any further: %s", error)
                break
            found.append(one)
            next_id = (ours.question_message if ours else "") or self.read(rest, one, where).reply_to
        return found

    async def _beginning(self, ours: Posting | None) -> Posting | None:
        """The first message of the answer that one of ours is a part of."""
        if ours is None or not ours.part or not ours.answer_id:
            return ours
        rows = await self._postings.of_answer(ours.answer_id)
        return next((row for row in rows if row.channel == ours.channel and not row.part), ours)

    async def _conversation(
        self, rest: Rest, message: Message, found: Sequence[Payload], wanted: int
    ) -> Conversation:
        earlier = sorted((one for one in found if _number(one) < int(message.id)), key=_number)
        own = [str(one["id"]) for one in earlier if _by(one) == rest.user]
        ours = await self._postings.of_messages(PLATFORM, message.place.id, own)
        if message.place.parent:  # a thread may hang on an answer
            above = [message.place.id] if message.place.id in own else []
            ours |= await self._postings.of_messages(PLATFORM, message.place.parent, above)
        people = [one for one in earlier if is_written(one)]
        said = [one for one in earlier if is_written(one) or str(one["id"]) in ours]
        turns = [
            turn
            for one in said[-wanted * 3 :]
            for turn in await self._of(rest, one, ours.get(str(one["id"])), message.place)
            if turn.text
        ]
        replied = next((one for one in people if str(one["id"]) == message.reply_to), None)
        return Conversation(
            turns=tuple(turns[-wanted:]),
            files=tuple(file for one in people for file in self.read(rest, one, message.place).files),
            last_by=_by(said[-1]) if said and str(said[-1]["id"]) not in ours else "",
            replied=await self._text.of(rest, self.read(rest, replied, message.place)) if replied else "",
        )

    async def _of(self, rest: Rest, one: Payload, posting: Posting | None, place: Place) -> Sequence[Turn]:
        if posting is not None:
            return await turns_of(self._feedback, posting)
        return (Turn("user", await self._text.of(rest, self.read(rest, one, place))),)


def _number(one: Payload) -> int:
    id = str(one.get("id") or "")
    return int(id) if id.isdecimal() else 0


def _by(one: Payload) -> str:
    return str((one.get("author") or {}).get("id") or "")


def _since(one: Payload, later: str) -> timedelta:
    return made_at(later) - made_at(str(one.get("id") or ""))
