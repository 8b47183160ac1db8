"""A message of Slack's -> a question, asked and answered where it stands. What all ways of asking share."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from adapters.answering import Answering, Asked, forget_earlier, question_in, shown
from adapters.channels import Channel, Channels
from adapters.chat import Chat, Reply
from adapters.conversations import Conversation, asked
from adapters.progress import Progress
from adapters.slack.arrivals import question_key
from adapters.slack.bot import PLATFORM
from adapters.slack.identity import Identity
from adapters.slack.received import Received
from adapters.slack.showing.controls import Rendering
from adapters.slack.showing.looks import Looks, Shown
from adapters.slack.showing.streaming import Place
from adapters.slack.showing.surfaces import Look, ThreadSurface
from adapters.slack.talking.addressing import Message
from adapters.slack.talking.files import Files
from adapters.slack.talking.history import History
from adapters.slack.web_api.api import Api
from rag_core.messages import say
from rag_core.records.platforms.postings import Posting, Postings
from rag_core.types import Principal, Question

__all__ = ["Asking", "Inquiry", "again"]

_ELSEWHERE = timedelta(seconds=10)
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Inquiry:
    """A message that is to be answered in its thread."""

    message: Message
    channel: Channel
    """What is in force there."""
    user: str
    """Who asks; not always who wrote it."""
    team: str
    """Their own workspace; '': not known for sure."""
    conversation: Conversation | None = None
    """What stands before it, where that was looked up already."""
    unasked: bool = False
    """As in Asked."""
    shown: Collection[Posting] = field(default=())
    """What answers it so far, to be replaced."""
    assistant: bool = False
    """In the assistant container."""
    begun: bool = False
    """Something may have been shown already that is to be replaced."""


class Asking:
    def __init__(
        self,
        answering: Answering,
        chat: Chat,
        identity: Identity,
        channels: Channels,
        history: History,
        files: Files,
        postings: Postings,
        looks: Looks,
        streaming: Callable[[], bool] = lambda: True,
    ) -> None:
        """streaming: whether answers are shown while they are written."""
        self._answering = answering
        self._chat = chat
        self._identity = identity
        self._channels = channels
        self._history = history
        self._files = files
        self._postings = postings
        self._looks = looks
        self._streaming = streaming

    @property
    def looks(self) -> Looks:
        return self._looks

    async def channel(self, received: Received, channel: str) -> Channel:
        """What is in force there.

        Raises:
            Unavailable: the database does not answer.
        """
        return await self._channels.of(PLATFORM, received.team, channel)

    async def language(self, api: Api, user: str, channel: Channel) -> str:
        """To speak to this person there, as a BCP 47 tag."""
        return channel.language or self._chat.language(await self._identity.language(api, user))

    async def is_bot(self, api: Api, user: str) -> bool:
        """Whether this is no person: bots that answer each other never end."""
        return (await self._identity.person(api, user)).is_bot

    async def admits(self, api: Api, user: str, channel: Channel) -> bool:
        """Whether this person may use the bot there."""
        if not channel.allowed or user in channel.allowed:
            return True
        return channel.admits(user, await self._identity.roles(api, user, channel.allowed))

    async def principal(
        self, api: Api, user: str, team: str, where: str, channel: Channel, direct: bool
    ) -> Principal:
        """Who asks. direct: they alone see the answer."""
        return await self._identity.principal(api, user, team, where, direct, channel.allowed)

    async def answer(self, received: Received, inquiry: Inquiry) -> Reply | None:
        """Answer it, or say why not; again, where it was answered before. None: nothing was shown.

        Raises:
            Unavailable: not now; another attempt goes on with what was shown.
            SlackRefusal: Slack does not take it there.
        """
        api, message = received.api, inquiry.message
        language = await self.language(api, inquiry.user, inquiry.channel)
        surface = _surface(received, inquiry, self._look(api, inquiry, language), language)
        if not inquiry.unasked:
            await surface.begin()
        try:
            question, refusal = await self._question(received, inquiry, language)
        except BaseException:
            await surface.give_up()
            raise
        asked = Asked(question, inquiry.channel, message.ts, inquiry.unasked)
        showing = Shown(surface, api, message.channel)
        if not self._streaming():
            showing.said = lambda text: None
        reply = await (
            self._refuse(asked, refusal, showing) if refusal else self._answering.answer(asked, showing)
        )
        await forget_earlier(self._postings, inquiry.shown, reply)
        return reply

    async def say(
        self, received: Received, inquiry: Inquiry, message: str, retry: bool = False, **values: object
    ) -> None:
        """A sentence of the catalogues in the place of an answer, once. retry: with a button to ask again."""
        language = await self.language(received.api, inquiry.user, inquiry.channel)
        text = say(language, message, **values)
        value = again(inquiry.message) if retry else ""
        look = Look(lambda reply: [self._looks.sentence(reply.text, language, value)], str)
        surface = _surface(received, inquiry, look, language)
        messages = await surface.finish(Reply(text))
        await self._postings.record([_notice(inquiry, received.team, ts) for ts in messages])
        await forget_earlier(self._postings, inquiry.shown, None)

    def question(
        self, text: str, principal: Principal, channel: Channel, language: str, **more: Any
    ) -> Question:
        """As the channel has it asked. language: the asker's."""
        return question_in(channel, text, principal, language, **more)

    async def _question(self, received: Received, inquiry: Inquiry, language: str) -> tuple[Question, str]:
        """And a sentence in the place of its answer, where it cannot be asked; '': it can."""
        api, message, channel = received.api, inquiry.message, inquiry.channel
        before = inquiry.conversation or await self._history.before(api, message)
        text, turns = asked(await self._history.text(api, message.text), before)
        # what others read before it is sent is made from nothing that is for the asker alone
        alone = message.direct and not channel.draft
        principal = await self.principal(api, inquiry.user, inquiry.team, message.channel, channel, alone)
        person = await self._identity.language(api, inquiry.user)
        more: dict[str, Any] = {
            "thread": message.conversation,
            "turns": turns,
            "workspace": received.team,
        }
        refusal = ""
        if alone:
            own = await self._files.read(api, message.files, language)
            earlier = await self._files.read(api, before.files, language)
            more["attached"] = tuple({one.id: one for one in (*earlier.attached, *own.attached)}.values())
            refusal = "\n".join(own.refusals) if own.refusals and not own.attached else ""
        return self.question(text, principal, channel, person, **more), refusal

    async def _refuse(self, asked: Asked, refusal: str, showing: Shown) -> Reply:
        reply = Reply(refusal)
        await self._postings.record(shown(asked, reply, await showing.finish(reply)))
        return reply

    def _look(self, api: Api, inquiry: Inquiry, language: str) -> Any:
        options = Rendering(
            escalation=bool(inquiry.channel.escalation),
            silence=not inquiry.message.direct and inquiry.channel.follow_ups,
        )
        return self._looks.of(api, inquiry.message.channel, language, options, again(inquiry.message))


def again(message: Message) -> str:
    """What the button to try again carries: where the question stands."""
    return f"message:{message.channel}:{message.ts}:{message.thread}"


def _place(inquiry: Inquiry) -> Place:
    message = inquiry.message
    return Place(
        channel=message.channel,
        user=inquiry.user,
        user_team=inquiry.team,
        thread=message.thread if message.direct else message.root,
        question=message.ts,
        assistant=inquiry.assistant,
    )


def _surface(received: Received, inquiry: Inquiry, look: Look, language: str) -> ThreadSurface:
    progress, signed = _progress(received, inquiry), received.take_mark() or _waited(received)
    return ThreadSurface(received.api, _place(inquiry), progress, look, language, signed=signed)


def _progress(received: Received, inquiry: Inquiry) -> Progress:
    """All attempts at one question go by its own key, so that each finds what the others posted."""
    delivery = received.delivery
    noted: Mapping[str, Any] = delivery.progress
    if inquiry.shown and not noted.get("ts"):
        noted = {**noted, "ts": min(inquiry.shown, key=lambda row: row.part).message}
    key = question_key(inquiry.message.channel, inquiry.message.ts)
    attempt = max(delivery.attempt, 2) if inquiry.shown or inquiry.begun else delivery.attempt
    return Progress(key, attempt, noted, received.note, replaces=bool(inquiry.shown))


def _waited(received: Received) -> bool:
    """For so long that another process may have had it before, and have left its sign."""
    return datetime.now(UTC) - received.delivery.received_at > _ELSEWHERE


def _notice(inquiry: Inquiry, team: str, ts: str) -> Posting:
    message = inquiry.message
    return Posting(
        platform=PLATFORM,
        channel=message.channel,
        message=ts,
        workspace=team,
        thread=message.conversation,
        question_message=message.ts,
        kind="notice",
        user_id=inquiry.user,
    )
