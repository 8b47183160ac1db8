"""What people write: questions to the bot, follow-ups, posts, questions to nobody; and all that is none of its business."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from adapters.addressing import Address, Facts, addressed, certainly
from adapters.channels import Channel
from adapters.conversations import Conversation
from adapters.discord.bot import INTERRUPTED
from adapters.discord.identity import Identity
from adapters.discord.interactions import made_at
from adapters.discord.persons import Person, person_of
from adapters.discord.places import Place, Places
from adapters.discord.received import PLATFORM, Handler, Received
from adapters.discord.rest.rest import Rest
from adapters.discord.talking.addressing import Message, is_written, message_of, named_roles, readable
from adapters.discord.talking.asking import Asking, Inquiry
from adapters.discord.talking.history import History
from adapters.discord.whispers import Whispers
from adapters.lateness import minutes_late
from adapters.wording import asks, is_help, only_thanks, wants_quiet, wants_voice
from rag_core.records.platforms.postings import Posting, Postings
from rag_core.records.platforms.threads import Thread, Threads
from rag_core.settings import Settings

__all__ = ["Questions", "TakeReply"]

_TOLD_AGAIN_S = 3600.0
"""So often at most somebody is told that they may not ask somewhere."""
_MOST_TOLD = 5_000
_DECIDED = frozenset({"draft", "sent", "discarded"})
TakeReply = Callable[[Received], Awaitable[bool]]


class Questions:
    """The part that handles messages."""

    def __init__(
        self,
        settings: Callable[[], Settings],
        asking: Asking,
        history: History,
        identity: Identity,
        places: Places,
        postings: Postings,
        threads: Threads,
        whispers: Whispers,
        take_reply: TakeReply | None = None,
    ) -> None:
        """take_reply: is given each message first, and says whether it was a person's reply to an escalation."""
        self._settings = settings
        self._asking = asking
        self._history = history
        self._identity = identity
        self._places = places
        self._postings = postings
        self._threads = threads
        self._whispers = whispers
        self._take_reply = take_reply
        self._told: dict[tuple[str, str], float] = {}

    def handlers(self) -> dict[str, Handler]:
        return {"message": self._written}

    async def message(self, received: Received) -> Message | None:
        """What a message or an edit says; None: it is none that is ever answered."""
        if not is_written(received.body):
            return None
        place = await self._places.of(received.rest, received.body)
        if place.kind == "group":  # Discord lets no bot in
            return None
        return await self.read(received.rest, received.body, place)

    async def read(self, rest: Rest, raw: Mapping[str, Any], place: Place) -> Message:
        """What a message of that place says, and to whom."""
        roles = named_roles(str(raw.get("content") or ""))
        own = await self._identity.own_role(rest, place.guild) if roles else ""
        return message_of(raw, place, rest.user, own)

    async def _written(self, received: Received) -> None:
        message = await self.message(received)
        if message is None or message.user == received.rest.user:
            return
        if self._take_reply is not None and await self._take_reply(received):
            return
        if received.delivery.attempt > 1 and await self._postings.of_question(
            PLATFORM, message.place.id, message.id
        ):
            return
        await self.take(received, message)

    async def take(
        self, received: Received, message: Message, shown: Collection[Posting] = (), insist: bool = False
    ) -> None:
        """Answer a message, if it is for the bot. shown: what answers it so far, to be replaced.

        insist: it was for the bot before it was edited.

        Raises:
            Unavailable: not now.
            DiscordRefusal: Discord takes no answer there.
        """
        channel = await self._asking.channel(message.place)
        address, conversation = await self._address(received.rest, message, channel)
        if address is Address.NOBODY and insist:
            address = Address.BOT
        if address is Address.NOBODY:
            return
        inquiry = Inquiry(
            message,
            channel,
            await self.person(received, message.place),
            self.locale(received, message.user),
            conversation=conversation,
            shown=shown,
            begun=bool(received.body.get(INTERRUPTED)),
        )
        if address is Address.MAYBE:
            channel = replace(channel, auto_answer=certainly(channel))
            inquiry = replace(inquiry, unasked=True, channel=channel)
        if (ready := await self._ready(received, inquiry)) is not None:
            await self._asking.answer(received, ready)

    async def person(self, received: Received, place: Place) -> Person:
        """Who wrote; with the roles that Discord tells, where the event did not."""
        found = person_of(received.body)
        if not place.guild or "member" in received.body:
            return found
        return replace(found, roles=await self._identity.roles(received.rest, place.guild, found.id))

    def locale(self, received: Received, user: str) -> str:
        """That of the server, where its owner chose one, or what is known of the person."""
        return str(received.body.get("guild_locale") or "") or self._whispers.locales.of(user)

    async def _address(
        self, rest: Rest, message: Message, channel: Channel
    ) -> tuple[Address, Conversation | None]:
        """Whom it is for; and what stands before it, where that was needed to tell."""
        answer = await self._history.answered_with(message)
        facts = _facts(rest, message, channel, answer)
        if (address := addressed(facts, channel)) is not None:
            return address, None
        facts = replace(facts, askers=await self._askers(message, answer))
        if (address := addressed(facts, channel)) is not None:
            return address, None
        thread = await self._thread(message)
        facts = replace(facts, silenced=bool(thread.silenced_by))
        if (address := addressed(facts, channel)) is not None:
            return address, None
        before = await self._history.before(rest, message)
        return addressed(replace(facts, last_by=before.last_by), channel) or Address.NOBODY, before

    async def _askers(self, message: Message, answer: Posting | None) -> frozenset[str]:
        """Whose questions were answered in its conversation, or by the message that its thread hangs on."""
        place = message.place
        rows = await self._postings.of_thread(PLATFORM, place.id, await self._history.root(message))
        if place.parent:
            rows += await self._postings.of_question(PLATFORM, place.parent, place.id)
            above = await self._postings.of_message(PLATFORM, place.parent, place.id)
            rows += [above] if above else []
        rows += [answer] if answer else []
        return frozenset(row.user_id for row in rows if row.kind == "answer")

    async def _ready(self, received: Received, inquiry: Inquiry) -> Inquiry | None:
        """None: there is nothing to answer, or something else was said instead."""
        rest, message = received.rest, inquiry.message
        admitted = await self._asking.admits(rest, inquiry.person, message.place, inquiry.channel)
        late = minutes_late(
            received.delivery.received_at, _sent(received, message), self._settings().discord.useful_for
        )
        if inquiry.unasked:
            return inquiry if admitted and late is None else None
        if not admitted:
            await self._refuse(received, inquiry)
            return None
        text = await self._asking.text.of(rest, message)
        if not text and not message.own_channel and not message.reply_to:
            text = await self._history.just_asked(rest, message)
            inquiry = replace(inquiry, words=text)
        return None if await self._instead(received, inquiry, text, late) else inquiry

    async def _instead(self, received: Received, inquiry: Inquiry, text: str, late: int | None) -> bool:
        """Whether something else than an answer was called for, and said."""
        message = inquiry.message
        command = f"/{self._settings().discord.command}"
        talking = not message.place.direct and (message.place.is_thread or message.reply_to)
        if talking and (wants_quiet(text) or wants_voice(text)):
            await self._silence(received, inquiry, wants_quiet(text))
        elif not text and message.files and message.place.direct:
            await self._asking.say(received, inquiry, "ask-about-file")
        elif is_help(text) or (not text and not talking):
            await self._asking.say(received, inquiry, "ask-help" if text else "ask-empty", command=command)
        elif late is not None:
            await self._asking.say(received, inquiry, "asked-late", retry=True, minutes=str(late))
        else:
            return False
        return True

    async def _silence(self, received: Received, inquiry: Inquiry, quiet: bool) -> None:
        message = inquiry.message
        root, by = await self._history.root(message), inquiry.person.id if quiet else ""
        await self._threads.silence(PLATFORM, message.place.guild, message.place.id, root, by)
        await self._asking.say(received, inquiry, "thread-silenced" if quiet else "thread-resumed")

    async def _refuse(self, received: Received, inquiry: Inquiry) -> None:
        """Told alone, and in a server once in a while."""
        message = inquiry.message
        if message.place.direct:
            return await self._asking.say(received, inquiry, "not-allowed")
        who, now = (inquiry.person.id, message.place.channel), time.monotonic()
        if now - self._told.get(who, -_TOLD_AGAIN_S) < _TOLD_AGAIN_S:
            return None
        if len(self._told) >= _MOST_TOLD:
            self._told.clear()
        self._told[who] = now
        spot = await self._whispers.spot(received)
        return await self._whispers.tell(received.rest, spot, "not-allowed")

    async def _thread(self, message: Message) -> Thread:
        root = await self._history.root(message)
        return await self._threads.get(PLATFORM, message.place.id, root)


def _sent(received: Received, message: Message) -> datetime:
    """When it was written, or was given the words that it has."""
    try:
        return datetime.fromisoformat(str(received.body.get("edited_timestamp")))
    except ValueError:
        return made_at(message.id)


def _facts(rest: Rest, message: Message, channel: Channel, answer: Posting | None) -> Facts:
    """answer: of ours that it replies to, or that answers the one which it replies to."""
    text = readable(message.text, {rest.user}, {})
    return Facts(
        text=text,
        user=message.user,
        direct=message.place.direct,
        mentions_bot=message.mentions_bot or _replies_to_bot(rest, message, text, channel, answer),
        mentions_others=message.mentions_others,
        in_thread=message.place.is_thread or answer is not None,
        post_tags=message.place.tags if message.begins_post else None,
    )


def _replies_to_bot(
    rest: Rest, message: Message, text: str, channel: Channel, answer: Posting | None
) -> bool:
    """Whether it speaks to the bot by replying to it: with the call that Discord adds to a reply, or with a question. About
    what the bot said otherwise than in answer to somebody, people talk among themselves."""
    ours = answer is not None and answer.message == message.reply_to
    if not (ours or message.reply_by == rest.user) or only_thanks(text) or not text:
        return False
    if not ours or (answer is not None and answer.kind in _DECIDED):
        return message.pings_bot and asks(text)
    return message.pings_bot or (channel.follow_ups and asks(text))
