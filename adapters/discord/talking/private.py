"""Questions that come with an interaction: answered in its response, to everybody or to the asker alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from adapters.answering import Answering, Asked
from adapters.channels import Channel
from adapters.chat import Reply
from adapters.discord.interactions import Interaction
from adapters.discord.places import Place
from adapters.discord.received import Json, Received
from adapters.discord.showing.controls import Rendering
from adapters.discord.showing.escaping import length, short
from adapters.discord.showing.quoting import quoted
from adapters.discord.showing.rendering import body, contents
from adapters.discord.showing.surfaces import InteractionSurface, Look, Progress
from adapters.discord.talking.asking import Asking
from adapters.discord.whispers import Whispers
from rag_core.messages import say

__all__ = ["TEXT_BELOW", "Requested", "Responses", "text_below"]

TEXT_BELOW = "text"
"""What the button to try again carries where no message asks: the question stands in the small print of its own message."""
_CONTENT, _QUOTED, _FOOTER = 2_000, 600, 2_000
"""Characters of a message, of the question above an answer, and of small print."""


@dataclass(frozen=True, slots=True)
class Requested:
    """A question that came with an interaction."""

    interaction: Interaction
    place: Place
    channel: Channel
    """What is in force there."""
    text: str
    hidden: bool = True
    """The asker alone sees the response."""
    direct: bool = True
    """As in Principal; False has it made from what all who are there may read."""
    more: dict[str, Any] = field(default_factory=dict)
    """Further fields of the question."""


class Responses:
    def __init__(self, asking: Asking, answering: Answering, whispers: Whispers) -> None:
        self._asking = asking
        self._answering = answering
        self._whispers = whispers

    async def answer(self, received: Received, asked: Requested) -> Reply | None:
        """Ask, and show it in the response; where answers are drafts, say that they are.

        Raises:
            DiscordRefusal, Unavailable: it cannot be shown, or not now.
        """
        one, place, channel = asked.interaction, asked.place, asked.channel
        if channel.draft:
            await self._whispers.tell(received.rest, await self._whispers.spot(received), "draft-not-private")
            return None
        surface = self._surface(received, asked)
        await surface.begin()
        # the direct messages are theirs alone, however the response is shown in them
        principal = await self._asking.principal(
            received.rest, one.person, place, place.direct or (asked.hidden and asked.direct)
        )
        thread = place.id if not asked.hidden and (place.is_thread or place.direct) else ""
        more = {"workspace": place.guild, "thread": thread, **asked.more}
        question = self._asking.question(asked.text, principal, channel, one.locale, **more)
        return await self._answering.answer(Asked(question, channel, where=place.id), surface)

    async def failed(self, received: Received, text: str, message: str, **values: object) -> None:
        """Say a message of the catalogues instead of an answer, with a button to ask this again.

        Raises:
            DiscordRefusal, Unavailable: nobody can be told, or not now.
        """
        spot = await self._whispers.spot(received)
        language = await self._whispers.language(spot.place, spot.locale)
        shown = self._asking.looks.sentence(say(language, message, **values), language, again=TEXT_BELOW)
        await self._whispers.show(received.rest, spot, [_with(shown, text)])

    def _surface(self, received: Received, asked: Requested) -> InteractionSurface:
        delivery = received.delivery
        return InteractionSurface(
            received.rest,
            asked.interaction,
            Progress(delivery.key, delivery.attempt, delivery.progress, received.note),
            self._look(asked),
            channel=asked.place.id,
            ephemeral=asked.hidden,
        )

    def _look(self, asked: Requested) -> Look:
        language = self._asking.language(asked.interaction.locale, asked.channel)
        options = Rendering(
            share=asked.hidden and not asked.place.direct,
            escalation=bool(asked.channel.escalation),
            silence=not asked.hidden and asked.place.is_thread and asked.channel.follow_ups,
        )
        above = "" if asked.hidden else _quote(asked.text)

        def final(reply: Reply) -> Sequence[Json]:
            bodies = self._asking.looks.final(reply, language, options, TEXT_BELOW)
            if reply.answer is None and reply.reference:
                return [_with(bodies[0], asked.text)]
            return _below(above, bodies)

        def growing(text: str) -> str:
            shown = self._asking.growing(text)
            return "\n".join((above, *contents(shown, _CONTENT - length(above) - 1)[:1])) if shown else ""

        return Look(final, growing)


def text_below(one: Interaction) -> str:
    """The question that stands in the small print of the message with the button; '': none does."""
    embeds = one.message.get("embeds") or ()
    return str((embeds[0].get("footer") or {}).get("text") or "") if embeds else ""


def _with(shown: Json, text: str) -> Json:
    """With the question in small print, from where the button takes it."""
    return {**shown, "embeds": [{"footer": {"text": short(text, _FOOTER)}}]}


def _quote(text: str) -> str:
    return next(iter(quoted(short(text, _QUOTED))), "")


def _below(above: str, bodies: Sequence[Json]) -> list[Json]:
    """The question above the first of them, or before it where it has no room left."""
    if not above:
        return list(bodies)
    first = str(bodies[0].get("content") or "")
    if length(f"{above}\n{first}") <= _CONTENT:
        return [{**bodies[0], "content": f"{above}\n{first}".rstrip("\n")}, *bodies[1:]]
    return [body(above), *bodies]
