"""Asking people in Slack: what stands in their channel, what comes back to the thread, and reminders."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from adapters.escalating import Called, PersonsReply, answer_for
from adapters.slack.bot import PLATFORM
from adapters.slack.identity import Identity
from adapters.slack.ids import Ids
from adapters.slack.showing.blocks import Json, actions, button, context, section
from adapters.slack.showing.escaping import escaped, label, link
from adapters.slack.showing.mrkdwn import sections
from adapters.slack.showing.quoting import direct_channel, messages, quoted
from adapters.slack.showing.rendering import message
from adapters.slack.showing.whispers import Whispers
from adapters.slack.web_api.api import Api, Apis
from adapters.slack.web_api.errors import SlackRefusal
from adapters.text import linkable, shortened
from rag_core.access import Access
from rag_core.errors import Unavailable
from rag_core.messages import say
from rag_core.records.feedback.recording import Feedback
from rag_core.records.platforms.escalations import Escalation
from rag_core.types import Principal

__all__ = ["EscalationDesk"]

_NAME, _QUESTION, _ANSWER = 80, 2_000, 4_000
"""Characters that are shown. Of a longer question or answer there is the beginning, and a link to the whole."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Target:
    channel: str
    thread: str = ""
    mentioned: str = ""
    user: str = ""
    """Where it is a direct message: whose."""


class EscalationDesk:
    """Implements adapters.escalating.Desk. A target is a channel, a user group or a user, by its id.

    A group is called in the thread of the question itself, or where it has none, as with a command, in its channel: that
    mention is the only one of ours that calls anybody.
    """

    def __init__(
        self, ids: Ids, apis: Apis, feedback: Feedback, access: Access, identity: Identity, whispers: Whispers
    ) -> None:
        """access: an answer is shown to the people who are asked only where they may read what it was made from."""
        self._ids = ids
        self._apis = apis
        self._feedback = feedback
        self._access = access
        self._identity = identity
        self._whispers = whispers

    async def call(self, escalation: Escalation, target: str, again: bool = False) -> Called:
        api = await self._api(escalation)
        where = await _target(api, escalation, target)
        posted = await self._call_message(api, escalation, where)
        ts = await api.post(
            delivery=f"escalation:{escalation.id}",
            part=0,
            look_first=again,
            channel=where.channel,
            thread_ts=where.thread or None,
            **posted,
        )
        return Called(where.channel, ts, where.mentioned)

    async def answers(self, escalation: Escalation, user: str) -> bool:
        members = await self._identity.members(await self._api(escalation), escalation.mentioned)
        return not members or user in members

    async def relay(self, escalation: Escalation, reply: PersonsReply, again: bool = False) -> None:
        api = await self._api(escalation)
        channel, thread = await _origin(api, escalation)
        language = await self._whispers.language(api, escalation.channel, escalation.user_id)
        said = escaped(say(language, "escalation-reply", name=_PLACE)).replace(
            _PLACE, await self._name(api, reply.user)
        )
        for part, shown in enumerate(messages([section(said), *quoted(reply.text)])):
            await api.post(
                delivery=f"reply:{escalation.id}:{reply.message}",
                part=part,
                look_first=again,
                channel=channel,
                thread_ts=thread or None,
                **shown,
            )

    async def remind(self, escalation: Escalation, number: int) -> None:
        api = await self._api(escalation)
        language = await self._whispers.language(api, escalation.target_channel)
        said = escaped(say(language, "escalation-reminder"))
        blocks = [
            section(_calling(escalation.mentioned, said)),
            *quoted(shortened(escalation.question, _QUESTION)),
        ]
        await api.post(
            delivery=f"reminder:{escalation.id}:{number}",
            part=0,
            channel=escalation.target_channel,
            thread_ts=escalation.thread if escalation.in_thread else escalation.target_message,
            **message(blocks),
        )

    async def settle(self, escalation: Escalation) -> None:
        api = await self._api(escalation)
        where = _Target(escalation.target_channel, mentioned=escalation.mentioned)
        shown = await self._call_message(api, escalation, where)
        try:
            await api.call(
                "chat.update", channel=escalation.target_channel, ts=escalation.target_message, **shown
            )
        except (SlackRefusal, Unavailable) as error:
            log.info("A question to people does not show that it is resolved: %s", error)
        if not escalation.reply and not escalation.in_thread:
            await self._tell_closed(api, escalation)

    async def _tell_closed(self, api: Api, escalation: Escalation) -> None:
        """Somebody closed it without a word in its thread."""
        channel, thread = await _origin(api, escalation)
        language = await self._whispers.language(api, escalation.channel, escalation.user_id)
        said = escaped(say(language, "escalation-closed", name=_PLACE))
        said = said.replace(_PLACE, await self._name(api, escalation.resolved_by))
        await api.post(
            delivery=f"closed:{escalation.id}",
            part=0,
            channel=channel,
            thread_ts=thread or None,
            **message([section(said)]),
        )

    async def _call_message(self, api: Api, escalation: Escalation, where: _Target) -> Json:
        """What the people read: who asks what, what the bot answered, and where; with a button while it is open."""
        language = await self._whispers.language(api, where.channel)
        asks = escaped(say(language, "escalation-asks", name=_PLACE))
        asks = asks.replace(_PLACE, await self._name(api, escalation.user_id))
        blocks = [
            section(_calling(where.mentioned, asks)),
            *quoted(shortened(escalation.question, _QUESTION)),
        ]
        if not (where.mentioned and escalation.thread):  # there both stand above it
            blocks += await self._answered(escalation, where, language)
            blocks += await _linked(api, escalation, language)
        if escalation.is_open:
            pressed = button(
                say(language, "resolve"), self._ids.of("resolve"), escalation.id, style="primary"
            )
            return message([*blocks, actions(pressed)])
        resolved = escaped(say(language, "escalation-resolved-by", name=_PLACE))
        name = await self._name(api, escalation.resolved_by)
        return message([*blocks, context("✅ " + resolved.replace(_PLACE, name))])

    async def _answered(self, escalation: Escalation, where: _Target, language: str) -> list[Json]:
        """The answer that was given, where those who read it here may read all that it was made from."""
        reader = Principal(PLATFORM, where.user, escalation.workspace, where.channel, direct=bool(where.user))
        answer = await answer_for(reader, escalation.answer_id, self._feedback, self._access)
        if answer is None:
            return []
        shown = [section(part) for part in sections(shortened(answer.text, _ANSWER))]
        return [context(escaped(say(language, "escalation-answered"))), *shown]

    async def _name(self, api: Api, user: str) -> str:
        person = await self._identity.person(api, user)
        return f"*{label(person.name or user, _NAME)}*"

    async def _api(self, escalation: Escalation) -> Api:
        return await self._apis.of({"team_id": escalation.workspace})


_PLACE = "\N{OBJECT REPLACEMENT CHARACTER}"
"""Where a name goes that is in bold."""


def _calling(group: str, said: str) -> str:
    return f"<!subteam^{group}> {said}" if group else said


async def _target(api: Api, escalation: Escalation, target: str) -> _Target:
    if target.startswith("S"):
        return _Target(escalation.channel, escalation.thread, mentioned=target)
    if target.startswith(("U", "W")):
        return _Target(await direct_channel(api, target), user=target)
    return _Target(target)


async def _origin(api: Api, escalation: Escalation) -> tuple[str, str]:
    """Where the asker reads what comes back: the thread, or direct messages."""
    if escalation.thread:
        return escalation.channel, escalation.thread
    return await direct_channel(api, escalation.user_id), ""


async def _linked(api: Api, escalation: Escalation, language: str) -> list[Json]:
    """A link to the thread. What was asked in private has none that others could open."""
    ts = escalation.message or escalation.thread
    if not escalation.thread or not ts or escalation.channel.startswith("D"):
        return []
    try:
        said = await api.attempt("chat.getPermalink", channel=escalation.channel, message_ts=ts)
    except (SlackRefusal, Unavailable) as error:
        log.info("A thread cannot be linked to: %s", error)
        return []
    address = linkable(str(said.get("permalink") or ""))
    return [context(link(address, escaped(say(language, "open-thread"))))] if address else []
