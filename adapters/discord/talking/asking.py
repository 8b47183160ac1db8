"""A message of Discord's -> a question, asked and answered where it stands. What all ways of asking share."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from adapters.answering import Answering, Asked, Surface, forget_earlier, question_in, shown
from adapters.channels import Channel, Channels
from adapters.chat import Chat, Reply
from adapters.conversations import Conversation, asked
from adapters.discord.arrivals import question_key
from adapters.discord.identity import Identity
from adapters.discord.persons import Person
from adapters.discord.places import Place
from adapters.discord.received import PLATFORM, Json, Received
from adapters.discord.rest.rest import Rest
from adapters.discord.showing.controls import Rendering
from adapters.discord.showing.looks import Looks
from adapters.discord.showing.rendering import growing
from adapters.discord.showing.surfaces import MESSAGES, Look, MessageSurface, Progress
from adapters.discord.talking.addressing import Message
from adapters.discord.talking.files import Files
from adapters.discord.talking.history import History
from adapters.discord.talking.plain_text import PlainText
from rag_core.messages import say
from rag_core.records.platforms.postings import Posting, Postings
from rag_core.types import Principal, Question

__all__ = ["Asking", "Inquiry", "again"]


@dataclass(frozen=True, slots=True)
class Inquiry:
    """A message that is to be answered by a reply to it."""

    message: Message
    channel: Channel
    """What is in force there."""
    person: Person
    """Who asks; not always who wrote it."""
    locale: str = ""
    """Theirs, as a BCP 47 tag; '': not known."""
    words: str = ""
    """What is asked, where the message does not say it itself."""
    conversation: Conversation | None = None
    """What stands before it, where that was looked up already."""
    unasked: bool = False
    """As in Asked."""
    shown: Collection[Posting] = field(default=())
    """What answers it so far, to be replaced."""
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
        text: PlainText,
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
        self.looks = looks
        self.text = text
        self._streaming = streaming

    async def channel(self, place: Place) -> Channel:
        """What is in force there.

        Raises:
            Unavailable: the database does not answer.
        """
        return await self._channels.of(PLATFORM, place.guild, place.id, place.within)

    def language(self, locale: str, channel: Channel) -> str:
        """To speak there to a person of this locale, as a BCP 47 tag."""
        return channel.language or self._chat.language(locale)

    async def admits(self, rest: Rest, person: Person, place: Place, channel: Channel) -> bool:
        """Whether this person may use the bot there."""
        if not channel.allowed or person.id in channel.allowed:
            return True
        return channel.admits(person.id, (await self.principal(rest, person, place, False)).roles)

    async def principal(self, rest: Rest, person: Person, place: Place, direct: bool) -> Principal:
        """Who asks. direct: they alone see the answer."""
        return await self._identity.principal(rest, person, place, direct)

    def question(
        self, text: str, principal: Principal, channel: Channel, locale: str, **more: Any
    ) -> Question:
        """As the channel has it asked. locale: the asker's."""
        return question_in(channel, text, principal, locale, **more)

    def growing(self, text: str) -> str:
        """What is shown of an answer that is being written; '' where that is turned off."""
        return growing(text) if self._streaming() else ""

    async def answer(self, received: Received, inquiry: Inquiry) -> Reply | None:
        """Answer it, or say why not; again, where it was answered before. None: nothing was shown.

        Raises:
            Unavailable: not now; another attempt goes on with what was shown.
            DiscordRefusal: Discord does not take it there.
        """
        surface = self._surface(received, inquiry)
        if not inquiry.unasked:
            await surface.begin()
        try:
            question, refusal = await self._question(received, inquiry)
        except BaseException:
            await surface.give_up()
            raise
        message = inquiry.message
        asked = Asked(question, inquiry.channel, message.id, inquiry.unasked, where=message.place.id)
        if refusal:
            reply: Reply | None = await self._refuse(asked, refusal, surface)
        else:
            reply = await self._answering.answer(asked, surface)
        await forget_earlier(self._postings, inquiry.shown, reply)
        return reply

    async def say(
        self, received: Received, inquiry: Inquiry, message: str, retry: bool = False, **values: object
    ) -> None:
        """A sentence of the catalogues in the place of an answer, once. retry: with a button to ask again."""
        language = self.language(inquiry.locale, inquiry.channel)
        text = say(language, message, **values)
        key = again(inquiry.message) if retry else ""
        look = Look(lambda reply: [self.looks.sentence(reply.text, language, again=key)], str)
        surface = self._surface(received, inquiry, look)
        messages = await surface.finish(Reply(text))
        thread = await self._history.root(inquiry.message)
        await self._postings.record([_notice(inquiry, thread, id) for id in messages])
        await forget_earlier(self._postings, inquiry.shown, None)

    async def _question(self, received: Received, inquiry: Inquiry) -> tuple[Question, str]:
        """And a sentence in the place of its answer, where it cannot be asked; '': it can."""
        rest, message, channel = received.rest, inquiry.message, inquiry.channel
        before = inquiry.conversation or await self._history.before(rest, message)
        words = inquiry.words or await self.text.of(rest, message)
        text, turns = asked(words, before)
        # what others read before it is sent is made from nothing that is for the asker alone
        alone = message.place.direct and not channel.draft
        principal = await self.principal(rest, inquiry.person, message.place, alone)
        more: dict[str, Any] = {
            "thread": await self._history.root(message),
            "turns": turns,
            "workspace": message.place.guild,
        }
        refusal = ""
        if alone:
            language = self.language(inquiry.locale, channel)
            own = await self._files.read(rest, message.files, language)
            earlier = await self._files.read(rest, before.files, language)
            more["attached"] = tuple({one.id: one for one in (*earlier.attached, *own.attached)}.values())
            refusal = "\n".join(own.refusals) if own.refusals and not own.attached else ""
        return self.question(text, principal, channel, inquiry.locale, **more), refusal

    async def _refuse(self, asked: Asked, refusal: str, surface: Surface) -> Reply:
        reply = Reply(refusal)
        await self._postings.record(shown(asked, reply, await surface.finish(reply)))
        return reply

    def _surface(self, received: Received, inquiry: Inquiry, look: Look | None = None) -> Surface:
        message = inquiry.message
        progress = _progress(received, inquiry)
        look = look or self._look(inquiry)
        return MessageSurface(received.rest, message.place.id, message.id, progress, look)

    def _look(self, inquiry: Inquiry) -> Look:
        language, key = self.language(inquiry.locale, inquiry.channel), again(inquiry.message)
        options = Rendering(
            escalation=bool(inquiry.channel.escalation),
            silence=inquiry.message.place.is_thread and inquiry.channel.follow_ups,
        )

        def final(reply: Reply) -> Sequence[Json]:
            return self.looks.final(reply, language, options, key)

        return Look(final, self.growing)


def again(message: Message) -> str:
    """What the button to try again carries: where the question stands."""
    return f"message:{message.place.id}:{message.id}"


def _progress(received: Received, inquiry: Inquiry) -> Progress:
    """All attempts at one question go by its own key, so that each finds what the others posted."""
    delivery = received.delivery
    noted: Mapping[str, Any] = delivery.progress
    if inquiry.shown:
        noted = {**_standing(inquiry.shown), **noted}
    key = question_key(inquiry.message.id)
    attempt = max(delivery.attempt, 2) if inquiry.shown or inquiry.begun else delivery.attempt
    return Progress(key, attempt, noted, received.note, replaces=bool(inquiry.shown))


def _standing(rows: Collection[Posting]) -> dict[str, Any]:
    """As a surface notes what it has shown."""
    by_part = {row.part: row.message for row in rows}
    return {MESSAGES: [by_part.get(part, "") for part in range(max(by_part) + 1)]}


def _notice(inquiry: Inquiry, thread: str, id: str) -> Posting:
    message = inquiry.message
    return Posting(
        platform=PLATFORM,
        channel=message.place.id,
        message=id,
        workspace=message.place.guild,
        thread=thread,
        question_message=message.id,
        kind="notice",
        user_id=inquiry.person.id,
    )
