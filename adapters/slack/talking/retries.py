"""'Try again', below a failure or a question that came too late: the same question, answered in the same place."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from adapters.slack.bot import PLATFORM
from adapters.slack.clicks import Click, click_of
from adapters.slack.identity import asker_team
from adapters.slack.ids import Ids
from adapters.slack.received import Handler, Received
from adapters.slack.showing.whispers import Spot, Whispers
from adapters.slack.talking.addressing import message_of
from adapters.slack.talking.asking import Asking, Inquiry
from adapters.slack.talking.commands import Private
from adapters.slack.talking.questions import Questions, bot_user
from adapters.slack.web_api.api import Api
from adapters.slack.web_api.errors import SlackRefusal
from rag_core.records.platforms.postings import Postings

__all__ = ["Retries"]

log = logging.getLogger(__name__)


class Retries:
    def __init__(
        self,
        ids: Ids,
        asking: Asking,
        questions: Questions,
        private: Private,
        postings: Postings,
        whispers: Whispers,
    ) -> None:
        self._ids = ids
        self._asking = asking
        self._questions = questions
        self._private = private
        self._postings = postings
        self._whispers = whispers

    def handlers(self) -> Mapping[str, Handler]:
        return {"action:retry": self._clicked}

    async def _clicked(self, received: Received) -> None:
        click = click_of(received.body, self._ids)
        spot = Spot(click.channel, click.user, click.thread, click.response_url)
        channel = await self._asking.channel(received, click.channel)
        if not await self._asking.admits(received.api, click.user, channel):
            return await self._whispers.tell(received.api, spot, "not-allowed")
        kind, _, value = click.value.partition(":")
        if kind == "text":
            await self._private.answer(received, value, spot, channel)
            return None
        return await self._again(received, click, value)

    async def _again(self, received: Received, click: Click, value: str) -> None:
        """The message that asks, as it is now."""
        where, ts, thread = (*value.split(":"), "", "", "")[:3]
        spot = Spot(click.channel, click.user, click.thread, click.response_url)
        shown = await self._postings.of_question(PLATFORM, where, ts)
        if where != click.channel or any(row.answer_id for row in shown):
            return None  # answered meanwhile: a second click
        found = await _message(received.api, where, ts, thread)
        if found is None:
            return await self._whispers.tell(received.api, spot, "question-gone")
        message = message_of({**found, "channel": where}, await bot_user(received))
        channel = await self._asking.channel(received, where)
        inquiry = Inquiry(message, channel, click.user, asker_team(received), shown=shown)
        return await self._questions.answer(received, inquiry)


async def _message(api: Api, channel: str, ts: str, thread: str) -> Mapping[str, Any] | None:
    """None: it is no more, or cannot be read."""
    method = "conversations.replies" if thread else "conversations.history"
    where: dict[str, Any] = {"channel": channel, "latest": ts, "oldest": ts, "inclusive": True, "limit": 10}
    try:
        said = await api.call(method, **where, ts=thread or None)
    except SlackRefusal as error:
        log.info("A question cannot be read again: %s", error)
        return None
    return next((one for one in said.get("messages") or () if one.get("ts") == ts), None)
