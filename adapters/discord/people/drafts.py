"""Draft mode: people see an answer before it is sent, and send it, change it or throw it away."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from adapters.answering import Asked
from adapters.channels import Channels
from adapters.chat import Reply
from adapters.discord.bot import RESPONDED, UNCHANGED
from adapters.discord.identity import Identity
from adapters.discord.ids import Ids
from adapters.discord.interactions import Interaction, interaction_of
from adapters.discord.people.draft_messages import DraftMessages
from adapters.discord.people.feedback import MODAL
from adapters.discord.people.posts import Target, changed, posted, put, target_of
from adapters.discord.people.rooms import Rooms, address_of
from adapters.discord.places import Places
from adapters.discord.received import PLATFORM, First, Handler, Json, Received
from adapters.discord.rest.errors import DiscordRefusal, PlaceClosed, Vanished
from adapters.discord.rest.rest import Rest
from adapters.discord.showing.components import LONGEST, modal, text_input
from adapters.discord.showing.controls import Rendering
from adapters.discord.showing.escaping import escaped, length, link, short
from adapters.discord.showing.looks import Looks
from adapters.discord.showing.rendering import body, growing
from adapters.discord.showing.surfaces import Look, MessageSurface
from adapters.discord.whispers import Pressed, Whispers
from adapters.drafting import DECIDED, Decision, Drafting
from adapters.inputs import parts, together
from adapters.progress import Progress
from rag_core.errors import AnswerloopError, NotFound, Unavailable
from rag_core.messages import say
from rag_core.records.feedback.recording import Feedback, RecordedAnswer
from rag_core.records.platforms.postings import Posting, Postings
from rag_core.records.reviews.reviews import Reviews

__all__ = ["Drafts"]

_TITLE = 90
_PART, _INPUTS = LONGEST - 200, 5
"""Characters of each part of a text, so that there is room for more; inputs of a modal."""
_NO_THREAD = (
    "A role cannot be shown a draft: that takes a private thread of the channel, and the permission Create Private Threads, "
    "which `answerloop init discord --role-drafts` asks for"
)
_DRAFTS = frozenset({"draft", "sent", "discarded"})
log = logging.getLogger(__name__)


class Drafts:
    """The posting of a message that shows a draft names in its thread the channel that the answer is to be sent to."""

    def __init__(
        self,
        ids: Ids,
        rest: Rest,
        feedback: Feedback,
        postings: Postings,
        reviews: Reviews,
        channels: Channels,
        identity: Identity,
        places: Places,
        whispers: Whispers,
        rooms: Rooms,
    ) -> None:
        self._ids = ids
        self._rest = rest
        self._feedback = feedback
        self._postings = postings
        self._drafting = Drafting(PLATFORM, postings)
        self._reviews = reviews
        self._channels = channels
        self._identity = identity
        self._places = places
        self._whispers = whispers
        self._rooms = rooms
        self._looks = Looks(ids)
        self._messages = DraftMessages(ids, rest, identity, rooms, self._looks)

    def handlers(self) -> Mapping[str, Handler]:
        return {
            "action:draft_send": self._send,
            "action:draft_edit": self._edit,
            "action:draft_discard": self._discard,
            "modal:draft_edited": self._edited,
        }

    def firsts(self) -> Mapping[str, Json | First]:
        return {"action:draft_edit": self._form, "modal:draft_edited": UNCHANGED}

    async def propose(self, asked: Asked, reply: Reply) -> None:
        """Show the answer to the people of the channel's escalation, in the place of an earlier draft for the same message.
        The asker is told. Implements adapters.answering.Propose.

        Raises:
            DiscordRefusal: the people cannot be written to.
            NotFound: the answer could not be recorded, without which nobody can decide about it.
            Unavailable: not now.
        """
        if reply.answer is None:
            return
        where = asked.where or asked.question.principal.channel
        target = await self._target(asked, where)
        if target is None:
            log.warning("Channel %s has drafts and nobody who sends them: set its escalation", where)
            return await self._tell_asker(asked, where, "draft-nobody")
        given = await self._feedback.answer(reply.answer.id)
        earlier = await self._postings.drafts_for(PLATFORM, asked.message) if asked.message else []
        words = "draft-proposed"
        if not [draft for draft in earlier if await self._changes(draft, given)]:
            try:
                await self._show(target, asked, given, where)
            except DiscordRefusal as error:
                if target.kind != "role":
                    raise
                log.warning("%s (%s)", _NO_THREAD, error)
                words = "escalation-unreachable"
        await self._tell_asker(asked, where, words)

    async def question_deleted(self, received: Received, channel: str, message: str) -> None:
        """There is nothing left to decide: the drafts for a message go with it."""
        for row in await self._postings.drafts_for(PLATFORM, message):
            try:
                await received.rest.delete(row.channel, row.message)
            except DiscordRefusal as error:
                log.info("A draft for a deleted question stays: %s", error)
            await self._postings.remove(PLATFORM, row.channel, row.message)

    async def _target(self, asked: Asked, where: str) -> Target | None:
        """Where those who decide see it; None: nobody is named who could."""
        guild, named = asked.question.asked_in, asked.channel.escalation
        if not named:
            return None
        found = await target_of(self._rest, self._identity, guild, named)
        if found.kind != "role":
            return found
        # Who has a role cannot be listed. They are called in a thread of their own, that the asker does not see.
        place = await self._rooms.place((await self._rooms.place(where, guild)).channel, guild)
        return replace(found, user=place.id) if place.kind == "channel" else None

    async def _changes(self, draft: Posting, given: RecordedAnswer) -> bool:
        """Whether an earlier draft for the same message shows this answer now; else it is gone."""
        shown = await self._messages.open(draft.channel, draft.workspace, given)
        try:
            await changed(self._rest, draft.channel, draft.message, shown)
        except (PlaceClosed, Vanished) as error:
            log.info("A draft is gone, so it is shown anew: %s", error)
            await self._postings.remove(PLATFORM, draft.channel, draft.message)
            return False
        await self._drafting.changed(draft, given)
        return True

    async def _show(self, target: Target, asked: Asked, given: RecordedAnswer, where: str) -> None:
        title, role = short(given.question, _TITLE) or "…", ""
        if target.kind == "role":
            thread = await self._rest.start_private_thread(target.user, title)
            target, role = Target("thread", str(thread["id"])), target.id
        shown = await self._messages.open(target.id, asked.question.asked_in, given, role)
        key = f"draft:{where}:{asked.message or given.id}"
        channel, message = await put(self._rest, target, shown, key, title)
        if not await self._is_of(given, channel, message, shown):
            channel, message = await put(self._rest, target, shown, f"{key}:{given.id}", title)
        await self._drafting.shown(channel, str(message["id"]), asked, given, where)

    async def _is_of(self, given: RecordedAnswer, channel: str, message: Json, shown: Json) -> bool:
        """Whether the message shows this answer. An attempt that broke off may have sent it with another one: then it is
        changed, unless somebody deleted it."""
        if self._ids.of("draft_send", given.id) in str(message.get("components")):
            return True
        try:
            await changed(self._rest, channel, str(message["id"]), shown)
        except Vanished:
            return False
        return True

    async def _send(self, received: Received) -> None:
        click = interaction_of(received.body, self._ids)
        await self._decide(received, click.argument, "sent")

    async def _discard(self, received: Received) -> None:
        click = interaction_of(received.body, self._ids)
        given = await self._decide(received, click.argument, "discarded")
        rows = await self._drafting.decided(given.id, "discarded") if given else []
        row = next((row for row in rows if row.user_id), None)
        if row is not None:
            await self._tell(row.user_id, row.workspace, row.thread, row.question_message, "draft-discarded")

    async def _edit(self, received: Received) -> None:
        click = interaction_of(received.body, self._ids)
        if received.body.get(RESPONDED) != MODAL:
            words = "modal-not-opened" if await self._given(click) else "vote-unknown"
            await self._whisper(received, words)

    async def _edited(self, received: Received) -> None:
        sent = interaction_of(received.body, self._ids)
        given = await self._given(sent)
        if given is None:
            return await self._whisper(received, "vote-unknown")
        pieces, between = _pieces(given.text)
        entered = [str(sent.fields.get(_input(n), piece)) for n, piece in enumerate(pieces)]
        text = together(entered, between)
        if not text:
            return await self._whisper(received, "draft-empty")
        decided = await self._decide(received, given.id, "sent", text)
        if decided is not None and text != given.text.strip():
            await self._reviews.propose(given.id, "draft", text, f"{PLATFORM}:{sent.person.id}")

    async def _decide(
        self, received: Received, answer: str, decision: Decision, text: str = ""
    ) -> RecordedAnswer | None:
        """The answer, if it was this person who decided about it. text: to be sent in its place; '': it is as it is."""
        given = await self._given(interaction_of(received.body, self._ids))
        if given is None:
            await self._whisper(received, "vote-unknown")
            return None
        if not await self._drafting.take(answer, decision, received.delivery.progress, received.note):
            await self._whisper(received, "draft-decided")
            return None
        rows, changed = (
            await self._drafting.decided(answer, decision),
            bool(text) and text != given.text.strip(),
        )
        if decision == "sent":
            try:
                await self._post(received, given, rows[0], text if changed else "")
            except AnswerloopError:
                await self._drafting.reopen(answer)
                raise
        user = interaction_of(received.body, self._ids).person.id
        for row in rows:
            await self._close(row, given, "draft-sent-changed" if changed else DECIDED[decision], user)
        return given

    async def _post(self, received: Received, given: RecordedAnswer, draft: Posting, text: str) -> None:
        """Send it where it was asked. text: a person's, in the place of the bot's."""
        where, guild = draft.thread, given.workspace
        place = await self._rooms.place(where, guild)
        settings = await self._channels.of(PLATFORM, guild, place.id, place.within)
        language = await self._rooms.language(where, guild)
        answer = given.as_given(language)
        if text:
            user = interaction_of(received.body, self._ids).person.id
            name = await self._identity.name(self._rest, guild, user)
            answer = replace(answer, text=text, notices=(say(language, "edited-by", name=name),))
        silence = place.is_thread and settings.follow_ups
        options = Rendering(escalation=bool(settings.escalation), silence=silence)
        noted = {**received.delivery.progress, "deciding": "sent"}
        progress = Progress(f"draft-sent:{given.id}", received.delivery.attempt, noted, received.note)
        look = Look(lambda reply: self._looks.final(reply, language, options), growing)
        surface = MessageSurface(self._rest, where, draft.question_message, progress, look)
        messages = await surface.finish(Reply(answer.text, answer))
        await self._drafting.sent(given, messages, where, draft.question_message)

    async def _close(self, row: Posting, given: RecordedAnswer, words: str, user: str) -> None:
        try:
            shown = await self._messages.decided(row.channel, row.workspace, given, words, user)
            await changed(self._rest, row.channel, row.message, shown)
        except (DiscordRefusal, Unavailable) as error:
            log.info("A draft does not show that it was decided about: %s", error)

    async def _form(self, payload: Mapping[str, Any], rest: Rest) -> Json:
        click = interaction_of(payload, self._ids)
        given = await self._given(click)
        if given is None:
            return UNCHANGED
        language = await self._whispers.language(await self._places.of(rest, payload), click.locale)
        inputs = [
            text_input(self._ids.of(_input(n)), say(language, "draft-text"), piece, required=n == 0)
            for n, piece in enumerate(_pieces(given.text)[0][:_INPUTS])
        ]
        title = say(language, "draft-edit")
        return {"type": MODAL, "data": modal(self._ids.of("draft_edited", given.id), title, *inputs)}

    async def _tell_asker(self, asked: Asked, where: str, words: str) -> None:
        if not asked.unasked:
            guild, user = asked.question.asked_in, asked.question.principal.user
            await self._tell(user, guild, where, asked.message, words)

    async def _tell(self, user: str, guild: str, where: str, question: str, words: str) -> None:
        """The person alone, with a link to their question; where they take no direct messages, below it."""
        language = await self._rooms.language(where, guild)
        said, key = escaped(say(language, words)), f"{words}:{where}:{question or user}"
        opens = link(address_of(guild, where, question), say(language, "open-thread"))
        try:
            direct = await self._rest.direct(user)
            await posted(self._rest, direct, body(said if direct == where else f"{said}\n-# {opens}"), key)
            return
        except DiscordRefusal as error:
            log.info("Who asked is told in the channel what becomes of a draft: %s", error)
        except Unavailable as error:
            log.info("Who asked is not told what becomes of a draft: %s", error)
            return
        try:
            await posted(self._rest, where, body(said), f"{key}:here", question)
        except (DiscordRefusal, Unavailable) as error:
            log.info("Who asked is not told what becomes of a draft: %s", error)

    async def _whisper(self, received: Received, words: str, *buttons: Pressed) -> None:
        await self._whispers.tell(received.rest, await self._whispers.spot(received), words, buttons)

    async def _given(self, click: Interaction) -> RecordedAnswer | None:
        """The answer that it is about; None: it is known no more, or no draft of it stands where this was pressed."""
        rows = await self._postings.of_answer(click.argument)
        if not any(row.kind in _DRAFTS and row.channel == click.channel for row in rows):
            return None
        try:
            return await self._feedback.answer(click.argument)
        except NotFound:
            return None


def _pieces(text: str) -> tuple[list[str], list[str]]:
    """As many inputs as a modal has show the first ones; what is beyond them stays as it is."""
    return parts(text, _PART, length)


def _input(number: int) -> str:
    return f"text{number}"
