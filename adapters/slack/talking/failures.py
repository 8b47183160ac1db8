"""Who is told that something failed for good, and where. What concerns nobody is in the log alone."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from adapters.slack.bot import PLATFORM
from adapters.slack.clicks import click_of
from adapters.slack.identity import asker_team
from adapters.slack.ids import Ids
from adapters.slack.received import Received
from adapters.slack.showing.whispers import Spot, Whispers
from adapters.slack.talking.addressing import message_of
from adapters.slack.talking.asking import Asking, Inquiry
from adapters.slack.web_api.errors import SlackRefusal
from rag_core.errors import AnswerloopError
from rag_core.messages import say
from rag_core.records.platforms.postings import Postings

__all__ = ["Failures"]

log = logging.getLogger(__name__)


class Failures:
    def __init__(self, ids: Ids, asking: Asking, postings: Postings, whispers: Whispers) -> None:
        self._ids = ids
        self._asking = asking
        self._postings = postings
        self._whispers = whispers

    async def tell(self, received: Received, reference: str) -> None:
        """What the bot calls when the inbox gives a delivery up, under a reference in the log. Never raises for what Slack
        or the database refuse."""
        kind = received.delivery.kind
        try:
            if kind == "message":
                await self._asker(received, reference)
            elif kind == "command" or kind.startswith(("action:", "shortcut:", "view:")):
                await self._whispers.tell(received.api, self._spot(received), "failed", reference=reference)
        except AnswerloopError as error:
            log.warning("Nobody could be told of failure %s: %s", reference, error)

    async def _asker(self, received: Received, reference: str) -> None:
        """In the place of the answer, with a button to ask again; nobody, where the bot was not addressed."""
        message = message_of(received.event, received.api.bot_user)
        shown = await self._postings.of_question(PLATFORM, message.channel, message.ts)
        if any(row.answer_id for row in shown):
            return  # what failed came after the answer
        if not (
            message.direct
            or message.mentions_bot
            or await self._talks_with_bot(message.channel, message.thread, message.user)
        ):
            return
        channel = await self._asking.channel(received, message.channel)
        inquiry = Inquiry(message, channel, message.user, asker_team(received), shown=shown, begun=True)
        try:
            await self._asking.say(received, inquiry, "failed", retry=True, reference=reference)
        except SlackRefusal:  # whatever it has against it: rather told elsewhere than not at all
            await self._alone(received, inquiry, reference)

    async def _alone(self, received: Received, inquiry: Inquiry, reference: str) -> None:
        """Where the bot cannot write: in a direct message."""
        user, where = inquiry.user, f"<#{inquiry.message.channel}>"
        language = await self._asking.language(received.api, user, inquiry.channel)
        text = say(language, "failed-there", channel=where, reference=reference)
        key = received.delivery.key
        await received.api.post(delivery=f"{key}:failed", part=0, channel=user, text=text)

    async def _talks_with_bot(self, channel: str, thread: str, user: str) -> bool:
        ours = await self._postings.of_thread(PLATFORM, channel, thread) if thread else []
        return any(row.user_id == user and row.kind == "answer" for row in ours)

    def _spot(self, received: Received) -> Spot:
        body = received.body
        if received.delivery.kind == "command":
            return Spot("", str(body.get("user_id") or ""), "", str(body.get("response_url") or ""))
        click = click_of(body, self._ids)
        return Spot(click.channel, click.user, click.thread, click.response_url or _url(body))


def _url(body: Mapping[str, Any]) -> str:
    """Of a modal that asked for one."""
    urls = body.get("response_urls")
    first = urls[0] if isinstance(urls, list) and urls else {}
    return str(first.get("response_url") or "") if isinstance(first, Mapping) else ""
