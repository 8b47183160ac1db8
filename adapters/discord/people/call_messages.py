"""What people read who are asked to answer, and who asked for them. Pure but for names."""

from __future__ import annotations

from adapters.discord.identity import Identity
from adapters.discord.ids import Ids
from adapters.discord.people.rooms import address_of
from adapters.discord.rest.rest import Rest
from adapters.discord.showing.components import PRIMARY, Json, button, link_button, row
from adapters.discord.showing.escaping import escaped, label
from adapters.discord.showing.markup import as_discord
from adapters.discord.showing.quoting import quoted
from adapters.discord.showing.rendering import body, contents, embed
from adapters.text import shortened
from rag_core.generation.inert import inert
from rag_core.messages import say
from rag_core.records.platforms.escalations import Escalation

__all__ = ["CallMessages"]

_NAME, _QUESTION, _QUOTE, _ANSWER = 80, 900, 1_300, 3_500
"""Characters that are shown. Of a longer question or answer there is the beginning, and a link to the whole."""
_REPLY = 1_600
"""Of each part of what a person answered."""
_PLACE = "\N{OBJECT REPLACEMENT CHARACTER}"
"""Where a name goes that is in bold."""


class CallMessages:
    def __init__(self, ids: Ids, rest: Rest, identity: Identity) -> None:
        self._ids = ids
        self._rest = rest
        self._identity = identity

    async def call(
        self, escalation: Escalation, language: str, role: str, answer: str = "", hint: bool = False
    ) -> Json:
        """Who asks what, what the bot answered, and where; with a button while it is open. role: it calls these, as nothing
        else of ours does. answer: as it was given; '': it is not shown. hint: how to reply."""
        lines = [
            _calling(role, await self._said("escalation-asks", language, escalation, escalation.user_id))
        ]
        lines += _question(escalation)
        if hint and escalation.is_open:
            lines.append(_hint(language))
        if answer:
            lines.append(f"-# {escaped(say(language, 'escalation-answered'))}")
        if not escalation.is_open:
            by = escalation.resolved_by
            lines.append(f"-# ✅ {await self._said('escalation-resolved-by', language, escalation, by)}")
        shown = embed(_beginning(answer)) if answer else None
        made = body(
            "\n".join(lines), shown, self._controls(escalation, language, linked=not _above(escalation, role))
        )
        return _allowing(made, role)

    async def reply(self, escalation: Escalation, language: str, user: str, text: str) -> list[Json]:
        """What a person answered, as messages."""
        said = await self._said("escalation-reply", language, escalation, user)
        first, *more = quoted(text, _REPLY) or ["> …"]
        return [body(f"{said}\n{first}"), *(body(part) for part in more)]

    def hint(self, language: str) -> Json:
        """How to reply, as a message that can be replied to."""
        return body(_hint(language))

    def reminder(self, escalation: Escalation, language: str) -> Json:
        said = _calling(escalation.mentioned, escaped(say(language, "escalation-reminder")))
        return _allowing(body("\n".join([said, *_question(escalation)])), escalation.mentioned)

    async def closed(self, escalation: Escalation, language: str) -> Json:
        return body(await self._said("escalation-closed", language, escalation, escalation.resolved_by))

    async def undelivered(self, escalation: Escalation, language: str) -> Json:
        """For the people whose answer did not reach who asked."""
        return body(await self._said("escalation-undelivered", language, escalation, escalation.user_id))

    async def _said(self, words: str, language: str, escalation: Escalation, user: str) -> str:
        """A sentence about this person, whose name is bold."""
        name = await self._identity.name(self._rest, escalation.workspace, user)
        return escaped(say(language, words, name=_PLACE)).replace(_PLACE, f"**{label(name, _NAME)}**")

    def _controls(self, escalation: Escalation, language: str, linked: bool) -> list[Json]:
        found = []
        if escalation.is_open:
            found.append(button(say(language, "resolve"), self._ids.of("resolve", escalation.id), PRIMARY))
        where = _asked_at(escalation) if linked else ""
        if where and (opens := link_button(say(language, "open-thread"), where)):
            found.append(opens)
        return [row(*found)] if found else []


def _hint(language: str) -> str:
    return f"-# {escaped(say(language, 'escalation-reply-here'))}"


def _question(escalation: Escalation) -> list[str]:
    return quoted(shortened(escalation.question, _QUESTION), _QUOTE)[:1]


def _beginning(answer: str) -> str:
    markdown = shortened(answer, _ANSWER)
    return next(iter(contents(as_discord(inert(markdown, markdown)), _ANSWER + 400)), "")


def _calling(role: str, said: str) -> str:
    return f"<@&{role}> {said}" if role else said


def _allowing(made: Json, role: str) -> Json:
    return made | ({"allowed_mentions": {"parse": [], "roles": [role]}} if role else {})


def _above(escalation: Escalation, role: str) -> bool:
    """Whether question and answer stand above it."""
    return bool(role and escalation.thread)


def _asked_at(escalation: Escalation) -> str:
    """The address of the question. What was asked in private has none that others could open."""
    if not escalation.thread or not escalation.workspace:
        return ""
    message = escalation.message or (escalation.thread if escalation.thread != escalation.channel else "")
    return address_of(escalation.workspace, escalation.channel, message)
