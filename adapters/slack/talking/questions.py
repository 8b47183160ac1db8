"""What people write: questions to the bot, follow-ups, questions to nobody; and all that is none of its business."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from adapters import lateness
from adapters.addressing import Address, Facts, addressed, certainly
from adapters.channels import Channel
from adapters.conversations import Conversation
from adapters.slack.bot import PLATFORM
from adapters.slack.identity import asker_team
from adapters.slack.received import Handler, Received
from adapters.slack.showing.whispers import Spot, Whispers
from adapters.slack.talking.addressing import Message, message_of, readable
from adapters.slack.talking.asking import Asking, Inquiry
from adapters.slack.talking.history import History
from adapters.slack.talking.titles import Titles
from adapters.slack.web_api.errors import PlaceClosed, SlackRefusal
from adapters.wording import is_help, wants_quiet, wants_voice
from rag_core.records.platforms.postings import Posting, Postings
from rag_core.records.platforms.threads import Thread, Threads
from rag_core.settings import Settings

__all__ = ["Questions", "bot_user", "is_for_us", "minutes_late"]

_LATEST_S = 4e9
"""No time of Slack's is later than this."""
TakeReply = Callable[[Received], Awaitable[bool]]


class Questions:
    """The part that handles messages."""

    def __init__(
        self,
        settings: Callable[[], Settings],
        asking: Asking,
        history: History,
        postings: Postings,
        threads: Threads,
        titles: Titles,
        whispers: Whispers,
        take_reply: TakeReply | None = None,
    ) -> None:
        """take_reply: is given each message first, and says whether it was a person's reply to an escalation."""
        self._settings = settings
        self._asking = asking
        self._history = history
        self._postings = postings
        self._threads = threads
        self._titles = titles
        self._whispers = whispers
        self._take_reply = take_reply

    def handlers(self) -> Mapping[str, Handler]:
        return {"message": self._written}

    async def _written(self, received: Received) -> None:
        if not await is_for_us(received):
            return
        message = message_of(received.event, await bot_user(received))
        if received.event.get("hidden") or message.user == received.api.bot_user:
            return
        if self._take_reply is not None and await self._take_reply(received):
            return
        # an edit that adds a mention comes as an edit and as a mention
        earlier = received.delivery.attempt > 1 or bool(received.event.get("edited"))
        if earlier and await self._postings.of_question(PLATFORM, message.channel, message.ts):
            return
        await self.take(received, message)

    async def take(
        self, received: Received, message: Message, shown: Collection[Posting] = (), insist: bool = False
    ) -> None:
        """Answer a message, if it is for the bot. shown: what answers it so far, to be replaced.

        insist: it was for the bot before it was edited.

        Raises:
            Unavailable: not now.
            SlackRefusal: Slack takes no answer there.
        """
        channel = await self._asking.channel(received, message.channel)
        address, conversation = await self._address(received, message, channel)
        if address is Address.NOBODY and insist:
            address = Address.BOT
        if address is Address.NOBODY:
            return
        inquiry = Inquiry(message, channel, message.user, asker_team(received), conversation, shown=shown)
        inquiry = replace(inquiry, begun=received.interrupted)
        if address is Address.MAYBE:
            channel = replace(channel, auto_answer=certainly(channel))
            inquiry = replace(inquiry, unasked=True, channel=channel)
        if await self._may_go_on(received, inquiry):
            await self.answer(received, inquiry)

    async def answer(self, received: Received, inquiry: Inquiry) -> None:
        """Answer it, and name the thread of the assistant container after its first question."""
        message = inquiry.message
        thread = await self._thread(message) if message.direct and message.thread else Thread()
        in_container = Titles.is_assistants(thread) or "assistant_thread" in received.event
        inquiry = replace(inquiry, assistant=in_container)
        await self._asking.answer(received, inquiry)
        if inquiry.assistant:
            text = await self._history.text(received.api, message.text)
            await self._titles.name(
                received.api, received.team, message.channel, message.thread, thread, text
            )

    async def _address(
        self, received: Received, message: Message, channel: Channel
    ) -> tuple[Address, Conversation | None]:
        """Whom it is for; and what stands before it, where that was needed to tell."""
        facts = _facts(received, message)
        if (address := addressed(facts, channel)) is not None:
            return address, None
        ours = await self._postings.of_thread(PLATFORM, message.channel, message.thread)
        facts = replace(facts, askers=frozenset(row.user_id for row in ours if row.kind == "answer"))
        if (address := addressed(facts, channel)) is not None:
            return address, None
        facts = replace(facts, silenced=bool((await self._thread(message)).silenced_by))
        if (address := addressed(facts, channel)) is not None:
            return address, None
        before = await self._history.before(received.api, message)
        return addressed(replace(facts, last_by=before.last_by), channel) or Address.NOBODY, before

    async def _may_go_on(self, received: Received, inquiry: Inquiry) -> bool:
        """False: there is nothing to answer, or something else was said instead."""
        if await self._asking.is_bot(received.api, inquiry.user):
            return False
        admitted = await self._asking.admits(received.api, inquiry.user, inquiry.channel)
        late = minutes_late(received, self._settings())
        if inquiry.unasked:
            return admitted and late is None
        if not admitted:
            await self._refuse(received, inquiry)
            return False
        return not await self._instead(received, inquiry, late)

    async def _instead(self, received: Received, inquiry: Inquiry, late: int | None) -> bool:
        """Whether something else than an answer was called for, and said."""
        message = inquiry.message
        text = readable(message.text, received.api.bot_user, {})
        command = self._settings().slack.command
        if message.thread and not message.direct and (wants_quiet(text) or wants_voice(text)):
            await self._silence(received, inquiry, wants_quiet(text))
        elif not text and message.files and message.direct:
            await self._asking.say(received, inquiry, "ask-about-file")
        elif is_help(text) or (not text and not message.thread):
            await self._asking.say(received, inquiry, "ask-help" if text else "ask-empty", command=command)
        elif late is not None:
            await self._asking.say(received, inquiry, "asked-late", retry=True, minutes=str(late))
        else:
            return False
        return True

    async def _silence(self, received: Received, inquiry: Inquiry, quiet: bool) -> None:
        message = inquiry.message
        by = inquiry.user if quiet else ""
        await self._threads.silence(PLATFORM, received.team, message.channel, message.thread, by)
        await self._asking.say(received, inquiry, "thread-silenced" if quiet else "thread-resumed")

    async def _refuse(self, received: Received, inquiry: Inquiry) -> None:
        message = inquiry.message
        if message.direct:
            await self._asking.say(received, inquiry, "not-allowed")
        else:
            await self._whispers.tell(
                received.api, Spot(message.channel, message.user, message.thread), "not-allowed"
            )

    async def _thread(self, message: Message) -> Thread:
        return await self._threads.get(PLATFORM, message.channel, message.thread)


def _facts(received: Received, message: Message) -> Facts:
    return Facts(
        text=readable(message.text, received.api.bot_user, {}),
        user=message.user,
        direct=message.direct,
        mentions_bot=message.mentions_bot,
        mentions_others=message.mentions_others,
        in_thread=bool(message.thread),
    )


async def bot_user(received: Received) -> str:
    """The bot's user id.

    Raises:
        Unavailable: Slack does not tell it now.
    """
    return received.api.bot_user or (await received.api.identity()).bot_user


async def is_for_us(received: Received) -> bool:
    """Whether the bot itself sees the message. An app that acts for people as well hears of their direct messages, too."""
    event: Mapping[str, Any] = received.event
    given = received.body.get("authorizations")
    first = given[0] if isinstance(given, list) and given and isinstance(given[0], Mapping) else {}
    on_behalf = first.get("is_bot") is False and first.get("user_id") not in (None, await bot_user(received))
    if not on_behalf or event.get("channel_type") not in ("im", "mpim"):
        return True
    try:
        await received.api.call("conversations.info", channel=str(event.get("channel") or ""))
    except PlaceClosed:
        return False
    except SlackRefusal:
        return True
    return True


def minutes_late(received: Received, settings: Settings) -> int | None:
    """How long ago it was sent, where that is too long to answer it without asking; None: it is not."""
    ts = str(received.event.get("event_ts") or received.event.get("ts") or "")
    known = ts.replace(".", "", 1).isdigit()
    sent = datetime.fromtimestamp(min(float(ts), _LATEST_S), UTC) if known else None
    return lateness.minutes_late(received.delivery.received_at, sent, settings.slack.useful_for)
