"""'Share with the channel': an answer that only its asker saw is shown to all, if all may read what it was made from.

What one person may read alone, a channel may not (rag_core/access.py). An answer that was made from more than the channel
may read is not posted: it is made again from what the channel may read, and shown to the asker, who may share that one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from adapters.channels import Channel
from adapters.chat import Reply
from adapters.sharing import all_may_read
from adapters.slack.bot import PLATFORM
from adapters.slack.clicks import Click, click_of
from adapters.slack.identity import asker_team
from adapters.slack.ids import Ids
from adapters.slack.received import Handler, Received
from adapters.slack.showing.blocks import context
from adapters.slack.showing.controls import Rendering
from adapters.slack.showing.escaping import label
from adapters.slack.showing.whispers import Spot, Whispers
from adapters.slack.talking.asking import Asking
from adapters.slack.talking.commands import Private
from adapters.slack.web_api.errors import PlaceClosed, SlackRefusal
from rag_core.access import Access
from rag_core.errors import NotFound
from rag_core.messages import say
from rag_core.records.feedback.recording import Feedback, RecordedAnswer
from rag_core.records.platforms.postings import Posting, Postings

__all__ = ["Sharing"]

Payload = Mapping[str, Any]
_QUESTION = 150
_RESPONSES = 4
"""Of the five that a response_url takes."""


class Sharing:
    """access: who may read what, as it is in force."""

    def __init__(
        self,
        ids: Ids,
        access: Access,
        feedback: Feedback,
        postings: Postings,
        asking: Asking,
        private: Private,
        whispers: Whispers,
    ) -> None:
        self._ids = ids
        self._access = access
        self._feedback = feedback
        self._postings = postings
        self._asking = asking
        self._private = private
        self._whispers = whispers

    def handlers(self) -> Mapping[str, Handler]:
        return {"action:share": self._clicked}

    async def _clicked(self, received: Received) -> None:
        click = click_of(received.body, self._ids)
        spot = Spot(click.channel, click.user, click.thread, click.response_url)
        try:
            answer = await self._feedback.answer(click.value)
        except NotFound:
            return await self._whispers.tell(received.api, spot, "share-gone")
        if (answer.platform, answer.user, answer.channel) != (PLATFORM, click.user, click.channel):
            return None  # no button of ours
        channel = await self._asking.channel(received, click.channel)
        if await self._postings.of_answer(answer.id):
            return await self._whispers.tell(received.api, spot, "share-done")
        if not await self._asking.admits(received.api, click.user, channel):
            return await self._whispers.tell(received.api, spot, "not-allowed")
        if not channel.draft and await self._all_may_read(received, answer, channel):
            return await self._share(received, click, answer, channel)
        return await self._offer(received, spot, answer, channel)

    async def _all_may_read(self, received: Received, answer: RecordedAnswer, channel: Channel) -> bool:
        """Whether this person, asking in the channel now, would be given all that the answer was made from."""
        api, user = received.api, answer.user
        who = await self._asking.principal(
            api, user, asker_team(received), answer.channel, channel, direct=False
        )
        return await all_may_read(answer.id, who, channel, self._access, self._feedback)

    async def _offer(self, received: Received, spot: Spot, answer: RecordedAnswer, channel: Channel) -> None:
        """What the channel may read, for the asker to share."""
        if not channel.draft:
            await self._whispers.tell(received.api, spot, "share-narrower")
        await self._private.answer(received, answer.question, spot, channel, direct=False)

    async def _share(
        self, received: Received, click: Click, answer: RecordedAnswer, channel: Channel
    ) -> None:
        language = channel.language or await self._whispers.language(received.api, click.channel)
        options = Rendering(escalation=bool(channel.escalation), silence=channel.follow_ups)
        look = self._asking.looks.of(received.api, click.channel, language, options)
        payloads = list(look.final(Reply(answer.text, answer.as_given(language))))
        who = say(language, "shared-by", user=f"<@{click.user}>", question=label(answer.question, _QUESTION))
        payloads[0] = {**payloads[0], "blocks": [context(who), *payloads[0]["blocks"]]}
        try:
            await self._post(received, click, answer, payloads)
        except PlaceClosed:
            for payload in payloads[:_RESPONSES]:
                await received.api.respond(click.response_url, response_type="in_channel", **payload)
        if click.response_url:
            text = say(await self._whispers.language(received.api, click.channel, click.user), "share-done")
            await self._close(received, click, text)

    async def _post(
        self, received: Received, click: Click, answer: RecordedAnswer, payloads: Sequence[Payload]
    ) -> None:
        """The first in the channel, the others in its thread."""
        rows: list[Posting] = []
        for part, payload in enumerate(payloads):
            thread = rows[0].message if rows else ""
            ts = await received.api.post(
                delivery=received.delivery.key,
                part=part,
                look_first=received.delivery.attempt > 1,
                channel=click.channel,
                thread_ts=thread or None,
                **payload,
            )
            rows.append(Posting(PLATFORM, click.channel, ts, answer.workspace, thread or ts, part=part))
        shown = [replace(row, answer_id=answer.id, user_id=click.user) for row in rows]
        await self._postings.record(shown)

    async def _close(self, received: Received, click: Click, text: str) -> None:
        """The private answer goes: it stands in the channel now."""
        try:
            await received.api.respond(click.response_url, replace_original=True, text=text)
        except SlackRefusal:
            return
