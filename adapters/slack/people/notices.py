"""Telling people in Slack that a reviewer corrected an answer: its threads, and who voted it down."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.notices import PERSON, THREAD, Corrected, KeptNotices
from adapters.slack.bot import PLATFORM
from adapters.slack.received import Handler, Received
from adapters.slack.showing.blocks import Json, context, section
from adapters.slack.showing.escaping import escaped
from adapters.slack.showing.mrkdwn import sections
from adapters.slack.showing.quoting import direct_channel, messages, quoted
from adapters.slack.showing.whispers import Whispers
from adapters.slack.web_api.errors import PlaceClosed, Vanished
from adapters.text import shortened
from rag_core.messages import say
from rag_core.records.feedback.recording import Feedback
from rag_core.records.platforms.postings import Posting
from rag_core.records.reviews.reviews import Reviews

__all__ = ["Notices"]

_QUESTION, _BEFORE = 500, 2_500
"""Characters; the beginning shows what it is about."""


class Notices(KeptNotices):
    """Implements adapters.reviewing.Notifier."""

    def __init__(self, feedback: Feedback, reviews: Reviews, whispers: Whispers) -> None:
        super().__init__(PLATFORM, feedback, reviews)
        self._whispers = whispers

    def handlers(self) -> Mapping[str, Handler]:
        return {THREAD: self._tell_thread, PERSON: self._tell_person}

    def reader(self, posting: Posting) -> str:
        return posting.user_id if posting.channel.startswith("D") else ""

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
        said = await self.corrected(str(received.body["review"]))
        blocks = _blocks(said, language) if said is not None else []
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


def _blocks(said: Corrected, language: str) -> list[Json]:
    def small(words: str) -> Json:
        return context(escaped(say(language, words)))

    return [
        section(f"*{escaped(say(language, 'corrected'))}*"),
        *quoted(shortened(said.question, _QUESTION)),
        small("corrected-before"),
        *[section(part) for part in sections(shortened(said.before, _BEFORE))],
        small("corrected-after"),
        *[section(part) for part in sections(said.after)],
    ]
