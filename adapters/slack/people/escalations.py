"""'Ask a person': the button below an answer, what people reply, and 'Resolve'."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.channels import Channels
from adapters.escalating import TOLD, Escalating, Outcome, PersonsReply
from adapters.slack.bot import PLATFORM, Refusal
from adapters.slack.clicks import Click, click_of, entered, kept_in, user_of
from adapters.slack.identity import Identity
from adapters.slack.ids import Ids
from adapters.slack.received import Handler, Received
from adapters.slack.showing.blocks import section
from adapters.slack.showing.escaping import escaped
from adapters.slack.showing.modals import LONGEST, modal, text_input
from adapters.slack.showing.rendering import message
from adapters.slack.showing.whispers import Spot, Whispers
from adapters.slack.talking.addressing import Message, message_of, named_users, readable
from adapters.slack.web_api.api import Api
from adapters.slack.web_api.errors import SlackRefusal
from rag_core.errors import NotFound
from rag_core.messages import say
from rag_core.records.feedback.recording import Feedback, RecordedAnswer
from rag_core.records.platforms.escalations import Escalation, escalation_id
from rag_core.records.platforms.postings import Postings

__all__ = ["AskingPeople"]

_TEXT = "text"


class AskingPeople:
    def __init__(
        self,
        ids: Ids,
        escalating: Escalating,
        feedback: Feedback,
        postings: Postings,
        channels: Channels,
        identity: Identity,
        whispers: Whispers,
    ) -> None:
        self._ids = ids
        self._escalating = escalating
        self._feedback = feedback
        self._postings = postings
        self._channels = channels
        self._identity = identity
        self._whispers = whispers

    def handlers(self) -> Mapping[str, Handler]:
        return {
            "action:escalate": self._ask,
            "action:resolve": self._resolve,
            "view:resolved": self._resolved,
        }

    def refusals(self) -> Mapping[str, Refusal]:
        return {"view:resolved": self._too_long}

    async def take_reply(self, received: Received) -> bool:
        """Whether a message of a person is an answer to a question that people were asked, and so none to the bot. It is
        brought to who asked. One that addresses the bot is none."""
        written = message_of(received.event, (await received.api.identity()).bot_user, longest=None)
        if not written.thread or not written.user or written.mentions_bot:
            return False
        if not await self._escalating.concerns(PLATFORM, written.channel, written.thread):
            return False
        reply = PersonsReply(written.user, await self._words(received.api, written), written.ts)
        again = received.delivery.attempt > 1
        return await self._escalating.reply(PLATFORM, written.channel, written.thread, reply, again)

    async def _ask(self, received: Received) -> None:
        click = click_of(received.body, self._ids)
        spot, again = _spot(click), received.delivery.attempt > 1
        try:
            answer = await self._feedback.answer(click.value)
        except NotFound:
            await self._whispers.tell(received.api, spot, "vote-unknown")
            return
        channel = await self._channels.of(PLATFORM, received.team, click.channel)
        wanted = await self._wanted(click, answer, received.team, channel.remind_after_s)
        try:
            outcome, kept = await self._escalating.ask(wanted, channel.escalation, again)
        except SlackRefusal:  # the log has what to do about it
            await self._whispers.tell(received.api, spot, "escalation-unreachable")
            return
        if outcome is Outcome.OPEN and again and kept.user_id == click.user:
            outcome = Outcome.ASKED  # by the attempt that broke off
        if outcome is Outcome.ASKED:
            await self._tell_asked(received, kept, spot)
        else:
            await self._whispers.tell(received.api, spot, TOLD[outcome])

    async def _wanted(
        self, click: Click, answer: RecordedAnswer, team: str, remind_after_s: int
    ) -> Escalation:
        posting = await self._postings.of_message(PLATFORM, click.channel, click.message)
        return Escalation(
            id=escalation_id(PLATFORM, answer.id),
            answer_id=answer.id,
            platform=PLATFORM,
            workspace=team,
            channel=click.channel,
            thread=_thread(click),
            message=posting.question_message if posting else "",
            user_id=click.user,
            question=answer.question,
            remind_after_s=remind_after_s,
        )

    async def _tell_asked(self, received: Received, kept: Escalation, spot: Spot) -> None:
        """In the thread; what was asked in private is told in private. A group that was called there is seen by all."""
        if not kept.thread:
            await self._whispers.tell(received.api, spot, "escalation-asked")
        elif not kept.in_thread:
            language = await self._whispers.language(received.api, kept.channel, kept.user_id)
            await received.api.post(
                delivery=f"asked:{kept.id}",
                part=0,
                look_first=received.delivery.attempt > 1,
                channel=kept.channel,
                thread_ts=kept.thread,
                **message([section(escaped(say(language, "escalation-asked")))]),
            )

    async def _resolve(self, received: Received) -> None:
        click = click_of(received.body, self._ids)
        kept = await self._escalating.get(click.value)
        asks = kept is not None and kept.is_open and kept.in_thread
        if kept and asks and await self._ask_for_answer(received.api, click, kept):
            return
        did, after = await self._escalating.resolve(click.value, click.user)
        if not did and after is not None and after.resolved_by != click.user:
            await self._whispers.tell(received.api, _spot(click), "escalation-resolved")

    async def _ask_for_answer(self, api: Api, click: Click, kept: Escalation) -> bool:
        """Several may have written in the thread: which text is the answer?"""
        language = await self._whispers.language_at_once(api, click.channel, click.user)
        what = text_input(self._ids.of(_TEXT), say(language, "resolve-what"), kept.reply)
        title, close = say(language, "resolve"), say(language, "page-cancel")
        kept_with = {
            "escalation": kept.id,
            "channel": click.channel,
            "thread": click.thread,
            "language": language,
        }
        view = modal(self._ids.of("resolved"), title, title, close, kept_with, [what])
        return await self._whispers.open(api, click.trigger, view)

    async def _resolved(self, received: Received) -> None:
        body, kept = received.body, kept_in(received.body)
        user, text = user_of(body), entered(body, self._ids.of(_TEXT))[:LONGEST]
        did, after = await self._escalating.resolve(str(kept.get("escalation") or ""), user, text)
        if not did and after is not None and after.resolved_by != user:
            spot = Spot(str(kept.get("channel") or ""), user, str(kept.get("thread") or ""))
            await self._whispers.tell(received.api, spot, "escalation-resolved")

    def _too_long(self, body: Mapping[str, object]) -> Mapping[str, str]:
        block = self._ids.of(_TEXT)
        length, language = len(entered(body, block)), str(kept_in(body).get("language") or "")
        if length <= LONGEST:
            return {}
        return {block: say(language, "modal-too-long", length=length, most=LONGEST)}

    async def _words(self, api: Api, written: Message) -> str:
        """What a person wrote, without anything that would act; of files their names."""
        users = named_users(written.text, api.bot_user)
        names = {user: (await self._identity.person(api, user)).name for user in users}
        files = [str(file.get("title") or file.get("name") or "…") for file in written.files]
        return "\n".join(part for part in (readable(written.text, api.bot_user, names), *files) if part)


def _thread(click: Click) -> str:
    """ts of the message whose thread the answer is in; '': the asker reads it alone, in a conversation without threads."""
    if click.is_ephemeral:
        return ""
    return click.thread or ("" if click.channel.startswith("D") else click.message)


def _spot(click: Click) -> Spot:
    return Spot(click.channel, click.user, click.thread, click.response_url)
