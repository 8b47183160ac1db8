"""Draft mode, as all platforms have it: people see an answer before it is sent, and one of them decides about it, once.

What is needed after a restart stands in the records: the answer's, and the postings' of the messages that show the draft,
which are of kind 'draft' until somebody decides, and then 'sent' or 'discarded'.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from adapters.answering import Asked
from adapters.inbox import Note
from rag_core.records.feedback.recording import RecordedAnswer
from rag_core.records.platforms.postings import Posting, Postings

__all__ = ["DECIDED", "Decision", "Drafting"]

Decision = Literal["sent", "discarded"]
DECIDED: Mapping[Decision, str] = {"sent": "draft-sent-by", "discarded": "draft-discarded-by"}
"""What a draft says afterwards: a message of the catalogues."""


class Drafting:
    def __init__(self, platform: str, postings: Postings) -> None:
        self._platform = platform
        self._postings = postings

    async def earlier(self, target: str, asked: Asked) -> Posting | None:
        """The draft for the same message that is shown in this channel."""
        if not asked.message:
            return None
        rows = await self._postings.of_question(self._platform, target, asked.message)
        return next((row for row in rows if row.kind == "draft"), None)

    async def changed(self, draft: Posting, given: RecordedAnswer) -> None:
        """It shows another answer now."""
        await self._postings.change(draft, answer_id=given.id)

    async def shown(
        self, target: str, message: str, asked: Asked, given: RecordedAnswer, thread: str = ""
    ) -> None:
        """A message in this channel shows the answer to those who decide. thread: what is kept of where the question
        was asked; '': its thread."""
        who = asked.question.principal
        row = Posting(
            platform=self._platform,
            channel=target,
            message=message,
            workspace=asked.question.asked_in,
            thread=thread or asked.question.thread,
            question_message=asked.message,
            kind="draft",
            answer_id=given.id,
            user_id="" if asked.unasked else who.user,  # nobody waits for what nobody asked
        )
        await self._postings.record([row])

    async def take(self, answer: str, decision: Decision, progress: Mapping[str, Any], note: Note) -> bool:
        """Whether this delivery decides. Of several who do so at once one does; an attempt that broke off goes on. progress:
        what it noted; 'deciding' is added to that."""
        earlier = progress.get("deciding") == decision
        if not earlier:
            await note({**progress, "deciding": decision})
        if await self._postings.decide(self._platform, answer, decision):
            return True
        return earlier and bool(await self.decided(answer, decision))

    async def reopen(self, answer: str) -> None:
        """It could not be sent, and so is still to be decided: by another attempt, or by another click."""
        for row in await self.decided(answer, "sent"):
            await self._postings.change(row, kind="draft")

    async def decided(self, answer: str, decision: Decision) -> list[Posting]:
        """The messages that showed the draft to those who decided so."""
        return [row for row in await self._postings.of_answer(answer) if row.kind == decision]

    async def sent(
        self, given: RecordedAnswer, messages: Sequence[str], channel: str, question_message: str
    ) -> None:
        """The messages in this channel show the answer to everybody."""
        rows = [
            Posting(
                platform=self._platform,
                channel=channel,
                message=message,
                workspace=given.workspace,
                thread=given.thread,
                question_message=question_message,
                part=part,
                answer_id=given.id,
                user_id=given.user,
            )
            for part, message in enumerate(messages)
        ]
        await self._postings.record(rows)
