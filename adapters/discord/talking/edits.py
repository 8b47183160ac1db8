"""Questions that are edited or deleted, and messages of ours that somebody deletes."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from adapters.discord.bot import INTERRUPTED
from adapters.discord.interactions import made_at
from adapters.discord.received import PLATFORM, Handler, Received
from adapters.discord.rest.errors import DiscordRefusal, Vanished
from adapters.discord.talking.addressing import Message
from adapters.discord.talking.asking import Asking
from adapters.discord.talking.questions import Questions
from rag_core.errors import NotFound
from rag_core.records.feedback import Feedback
from rag_core.records.postings import Posting, Postings

__all__ = ["Edits", "QuestionDeleted"]

QuestionDeleted = Callable[[Received, str, str], Awaitable[None]]
"""Of which channel, and the message's id."""

LATEST = timedelta(days=1)
"""After so long an edit changes no answer."""
_LOOKED_AT = 100
log = logging.getLogger(__name__)


class Edits:
    """The answer follows its question: it is made anew where it stands, or goes. What worked on it was interrupted when
    the edit arrived."""

    def __init__(
        self,
        questions: Questions,
        asking: Asking,
        feedback: Feedback,
        postings: Postings,
        question_deleted: QuestionDeleted | None = None,
    ) -> None:
        """question_deleted: is told of each message that was deleted."""
        self._questions = questions
        self._asking = asking
        self._feedback = feedback
        self._postings = postings
        self._question_deleted = question_deleted

    def handlers(self) -> Mapping[str, Handler]:
        return {"message_edited": self._edited, "message_deleted": self._deleted}

    async def _edited(self, received: Received) -> None:
        now = await self._questions.message(received)
        if now is None or now.user == received.rest.user or _age(received.body) > LATEST:
            return
        shown = await self._postings.of_question(PLATFORM, now.place.id, now.id)
        if any(row.kind == "draft" for row in shown) or await self._says_the_same(received, now, shown):
            return
        interrupted = bool(received.body.get(INTERRUPTED))
        if shown or interrupted or now.place.direct or now.mentions_bot:
            await self._questions.take(received, now, shown, insist=bool(shown))

    async def _says_the_same(self, received: Received, now: Message, shown: Collection[Posting]) -> bool:
        """Whether the form alone was changed of what is answered already."""
        answer = next((row.answer_id for row in shown if row.answer_id), None)
        if answer is None:
            return False
        try:
            asked = (await self._feedback.answer(answer)).question
        except NotFound:
            return False
        return asked.split() == (await self._asking.text.of(received.rest, now)).split()

    async def _deleted(self, received: Received) -> None:
        channel, question = str(received.body["channel_id"]), str(received.body["id"])
        await self._postings.remove(PLATFORM, channel, question)
        answers = [row.message for row in await self._postings.of_question(PLATFORM, channel, question)]
        for answer in dict.fromkeys((*answers, *await _unrecorded(received, channel, question))):
            try:
                await received.rest.delete(channel, answer)
            except Vanished:
                pass
            except DiscordRefusal as error:
                log.warning("The answer to a deleted question stays: %s", error)
                continue
            await self._postings.remove(PLATFORM, channel, answer)
        if self._question_deleted is not None:
            await self._question_deleted(received, channel, question)


async def _unrecorded(received: Received, channel: str, question: str) -> Collection[str]:
    """What work that was broken off had sent, perhaps before it could be remembered."""
    if not received.body.get(INTERRUPTED):
        return ()
    try:
        found = await received.rest.messages(channel, limit=_LOOKED_AT, after=question)
    except DiscordRefusal as error:
        log.info("What was sent for a deleted question cannot be looked up: %s", error)
        return ()
    return [
        str(one["id"])
        for one in found
        if str((one.get("author") or {}).get("id")) == received.rest.user
        and str((one.get("message_reference") or {}).get("message_id")) == question
    ]


def _age(body: Mapping[str, Any]) -> timedelta:
    """How old the message was when it was edited."""
    try:
        return datetime.fromisoformat(str(body.get("edited_timestamp"))) - made_at(str(body.get("id")))
    except (TypeError, ValueError):
        return timedelta()
