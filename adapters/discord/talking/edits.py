"""Questions that are edited or deleted, and messages of ours that somebody deletes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from adapters.discord.bot import INTERRUPTED
from adapters.discord.received import PLATFORM, Handler, Received
from adapters.discord.rest.errors import DiscordRefusal, Vanished
from adapters.discord.talking.addressing import Message
from adapters.discord.talking.asking import Asking
from adapters.discord.talking.questions import Questions
from rag_core.errors import NotFound
from rag_core.records.feedback.recording import Feedback
from rag_core.records.platforms.postings import Posting, Postings

__all__ = ["Edits", "QuestionDeleted"]

QuestionDeleted = Callable[[Received, str, str], Awaitable[None]]
"""Of which channel, and the message's id."""

LATEST = timedelta(days=1)
"""So long after it was given an edit changes an answer no more."""
_LOOKED_AT = 100
_SENDING_S = 1.0
"""A message that was being sent when the work on it ended stands there by then."""
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
        if now is None or now.user == received.rest.user:
            return
        shown = await self._postings.of_question(PLATFORM, now.place.id, now.id)
        if any(row.kind == "draft" for row in shown) or await self._stays(received, now, shown):
            return
        interrupted = bool(received.body.get(INTERRUPTED))
        if not (shown or interrupted or now.place.direct or now.mentions_bot):
            return
        begun = () if shown else await self._unrecorded(received, now.place.id, now.id)
        standing = [
            Posting(PLATFORM, now.place.id, id, question_message=now.id, part=part)
            for part, id in enumerate(begun)
        ]
        await self._questions.take(received, now, shown or standing, insist=bool(shown))

    async def _stays(self, received: Received, now: Message, shown: Collection[Posting]) -> bool:
        """Whether it was answered long ago, or the form alone was changed of what was answered."""
        answer = next((row.answer_id for row in shown if row.answer_id), None)
        if answer is None:
            return False
        try:
            given = await self._feedback.answer(answer)
        except NotFound:
            return False
        old = datetime.now(UTC) - given.created_at.replace(tzinfo=UTC) > LATEST
        return old or given.question.split() == (await self._asking.text.of(received.rest, now)).split()

    async def _deleted(self, received: Received) -> None:
        channel, question = str(received.body["channel_id"]), str(received.body["id"])
        await self._postings.remove(PLATFORM, channel, question)
        answers = [row.message for row in await self._postings.of_question(PLATFORM, channel, question)]
        for answer in dict.fromkeys((*answers, *await self._unrecorded(received, channel, question))):
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

    async def _unrecorded(self, received: Received, channel: str, question: str) -> Sequence[str]:
        """What work that was broken off had sent, or was sending, before it could be remembered: the reply to the question,
        and its further parts right below it."""
        if not received.body.get(INTERRUPTED):
            return ()
        await asyncio.sleep(_SENDING_S)
        try:
            found = await received.rest.messages(channel, limit=_LOOKED_AT, after=question)
        except DiscordRefusal as error:
            log.info("What was sent for a deleted question cannot be looked up: %s", error)
            return ()
        known = await self._postings.of_messages(PLATFORM, channel, [str(one["id"]) for one in found])
        return _answering(found, question, received.rest.user, known)


def _answering(
    found: Sequence[Mapping[str, Any]], question: str, bot: str, known: Collection[str]
) -> list[str]:
    """known: messages that belong to other answers."""
    ours: list[str] = []
    for one in sorted(found, key=lambda one: int(one["id"])):
        id, reference = str(one["id"]), one.get("message_reference") or {}
        replies = str(reference.get("message_id")) == question
        is_bots = str((one.get("author") or {}).get("id")) == bot
        goes_on = not reference and not one.get("interaction_metadata") and id not in known
        if is_bots and (replies or (ours and goes_on)):
            ours.append(id)
        elif ours:
            break
    return ours
