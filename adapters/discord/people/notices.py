"""Telling people in Discord that a reviewer corrected an answer: where it stands, and who voted it down."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.discord.people.posts import posted
from adapters.discord.people.rooms import Rooms
from adapters.discord.received import PLATFORM, Handler, Json, Received
from adapters.discord.rest.errors import PlaceClosed, Vanished
from adapters.discord.showing.escaping import escaped
from adapters.discord.showing.markup import as_discord
from adapters.discord.showing.quoting import quoted
from adapters.discord.showing.rendering import body, contents
from adapters.notices import PERSON, THREAD, Corrected, KeptNotices
from adapters.text import shortened
from rag_core.generation.inert import inert
from rag_core.messages import say
from rag_core.records.feedback.recording import Feedback
from rag_core.records.platforms.postings import Posting
from rag_core.records.reviews.reviews import Reviews

__all__ = ["Notices"]

_QUESTION, _QUOTE, _BEFORE = 500, 1_000, 2_500
"""Characters; the beginning shows what it is about."""


class Notices(KeptNotices):
    """Implements adapters.reviewing.Notifier."""

    def __init__(self, feedback: Feedback, reviews: Reviews, rooms: Rooms) -> None:
        super().__init__(PLATFORM, feedback, reviews, workspace_key="guild_id")
        self._rooms = rooms

    def handlers(self) -> Mapping[str, Handler]:
        return {THREAD: self._tell_thread, PERSON: self._tell_person}

    def reader(self, posting: Posting) -> str:
        return posting.user_id if not posting.workspace else ""

    async def _tell_thread(self, received: Received) -> None:
        told = received.body
        await self._post(received, str(told["channel"]), str(told["message"]))

    async def _tell_person(self, received: Received) -> None:
        try:
            channel = await received.rest.direct(str(received.body["user"]))
        except (PlaceClosed, Vanished):  # who left reads nothing
            return
        await self._post(received, channel, "")

    async def _post(self, received: Received, channel: str, answer: str) -> None:
        said = await self.corrected(str(received.body["review"]))
        if said is None:
            return
        language = await self._rooms.language(channel, str(received.body.get("guild_id") or ""))
        try:
            for part, shown in enumerate(_bodies(said, language)):
                reply_to = answer if part == 0 else ""
                await posted(received.rest, channel, shown, received.delivery.key, reply_to, part)
        except (PlaceClosed, Vanished):  # the channel or its thread is no more, or takes nothing from us
            return


def _bodies(said: Corrected, language: str) -> list[Json]:
    def small(words: str) -> str:
        return f"-# {escaped(say(language, words))}"

    def shown(markdown: str) -> str:
        return as_discord(inert(markdown, markdown))

    lines = [
        f"**{escaped(say(language, 'corrected'))}**",
        *quoted(shortened(said.question, _QUESTION), _QUOTE)[:1],
        small("corrected-before"),
        shown(shortened(said.before, _BEFORE)),
        small("corrected-after"),
        shown(said.after),
    ]
    return [body(text) for text in contents("\n".join(lines))]
