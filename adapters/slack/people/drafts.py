"""Draft mode: people see an answer before it is sent, and send it, change it or throw it away."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace

from adapters.answering import Asked
from adapters.channels import Channels
from adapters.chat import Reply
from adapters.drafting import DECIDED, Decision, Drafting
from adapters.inputs import parts, together
from adapters.progress import Progress
from adapters.slack.bot import PLATFORM, Refusal
from adapters.slack.clicks import Click, click_of, entered, kept_in, user_of
from adapters.slack.identity import Identity
from adapters.slack.ids import Ids
from adapters.slack.people.draft_messages import DraftMessages
from adapters.slack.received import Handler, Received
from adapters.slack.showing.controls import Rendering
from adapters.slack.showing.looks import Looks, Shown
from adapters.slack.showing.modals import LONGEST, PART, modal, text_input
from adapters.slack.showing.quoting import direct_channel
from adapters.slack.showing.streaming import Place
from adapters.slack.showing.surfaces import ThreadSurface
from adapters.slack.showing.whispers import Spot, Whispers
from adapters.slack.web_api.api import Api, Apis
from adapters.slack.web_api.errors import SlackRefusal
from rag_core.errors import AnswerloopError, NotFound, Unavailable
from rag_core.messages import say
from rag_core.records.feedback.recording import Feedback, RecordedAnswer
from rag_core.records.platforms.postings import Posting, Postings
from rag_core.records.reviews.reviews import Reviews

__all__ = ["Drafts"]

_TEXT = "text"
_MOST_PEOPLE = 10
"""Of a user group, who are each shown a draft."""
log = logging.getLogger(__name__)


class Drafts:
    def __init__(
        self,
        ids: Ids,
        apis: Apis,
        feedback: Feedback,
        postings: Postings,
        reviews: Reviews,
        channels: Channels,
        identity: Identity,
        looks: Looks,
        whispers: Whispers,
    ) -> None:
        self._ids = ids
        self._apis = apis
        self._feedback = feedback
        self._postings = postings
        self._drafting = Drafting(PLATFORM, postings)
        self._reviews = reviews
        self._channels = channels
        self._identity = identity
        self._looks = looks
        self._whispers = whispers
        self._messages = DraftMessages(ids, identity, whispers)

    def handlers(self) -> Mapping[str, Handler]:
        return {
            "action:draft_send": self._send,
            "action:draft_edit": self._edit,
            "action:draft_discard": self._discard,
            "view:draft_edited": self._edited,
        }

    def refusals(self) -> Mapping[str, Refusal]:
        return {"view:draft_edited": self._wrong}

    async def propose(self, asked: Asked, reply: Reply) -> None:
        """Show the answer to the people of the channel's escalation, in the place of an earlier draft for the same message.
        The asker is told. Implements adapters.answering.Propose.

        Raises:
            SlackRefusal: the people cannot be written to.
            NotFound: the answer could not be recorded, without which nobody can decide about it.
            Unavailable: not now.
        """
        who, answer = asked.question.principal, reply.answer
        if answer is None:
            return
        api = await self._apis.of({"team_id": asked.question.asked_in})
        spot = Spot(who.channel, who.user, _thread_of(asked.question.thread, who.channel))
        targets = await self._targets(api, asked.channel.escalation)
        if not targets:
            log.warning("Channel %s has drafts and nobody who sends them: set its escalation", who.channel)
            if not asked.unasked:
                await self._whispers.tell(api, spot, "draft-nobody")
            return
        given = await self._feedback.answer(answer.id)
        for target in targets:
            await self._show(api, target, asked, given)
        if not asked.unasked:
            await self._whispers.tell(api, spot, "draft-proposed")

    async def question_deleted(self, received: Received, channel: str, ts: str) -> None:
        """There is nothing left to decide: the drafts for a message go with it."""
        for row in await self._postings.drafts_for(PLATFORM, ts):
            try:
                if row.answer_id and (await self._feedback.answer(row.answer_id)).channel != channel:
                    continue
                await received.api.call("chat.delete", channel=row.channel, ts=row.message)
            except (NotFound, SlackRefusal) as error:
                log.info("A draft for a deleted question stays: %s", error)
            await self._postings.remove(PLATFORM, row.channel, row.message)

    async def _show(self, api: Api, target: str, asked: Asked, given: RecordedAnswer) -> None:
        draft = await self._drafting.earlier(target, asked)
        shown = await self._messages.open(api, target, given)
        if draft is not None:
            await api.call("chat.update", channel=target, ts=draft.message, **shown)
            await self._drafting.changed(draft, given)
            return
        place = f"{given.channel}:{asked.message or given.id}"
        ts = await api.post(delivery=f"draft:{place}", part=0, channel=target, **shown)
        await self._drafting.shown(target, ts, asked, given)

    async def _targets(self, api: Api, escalation: str) -> list[str]:
        """Channels by id. The members of a group are each written to."""
        if escalation.startswith("S"):
            people = sorted(await self._identity.members(api, escalation))[:_MOST_PEOPLE]
        elif escalation.startswith(("U", "W")):
            people = [escalation]
        else:
            return [escalation] if escalation else []
        return [await direct_channel(api, person) for person in people]

    async def _send(self, received: Received) -> None:
        click = click_of(received.body, self._ids)
        await self._decide(received, click.value, "sent", _spot(click))

    async def _discard(self, received: Received) -> None:
        click = click_of(received.body, self._ids)
        given = await self._decide(received, click.value, "discarded", _spot(click))
        if given is None:
            return
        rows = await self._postings.of_answer(given.id)
        asker = next((row.user_id for row in rows if row.user_id), "")
        if asker:
            spot = Spot(given.channel, asker, _thread_of(given.thread, given.channel))
            await self._whispers.tell(received.api, spot, "draft-discarded")

    async def _edit(self, received: Received) -> None:
        click = click_of(received.body, self._ids)
        try:
            given = await self._feedback.answer(click.value)
        except NotFound:
            await self._whispers.tell(received.api, _spot(click), "vote-unknown")
            return
        language = await self._whispers.language_at_once(received.api, click.channel, click.user)
        view = self._modal(language, given, click)
        if not await self._whispers.open(received.api, click.trigger, view):
            await self._whispers.tell(received.api, _spot(click), "modal-not-opened")

    async def _edited(self, received: Received) -> None:
        body, kept = received.body, kept_in(received.body)
        between = [str(one) for one in kept.get("between") or ()]
        text = together(self._entered(body, kept), between)
        spot = Spot(str(kept.get("channel") or ""), user_of(body), str(kept.get("thread") or ""))
        given = await self._decide(received, str(kept.get("answer") or ""), "sent", spot, text)
        if given is not None and text != given.text.strip():
            await self._reviews.propose(given.id, "draft", text, f"{PLATFORM}:{spot.user}")

    async def _decide(
        self,
        received: Received,
        answer: str,
        decision: Decision,
        spot: Spot,
        text: str = "",
    ) -> RecordedAnswer | None:
        """The answer, if it was this person who decided about it. text: to be sent in its place; '': it is as it is."""
        try:
            given = await self._feedback.answer(answer)
        except NotFound:
            await self._whispers.tell(received.api, spot, "vote-unknown")
            return None
        if not await self._drafting.take(answer, decision, received.delivery.progress, received.note):
            await self._whispers.tell(received.api, spot, "draft-decided")
            return None
        changed = bool(text) and text != given.text.strip()
        if decision == "sent":
            try:
                await self._post(received, given, text if changed else "")
            except AnswerloopError:
                await self._drafting.reopen(answer)
                raise
        words = "draft-sent-changed" if changed else DECIDED[decision]
        for row in await self._drafting.decided(answer, decision):
            await self._close(received.api, row, given, words, spot.user)
        return given

    async def _post(self, received: Received, given: RecordedAnswer, text: str) -> None:
        """Send it where it was asked. text: a person's, in the place of the bot's."""
        api, channel = received.api, given.channel
        settings = await self._channels.of(PLATFORM, received.team, channel)
        language = await self._whispers.language(api, channel, given.user)
        answer = given.as_given(language)
        if text:
            name = (await self._identity.person(api, user_of(received.body))).name
            answer = replace(answer, text=text, notices=(say(language, "edited-by", name=name or "…"),))
        direct = channel.startswith("D")
        options = Rendering(escalation=bool(settings.escalation), silence=not direct and settings.follow_ups)
        thread = _thread_of(given.thread, channel)
        place = Place(channel, given.user, given.workspace, thread)
        attempt = received.delivery.attempt
        noted = {**received.delivery.progress, "deciding": "sent"}
        progress = Progress(f"draft-sent:{given.id}", attempt, noted, received.note)
        look = self._looks.of(api, channel, language, options)
        surface = Shown(ThreadSurface(api, place, progress, look, language), api, channel)
        messages = await surface.finish(Reply(answer.text, answer))
        drafts = await self._drafting.decided(given.id, "sent")
        question = next((row.question_message for row in drafts), "")
        await self._drafting.sent(given, messages, channel, question)

    async def _close(self, api: Api, row: Posting, given: RecordedAnswer, words: str, user: str) -> None:
        shown = await self._messages.decided(api, row.channel, given, words, user)
        try:
            await api.call("chat.update", channel=row.channel, ts=row.message, **shown)
        except (SlackRefusal, Unavailable) as error:
            log.info("A draft does not show that it was decided about: %s", error)

    def _modal(self, language: str, given: RecordedAnswer, click: Click) -> dict[str, object]:
        pieces, between = parts(given.text, PART)
        kept = {
            "answer": given.id,
            "channel": click.channel,
            "thread": click.thread,
            "language": language,
            "parts": len(pieces),
            "between": between,
        }
        inputs = [
            text_input(self._part(n), say(language, "draft-text"), piece, optional=n > 0)
            for n, piece in enumerate(pieces)
        ]
        title, send, close = (say(language, words) for words in ("draft-edit", "draft-send", "page-cancel"))
        return modal(self._ids.of("draft_edited"), title, send, close, kept, inputs)

    def _entered(self, body: Mapping[str, object], kept: Mapping[str, object]) -> list[str]:
        return [entered(body, self._part(n)) for n in range(int(str(kept.get("parts") or 1)))]

    def _wrong(self, body: Mapping[str, object]) -> Mapping[str, str]:
        kept = kept_in(body)
        language, texts = str(kept.get("language") or ""), self._entered(body, kept)
        if not any(texts):
            return {self._part(0): say(language, "draft-empty")}
        return {
            self._part(n): say(language, "modal-too-long", length=len(text), most=LONGEST)
            for n, text in enumerate(texts)
            if len(text) > LONGEST
        }

    def _part(self, number: int) -> str:
        return self._ids.of(f"{_TEXT}:{number}")


def _thread_of(thread: str, channel: str) -> str:
    """A conversation without threads goes by its channel."""
    return "" if thread == channel else thread


def _spot(click: Click) -> Spot:
    return Spot(click.channel, click.user, click.thread, click.response_url)
