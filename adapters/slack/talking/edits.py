"""Questions that are edited or deleted, and messages of ours that somebody deletes."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

from adapters.slack.arrivals import changed_ts, question_key
from adapters.slack.bot import PLATFORM
from adapters.slack.received import Handler, Received
from adapters.slack.talking.addressing import Message, message_of, readable
from adapters.slack.talking.history import is_written
from adapters.slack.talking.questions import Questions, bot_user, is_for_us
from adapters.slack.web_api.errors import SlackRefusal, Vanished
from rag_core.records.platforms.postings import Postings

__all__ = ["Edits", "QuestionDeleted"]

QuestionDeleted = Callable[[Received, str, str], Awaitable[None]]
"""Of which channel, and the ts."""

LATEST_S = 86_400.0
"""After so long an edit changes no answer."""
log = logging.getLogger(__name__)


class Edits:
    """The answer follows its question: it is made anew where it stands, or goes. What worked on it was interrupted when
    the edit arrived."""

    def __init__(
        self, questions: Questions, postings: Postings, question_deleted: QuestionDeleted | None = None
    ) -> None:
        """question_deleted: is told of each message that was deleted."""
        self._questions = questions
        self._postings = postings
        self._question_deleted = question_deleted

    def handlers(self) -> Mapping[str, Handler]:
        return {"message_changed": self._changed, "message_deleted": self._deleted}

    async def _changed(self, received: Received) -> None:
        event = received.event
        after, before = _table(event.get("message")), _table(event.get("previous_message"))
        own = await bot_user(received)
        if not is_written(after) or after.get("user") == own or _age_s(event) > LATEST_S:
            return
        if not await is_for_us(received):
            return
        now, was = (message_of({**event, **one, "type": "message"}, own) for one in (after, before))
        if _says(now, own) == _says(was, own) and now.mentions_bot == was.mentions_bot:
            return
        shown = await self._postings.of_question(PLATFORM, now.channel, now.ts)
        if any(row.kind == "draft" for row in shown):
            return  # a person decides about it
        if shown or received.interrupted or now.direct or now.mentions_bot:
            await self._questions.take(received, now, shown, insist=bool(shown))

    async def _deleted(self, received: Received) -> None:
        channel, ts = str(received.event.get("channel") or ""), changed_ts(received.event)
        await self._postings.remove(PLATFORM, channel, ts)
        answers = [row.message for row in await self._postings.of_question(PLATFORM, channel, ts)]
        for answer in dict.fromkeys((*answers, *await _unrecorded(received, channel, ts))):
            try:
                await received.api.call("chat.delete", channel=channel, ts=answer)
            except Vanished:
                pass
            except SlackRefusal as error:
                log.warning("The answer to a deleted question stays: %s", error)
                continue
            await self._postings.remove(PLATFORM, channel, answer)
        if self._question_deleted is not None:
            await self._question_deleted(received, channel, ts)


async def _unrecorded(received: Received, channel: str, ts: str) -> Collection[str]:
    """What work that was broken off had posted, perhaps before it could be remembered."""
    if not received.interrupted:
        return ()
    before, direct = _table(received.event.get("previous_message")), channel.startswith("D")
    thread = str(before.get("thread_ts") or ("" if direct else ts))
    try:
        found = await received.api.posted(
            delivery=question_key(channel, ts), channel=channel, thread_ts=thread or None, since=ts
        )
    except SlackRefusal as error:
        log.info("What was posted for a deleted question cannot be looked up: %s", error)
        return ()
    return found.values()


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _says(message: Message, own: str) -> str:
    return readable(message.text, own, {})


def _age_s(event: Mapping[str, Any]) -> float:
    """How old the message was when it was edited."""
    try:
        return float(event.get("event_ts") or event.get("ts") or 0) - float(changed_ts(event))
    except ValueError:
        return 0.0
