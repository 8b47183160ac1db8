"""Telling people in Slack that a reviewer corrected an answer: its threads, and who voted it down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from adapters.slack.bot import PLATFORM
from adapters.slack.received import Handler, Received
from adapters.slack.showing.blocks import Json, context, section
from adapters.slack.showing.escaping import escaped, shortened
from adapters.slack.showing.mrkdwn import sections
from adapters.slack.showing.quoting import direct_channel, messages, quoted
from adapters.slack.showing.whispers import Whispers
from adapters.slack.web_api.errors import PlaceClosed, Vanished
from rag_core.errors import NotFound
from rag_core.messages import say
from rag_core.records.feedback import Feedback
from rag_core.records.postings import Posting
from rag_core.records.reviews import Reviews

__all__ = ["Notices", "Outbox"]

_THREAD, _PERSON = "notice:thread", "notice:person"
_QUESTION, _BEFORE = 500, 2_500
"""Characters; the beginning shows what it is about."""


class Outbox(Protocol):
    """adapters.inbox.Inbox, for what we deliver to ourselves."""

    async def accept(self, platform: str, key: str, kind: str, lane: str, payload: Mapping[str, Any]) -> bool:
        """Durably, and once for each key."""


class Notices:
    """Each notice is a delivery in the inbox: accepted once by its key, sent once, taken up again after a crash.

    Implements adapters.reviewing.Notifier.
    """

    def __init__(self, feedback: Feedback, reviews: Reviews, whispers: Whispers) -> None:
        self.outbox: Outbox | None = None
        """Set when the inbox is made."""
        self._feedback = feedback
        self._reviews = reviews
        self._whispers = whispers

    def handlers(self) -> Mapping[str, Handler]:
        return {_THREAD: self._tell_thread, _PERSON: self._tell_person}

    def reader(self, posting: Posting) -> str:
        return posting.user_id if posting.channel.startswith("D") else ""

    async def tell_thread(self, review: str, posting: Posting) -> None:
        thread = posting.thread if posting.thread != posting.channel else ""
        where = {"channel": posting.channel, "thread": thread, "user": posting.user_id}
        place = f"{posting.channel}:{thread or posting.message}"
        await self._accept(f"notice:{review}:{place}", _THREAD, review, posting.workspace, where)

    async def tell_person(self, review: str, workspace: str, user: str) -> None:
        await self._accept(f"notice:{review}:{user}", _PERSON, review, workspace, {"user": user})

    async def _accept(
        self, key: str, kind: str, review: str, workspace: str, where: Mapping[str, str]
    ) -> None:
        assert self.outbox is not None
        payload = {"team_id": workspace, "review": review, **where}
        await self.outbox.accept(PLATFORM, key, kind, key, payload)

    async def _tell_thread(self, received: Received) -> None:
        body = received.body
        await self._post(received, str(body["channel"]), str(body["thread"]), str(body["user"]))

    async def _tell_person(self, received: Received) -> None:
        user = str(received.body["user"])
        try:
            channel = await direct_channel(received.api, user)
        except (PlaceClosed, Vanished):  # who left reads nothing
            return
        await self._post(received, channel, "", user)

    async def _post(self, received: Received, channel: str, thread: str, user: str) -> None:
        language = await self._whispers.language(received.api, channel, user)
        blocks = await self._blocks(str(received.body["review"]), language)
        try:
            for part, shown in enumerate(messages(blocks) if blocks else ()):
                await received.api.post(
                    delivery=received.delivery.key,
                    part=part,
                    look_first=received.delivery.attempt > 1,
                    channel=channel,
                    thread_ts=thread or None,
                    **shown,
                )
        except (PlaceClosed, Vanished):  # the channel or its thread is no more
            return

    async def _blocks(self, review: str, language: str) -> list[Json]:
        """None where the answer was forgotten meanwhile."""
        kept = await self._reviews.get(review)
        if kept is None or not kept.correction:
            return []
        try:
            given = await self._feedback.answer(kept.answer_id)
        except NotFound:
            return []

        def small(words: str) -> Json:
            return context(escaped(say(language, words)))

        return [
            section(f"*{escaped(say(language, 'corrected'))}*"),
            *quoted(shortened(given.question, _QUESTION)),
            small("corrected-before"),
            *[section(part) for part in sections(shortened(given.text, _BEFORE))],
            small("corrected-after"),
            *[section(part) for part in sections(kept.correction)],
        ]
