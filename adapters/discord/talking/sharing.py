"""'Share with the channel': an answer that only its asker saw is shown to all, if all may read what it was made from.

What one person may read alone, a channel may not (rag_core/access.py). An answer that was made from more than the channel
may read is not posted: it is made again from what the channel may read, and shown to the asker, who may share that one.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from adapters.channels import Channel
from adapters.chat import Reply
from adapters.discord.ids import Ids
from adapters.discord.interactions import Interaction, interaction_of
from adapters.discord.places import Place
from adapters.discord.received import PLATFORM, Handler, Json, Received
from adapters.discord.rest.errors import PlaceClosed
from adapters.discord.rest.rest import nonce_of
from adapters.discord.showing.controls import Rendering
from adapters.discord.showing.escaping import label, length
from adapters.discord.showing.rendering import CONTENT, body
from adapters.discord.talking.asking import Asking
from adapters.discord.talking.private import Requested, Responses
from adapters.discord.whispers import Spot, Whispers
from adapters.sharing import all_may_read
from rag_core.access import Access
from rag_core.errors import AnswerloopError, NotFound
from rag_core.messages import say
from rag_core.records.feedback.recording import Feedback, RecordedAnswer
from rag_core.records.platforms.postings import Posting, Postings

__all__ = ["Sharing"]

_QUESTION = 150
log = logging.getLogger(__name__)


class Sharing:
    """access: who may read what, as it is in force."""

    def __init__(
        self,
        ids: Ids,
        access: Access,
        feedback: Feedback,
        postings: Postings,
        asking: Asking,
        responses: Responses,
        whispers: Whispers,
    ) -> None:
        self._ids = ids
        self._access = access
        self._feedback = feedback
        self._postings = postings
        self._asking = asking
        self._responses = responses
        self._whispers = whispers

    def handlers(self) -> Mapping[str, Handler]:
        return {"action:share": self._pressed}

    async def _pressed(self, received: Received) -> None:
        one, spot = interaction_of(received.body, self._ids), await self._whispers.spot(received)
        rest, place = received.rest, spot.place
        try:
            answer = await self._feedback.answer(one.argument)
        except NotFound:
            return await self._whispers.tell(rest, spot, "share-gone")
        if (answer.platform, answer.user, answer.channel) != (PLATFORM, one.person.id, place.channel):
            return None  # no button of ours
        channel = await self._asking.channel(place)
        if await self._postings.of_answer(answer.id):
            return await self._whispers.tell(rest, spot, "share-done")
        if not await self._asking.admits(rest, one.person, place, channel):
            return await self._whispers.tell(rest, spot, "not-allowed")
        if not channel.draft and await self._all_may_read(received, one, place, answer, channel):
            return await self._share(received, one, spot, answer, channel)
        return await self._offer(received, one, spot, answer, channel)

    async def _all_may_read(
        self, received: Received, one: Interaction, place: Place, answer: RecordedAnswer, channel: Channel
    ) -> bool:
        """Whether this person, asking in the channel now, would be given all that the answer was made from."""
        who = await self._asking.principal(received.rest, one.person, place, direct=False)
        return await all_may_read(answer.id, who, channel, self._access, self._feedback)

    async def _offer(
        self, received: Received, one: Interaction, spot: Spot, answer: RecordedAnswer, channel: Channel
    ) -> None:
        """What the channel may read, for the asker to share."""
        if not channel.draft:
            await self._whispers.tell(received.rest, spot, "share-narrower")
        asked = Requested(one, spot.place, channel, answer.question, direct=False)
        await self._responses.answer(received, asked)

    async def _share(
        self, received: Received, one: Interaction, spot: Spot, answer: RecordedAnswer, channel: Channel
    ) -> None:
        place = spot.place
        language = channel.language or await self._whispers.language(place, one.locale)
        options = Rendering(
            escalation=bool(channel.escalation), silence=place.is_thread and channel.follow_ups
        )
        bodies = self._asking.looks.final(Reply(answer.text, answer.as_given(language)), language, options)
        question = label(answer.question, _QUESTION)
        who = say(language, "shared-by", user=f"<@{one.person.id}>", question=question)
        rows = await self._post(received, one, place, _signed(f"-# {who}", bodies))
        thread = place.id if place.is_thread else rows[0].message
        shown = [replace(row, thread=thread, answer_id=answer.id, user_id=one.person.id) for row in rows]
        await self._postings.record(shown)
        await self._close(received, one, spot)

    async def _post(
        self, received: Received, one: Interaction, place: Place, bodies: Sequence[Json]
    ) -> list[Posting]:
        """Where the bot may not write, in what Discord takes for the click."""
        rest, rows, closed = received.rest, list[Posting](), False
        for part, shown in enumerate(bodies):
            message: Mapping[str, Any] = {}
            if not closed:
                try:
                    message = await rest.send(place.id, shown, nonce=nonce_of(received.delivery.key, part))
                except PlaceClosed:
                    closed = True
            if closed:
                message = await rest.follow_up(one.token, shown, ephemeral=False)
            rows.append(Posting(PLATFORM, place.id, str(message["id"]), place.guild, part=part))
        return rows

    async def _close(self, received: Received, one: Interaction, spot: Spot) -> None:
        """The private answer goes: it stands in the channel now."""
        text = say(await self._whispers.language(spot.place, spot.locale), "share-done")
        try:
            await received.rest.original(one.token, body(text))
        except AnswerloopError as error:
            log.info("An answer that was shared is still shown to its asker, too: %s", error)


def _signed(who: str, bodies: Sequence[Json]) -> list[Json]:
    """With who shares it above the first of them, or before it where it has no room left."""
    text = f"{who}\n{bodies[0].get('content') or ''}".rstrip("\n")
    if length(text) <= CONTENT:
        return [{**bodies[0], "content": text}, *bodies[1:]]
    return [body(who), *bodies]
