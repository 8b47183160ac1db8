"""'Answer this', on a message: the answer replies to it; where that is not possible, only who asked for it sees it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from adapters.discord.ids import Ids
from adapters.discord.interactions import Interaction, interaction_of, made_at
from adapters.discord.places import Place
from adapters.discord.received import PLATFORM, Handler, Received
from adapters.discord.rest.errors import PlaceClosed
from adapters.discord.talking.asking import Asking, Inquiry
from adapters.discord.talking.private import Requested, Responses
from adapters.discord.talking.questions import Questions
from adapters.discord.whispers import Spot, Whispers
from adapters.lateness import minutes_late
from rag_core.errors import AnswerloopError
from rag_core.records.platforms.postings import Postings
from rag_core.settings import Settings

__all__ = ["Menus"]

_VIEW, _SEND, _READ, _SEND_IN_THREADS = 1 << 10, 1 << 11, 1 << 16, 1 << 38
_ADMINISTRATOR = 1 << 3


class Menus:
    def __init__(
        self,
        settings: Callable[[], Settings],
        ids: Ids,
        asking: Asking,
        questions: Questions,
        responses: Responses,
        postings: Postings,
        whispers: Whispers,
    ) -> None:
        self._settings = settings
        self._ids = ids
        self._asking = asking
        self._questions = questions
        self._responses = responses
        self._postings = postings
        self._whispers = whispers

    def handlers(self) -> Mapping[str, Handler]:
        return {"menu:answer": self._used}

    async def _used(self, received: Received) -> None:
        one, rest = interaction_of(received.body, self._ids), received.rest
        spot = await self._whispers.spot(received)
        message = await self._questions.read(rest, one.message, spot.place)
        text = await self._asking.text.of(rest, message)
        if not message.id or message.user == rest.user or not text:
            return await self._whispers.tell(rest, spot, "no-words")
        channel = await self._asking.channel(spot.place)
        if not await self._asking.admits(rest, one.person, spot.place, channel):
            return await self._whispers.tell(rest, spot, "not-allowed")
        if (late := self._late(received, one)) is not None:
            return await self._responses.failed(received, text, "asked-late", minutes=str(late))
        inquiry = Inquiry(message, channel, one.person, one.locale, words=text)
        if _all_may_write(one, received.body, spot.place):
            try:
                return await self._in_reply(received, inquiry, spot)
            except PlaceClosed:
                pass
        await self._responses.answer(received, Requested(one, spot.place, channel, text))
        return None

    async def _in_reply(self, received: Received, inquiry: Inquiry, spot: Spot) -> None:
        """To the message, for everybody."""
        message = inquiry.message
        shown = await self._postings.of_question(PLATFORM, message.place.id, message.id)
        if any(row.answer_id or row.kind == "draft" for row in shown):
            if received.delivery.attempt == 1:
                return await self._whispers.tell(received.rest, spot, "answered-already")
        else:
            await self._asking.answer(received, inquiry)
        if spot.token:
            try:
                await received.rest.take_back(spot.token)
            except AnswerloopError:
                return  # 'is thinking' goes by itself

    def _late(self, received: Received, one: Interaction) -> int | None:
        useful_for = self._settings().discord.useful_for
        return minutes_late(received.delivery.received_at, made_at(one.id), useful_for)


def _all_may_write(one: Interaction, body: Mapping[str, Any], place: Place) -> bool:
    """Whether both who asked for it and the bot may write there. Permissions that were not told count as given."""
    if place.direct:
        return True
    send = _SEND_IN_THREADS if place.is_thread else _SEND
    own = int(body.get("app_permissions") or 0)
    return _may(one.person.permissions, send) and _may(own, _VIEW | _READ | send)


def _may(permissions: int, wanted: int) -> bool:
    return not permissions or bool(permissions & _ADMINISTRATOR) or permissions & wanted == wanted
