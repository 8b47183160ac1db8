"""Asking people in Discord: what stands in their channel, what comes back to who asked, and reminders."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from adapters.discord.identity import Identity
from adapters.discord.ids import Ids
from adapters.discord.people.call_messages import CallMessages
from adapters.discord.people.posts import Target, changed, posted, put, target_of
from adapters.discord.people.rooms import Rooms
from adapters.discord.persons import Person
from adapters.discord.rest.errors import DiscordRefusal, PlaceClosed, Vanished
from adapters.discord.rest.rest import Rest
from adapters.discord.showing.components import Json
from adapters.discord.showing.escaping import short
from adapters.escalating import Called, PersonsReply, answer_for
from rag_core.access import Access
from rag_core.errors import Unavailable
from rag_core.records.feedback.recording import Feedback
from rag_core.records.platforms.escalations import Escalation

__all__ = ["EscalationDesk"]

_TITLE = 90
_LOOKED_AT = 50
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Where:
    target: Target
    role: str = ""
    """It is called."""
    reply_to: str = ""

    @property
    def has_threads(self) -> bool:
        return self.target.kind == "channel"


class EscalationDesk:
    """Implements adapters.escalating.Desk. A target is a role, a channel or a person, by its id.

    An escalation's channel is where the answer stands, and its thread the same where that is a thread or post; elsewhere
    its thread is the answer's message, to which we reply. In channels the message to the people gets a thread, which is
    theirs to answer in; elsewhere, and there as well, they reply to the message.

    A role is called where the answer stands: that mention is the only one of ours that calls anybody.
    """

    def __init__(
        self, ids: Ids, rest: Rest, feedback: Feedback, access: Access, identity: Identity, rooms: Rooms
    ) -> None:
        """access: an answer is shown to the people who are asked only where they may read what it was made from."""
        self._ids = ids
        self._rest = rest
        self._feedback = feedback
        self._access = access
        self._identity = identity
        self._rooms = rooms
        self._messages = CallMessages(ids, rest, identity)

    async def call(self, escalation: Escalation, target: str, again: bool = False) -> Called:
        where = await self._where(escalation, target)
        channel, message = where.target.id, ""
        if again and where.target.kind != "forum":
            message = await self._called(escalation, channel)
        if not message:
            shown = await self._shown(escalation, where)
            title = short(escalation.question, _TITLE) or "…"
            key = f"escalation:{escalation.id}"
            channel, sent = await put(self._rest, where.target, shown, key, title, where.reply_to)
            message = str(sent["id"])
        if where.has_threads and not await self._open_thread(escalation, where, message):
            await self._tell_how(escalation, where, message)
        return Called(channel, message, where.role)

    async def answers(self, escalation: Escalation, user: str) -> bool:
        roles = await self._identity.roles(self._rest, escalation.workspace, user)
        return escalation.mentioned in roles

    async def relay(self, escalation: Escalation, reply: PersonsReply, again: bool = False) -> None:
        key = f"reply:{escalation.id}:{reply.message}"
        try:
            channel, answered = await self._origin(escalation)
            language = await self._rooms.language(channel, escalation.workspace)
            shown = await self._messages.reply(escalation, language, reply.user, reply.text)
            for part, body in enumerate(shown):
                await posted(self._rest, channel, body, key, answered if part == 0 else "", part)
        except (PlaceClosed, Vanished) as error:
            log.info("What a person answered does not reach who asked: %s", error)
            language = await self._rooms.language(escalation.target_channel, escalation.workspace)
            undelivered = await self._messages.undelivered(escalation, language)
            await self._to_people(escalation, undelivered, f"{key}:undelivered")

    async def remind(self, escalation: Escalation, number: int) -> None:
        language = await self._rooms.language(escalation.target_channel, escalation.workspace)
        shown = self._messages.reminder(escalation, language)
        await self._to_people(escalation, shown, f"reminder:{escalation.id}:{number}")

    async def _to_people(self, escalation: Escalation, shown: Json, key: str) -> None:
        """In their thread, or as a reply to what was asked of them."""
        if (await self._rooms.place(escalation.target_channel, escalation.workspace)).kind == "channel":
            try:  # a message's thread has its id
                await posted(self._rest, escalation.target_message, shown, key)
                return
            except (PlaceClosed, Vanished) as error:
                log.info("People are written to outside of their thread: %s", error)
        await posted(self._rest, escalation.target_channel, shown, key, escalation.target_message)

    async def settle(self, escalation: Escalation) -> None:
        place = await self._rooms.place(escalation.target_channel, escalation.workspace)
        here = escalation.target_channel
        target = Target("direct", here, escalation.resolved_by) if place.direct else Target("thread", here)
        where = _Where(target, escalation.mentioned)
        try:
            shown = await self._shown(escalation, where)
            await changed(self._rest, escalation.target_channel, escalation.target_message, shown)
        except (DiscordRefusal, Unavailable) as error:
            log.info("A question to people does not show that it is resolved: %s", error)
        if escalation.reply or escalation.in_thread:
            return
        try:
            await self._tell_closed(escalation)
        except (PlaceClosed, Vanished) as error:
            log.info("Who asked is not told that people closed the question: %s", error)

    async def _tell_closed(self, escalation: Escalation) -> None:
        """Somebody closed it without a word."""
        channel, answered = await self._origin(escalation)
        language = await self._rooms.language(channel, escalation.workspace)
        shown = await self._messages.closed(escalation, language)
        await posted(self._rest, channel, shown, f"closed:{escalation.id}", answered)

    async def _where(self, escalation: Escalation, target: str) -> _Where:
        found = await target_of(self._rest, self._identity, escalation.workspace, target)
        if found.kind != "role":
            return _Where(found)
        place = await self._rooms.place(escalation.channel, escalation.workspace)
        here = Target("thread" if place.is_thread else "channel", escalation.channel)
        return _Where(here, found.id, _message(escalation))

    async def _shown(self, escalation: Escalation, where: _Where, hint: bool = False) -> Json:
        """hint: say how to reply, also where there is to be a thread."""
        language = await self._rooms.language(where.target.id, escalation.workspace)
        answer = "" if where.role and escalation.thread else await self._answer(escalation, where)
        in_thread = bool(where.role and escalation.thread)
        hint = hint or (where.target.kind in ("direct", "thread") and not in_thread)
        return await self._messages.call(escalation, language, where.role, answer, hint)

    async def _answer(self, escalation: Escalation, where: _Where) -> str:
        """That was given, where those who read it here may read all that it was made from."""
        place = await self._rooms.place(where.target.id, "" if where.target.user else escalation.workspace)
        person = Person(where.target.user)
        reader = await self._identity.principal(self._rest, person, place, direct=bool(person.id))
        answer = await answer_for(reader, escalation.answer_id, self._feedback, self._access)
        return answer.text if answer else ""

    async def _origin(self, escalation: Escalation) -> tuple[str, str]:
        """Where the asker reads what comes back: the channel, and what is replied to there; or direct messages."""
        if escalation.thread:
            return escalation.channel, _message(escalation)
        return await self._rest.direct(escalation.user_id), ""

    async def _called(self, escalation: Escalation, channel: str) -> str:
        """The message of an attempt that broke off; '': there is none."""
        pressed = self._ids.of("resolve", escalation.id)
        try:
            latest = await self._rest.messages(channel, limit=_LOOKED_AT)
        except DiscordRefusal as error:  # rather asked twice than not at all
            log.info("What an earlier attempt posted cannot be looked up: %s", error)
            return ""
        return next((str(one["id"]) for one in latest if pressed in str(one.get("components"))), "")

    async def _open_thread(self, escalation: Escalation, where: _Where, message: str) -> bool:
        """Whether people can answer in it. Who asked reads along where a role was called."""
        title = short(escalation.question, _TITLE) or "…"
        try:
            await self._rest.start_thread(where.target.id, message, title)
        except (DiscordRefusal, Unavailable) as error:
            log.info("A question to people has no thread: %s", error)
            return False
        try:
            if where.role and escalation.thread:
                await self._rest.add_to_thread(message, escalation.user_id)
            if not self._rest.reads_messages:
                await self._ask_to_reply(escalation, message)
        except (DiscordRefusal, Unavailable) as error:
            log.info("The thread of a question to people is not as it should be: %s", error)
        return True

    async def _ask_to_reply(self, escalation: Escalation, thread: str) -> None:
        """Without the message content intent the bot reads no other messages there."""
        language = await self._rooms.language(thread, escalation.workspace)
        await posted(self._rest, thread, self._messages.hint(language), f"hint:{escalation.id}")

    async def _tell_how(self, escalation: Escalation, where: _Where, message: str) -> None:
        try:
            await changed(
                self._rest, where.target.id, message, await self._shown(escalation, where, hint=True)
            )
        except (DiscordRefusal, Unavailable) as error:
            log.info("People were not told how to reply: %s", error)


def _message(escalation: Escalation) -> str:
    """The answer's, where it stands in no thread of its own; '': it does."""
    return escalation.thread if escalation.thread != escalation.channel else ""
