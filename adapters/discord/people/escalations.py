"""'Ask a person': the button below an answer, what people reply, and 'Resolve'."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping
from typing import Any

from adapters.channels import Channels
from adapters.discord.bot import RESPONDED, UNCHANGED
from adapters.discord.ids import Ids
from adapters.discord.interactions import Interaction, interaction_of
from adapters.discord.people.feedback import MODAL
from adapters.discord.people.posts import posted
from adapters.discord.people.rooms import Rooms
from adapters.discord.people.standing import asked_here, given_here
from adapters.discord.places import Place, Places
from adapters.discord.received import PLATFORM, First, Handler, Json, Received
from adapters.discord.rest.errors import DiscordRefusal, PlaceClosed
from adapters.discord.rest.rest import Rest
from adapters.discord.showing.components import modal, text_input
from adapters.discord.showing.escaping import escaped
from adapters.discord.showing.rendering import body
from adapters.discord.talking.addressing import Message, message_of
from adapters.discord.talking.plain_text import PlainText
from adapters.discord.whispers import Spot, Whispers
from adapters.escalating import TOLD, Escalating, Outcome, PersonsReply
from rag_core.errors import NotFound
from rag_core.messages import say
from rag_core.records.feedback.recording import Feedback, RecordedAnswer
from rag_core.records.platforms.escalations import Escalation, escalation_id
from rag_core.records.platforms.postings import Postings

__all__ = ["AskingPeople"]

_TEXT = "text"
log = logging.getLogger(__name__)


class AskingPeople:
    def __init__(
        self,
        ids: Ids,
        escalating: Escalating,
        feedback: Feedback,
        postings: Postings,
        places: Places,
        channels: Channels,
        text: PlainText,
        whispers: Whispers,
        rooms: Rooms,
    ) -> None:
        self._ids = ids
        self._escalating = escalating
        self._feedback = feedback
        self._postings = postings
        self._places = places
        self._channels = channels
        self._text = text
        self._whispers = whispers
        self._rooms = rooms

    def handlers(self) -> Mapping[str, Handler]:
        return {
            "action:escalate": self._ask,
            "action:resolve": self._resolve,
            "modal:resolved": self._resolved,
        }

    def firsts(self) -> Mapping[str, Json | First]:
        return {"action:resolve": self._ask_for_answer, "modal:resolved": UNCHANGED}

    async def take_reply(self, received: Received) -> bool:
        """Whether a message of a person is an answer to a question that people were asked, and so none to the bot. It is
        brought to who asked. One that addresses the bot in its words is none."""
        place = await self._places.of(received.rest, received.body)
        written = message_of(received.body, place, received.rest.user)
        if not written.user or written.mentions_bot:
            return False
        async for channel, thread in self._conversations(received.body, written):
            if not await self._escalating.concerns(PLATFORM, channel, thread):
                continue
            text = await self._words(received.rest, written)
            if not text:  # a sticker, or words that Discord does not let the bot read
                return True
            reply, again = PersonsReply(written.user, text, written.id), received.delivery.attempt > 1
            if await self._escalating.reply(PLATFORM, channel, thread, reply, again):
                return True
        return False

    async def _conversations(
        self, raw: Mapping[str, Any], written: Message
    ) -> AsyncIterator[tuple[str, str]]:
        """What a message may be part of, by the channel and thread of an escalation: the thread of the message to the people
        or of the question; and what it replies to, which is the message to the people, an answer of ours, a question
        that we answered, or one's own reply to such a message."""
        place = written.place
        if place.is_thread:
            yield place.parent, place.id
            yield place.id, place.id
        if not written.reply_to:
            return
        yield place.id, written.reply_to
        for row in await self._postings.of_question(PLATFORM, place.id, written.reply_to):
            yield place.id, row.message
        before = (raw.get("referenced_message") or {}).get("message_reference") or {}
        if before.get("message_id"):
            yield place.id, str(before["message_id"])

    async def _ask(self, received: Received) -> None:
        click = interaction_of(received.body, self._ids)
        spot, again = await self._whispers.spot(received), received.delivery.attempt > 1
        try:
            answer = await self._feedback.answer(click.argument)
        except NotFound:
            answer = None
        place = spot.place
        if answer is None or not given_here(answer, click.person.id, place):
            await self._whispers.tell(received.rest, spot, "vote-unknown")
            return
        channel = await self._channels.of(PLATFORM, place.guild, place.id, place.within)
        wanted = await self._wanted(click, answer, place, channel.remind_after_s)
        try:
            outcome, kept = await self._escalating.ask(wanted, channel.escalation, again)
        except DiscordRefusal as error:
            log.warning("The people of a channel cannot be asked (its setting 'escalation'): %s", error)
            await self._whispers.tell(received.rest, spot, "escalation-unreachable")
            return
        if outcome is Outcome.OPEN and again and kept.user_id == click.person.id:
            outcome = Outcome.ASKED  # by the attempt that broke off
        if outcome is Outcome.ASKED:
            await self._tell_asked(received.rest, kept, spot)
        else:
            await self._whispers.tell(received.rest, spot, TOLD[outcome])

    async def _wanted(
        self, click: Interaction, answer: RecordedAnswer, place: Place, remind_after_s: int
    ) -> Escalation:
        posting = await self._postings.of_message(PLATFORM, place.id, click.message_id)
        alone = click.is_ephemeral or not place.guild
        return Escalation(
            id=escalation_id(PLATFORM, answer.id),
            answer_id=answer.id,
            platform=PLATFORM,
            workspace=place.guild,
            channel=place.id,
            thread="" if alone else (place.id if place.is_thread else click.message_id),
            message=posting.question_message if posting else "",
            user_id=click.person.id,
            question=answer.question,
            remind_after_s=remind_after_s,
        )

    async def _tell_asked(self, rest: Rest, kept: Escalation, spot: Spot) -> None:
        """Below the answer; what was asked in private is told in private. A role that was called there is seen by all."""
        if kept.in_thread:
            return
        if kept.thread:
            language = await self._rooms.language(kept.channel, kept.workspace)
            shown = body(escaped(say(language, "escalation-asked")))
            below = kept.thread if kept.thread != kept.channel else ""
            try:
                await posted(rest, kept.channel, shown, f"asked:{kept.id}", below)
                return
            except PlaceClosed as error:
                log.info("That people were asked is told to one alone: %s", error)
        await self._whispers.tell(rest, spot, "escalation-asked")

    async def _resolve(self, received: Received) -> None:
        if received.body.get(RESPONDED) == MODAL:
            return
        click = interaction_of(received.body, self._ids)
        await self._settle(received, click, None)

    async def _resolved(self, received: Received) -> None:
        sent = interaction_of(received.body, self._ids)
        await self._settle(received, sent, str(sent.fields.get(_TEXT) or ""))

    async def _settle(self, received: Received, click: Interaction, text: str | None) -> None:
        user, kept = click.person.id, await self._escalating.get(click.argument)
        did, after = False, None
        if kept is not None and asked_here(kept, click):
            did, after = await self._escalating.resolve(kept.id, user, text)
        if not did and (after is None or after.resolved_by != user):
            words = "escalation-resolved" if after is not None else "vote-unknown"
            await self._whispers.tell(received.rest, await self._whispers.spot(received), words)

    async def _ask_for_answer(self, payload: Mapping[str, Any], rest: Rest) -> Json:
        """Where a role was called, several may have written: which text is the answer? It is plain where somebody answered
        in the thread below the call."""
        click = interaction_of(payload, self._ids)
        kept = await self._escalating.get(click.argument)
        if kept is None or not (kept.is_open and kept.in_thread and asked_here(kept, click)):
            return UNCHANGED
        if kept.reply and kept.thread != kept.channel:
            return UNCHANGED
        language = await self._whispers.language(await self._places.of(rest, payload), click.locale)
        what = text_input(self._ids.of(_TEXT), say(language, "resolve-what"), kept.reply)
        return {
            "type": MODAL,
            "data": modal(self._ids.of("resolved", kept.id), say(language, "resolve"), what),
        }

    async def _words(self, rest: Rest, written: Message) -> str:
        """What a person wrote, without anything that would act; of files their names."""
        files = [str(file.get("filename") or "…") for file in written.files]
        return "\n".join(part for part in (await self._text.of(rest, written), *files) if part)
