"""A question's way that all chat platforms share: sign, ask, show, remember which message shows which answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from adapters.channels import Channel
from adapters.chat import Chat, Reply
from rag_core.answering import SMALL_TALK_MADE
from rag_core.records.platforms.postings import Posting, Postings
from rag_core.types import Principal, Question

__all__ = ["Answering", "Asked", "Propose", "Surface", "forget_earlier", "question_in", "shown"]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and where it stands."""

    question: Question
    channel: Channel
    """What is in force where it was asked."""
    message: str = ""
    """The platform's id of the message that asks; '' where there is none, as with a command."""
    unasked: bool = False
    """Nobody addressed the bot: it answers only if it is sure enough, and leaves no trace otherwise."""
    where: str = ""
    """The channel that its messages stand in, where that is another than the principal's, as with threads that have an id of
    their own."""


class Surface(Protocol):
    """A place where one answer is shown."""

    async def begin(self) -> None:
        """Show at once that the question was seen."""

    def said(self, text: str) -> None:
        """Show the text so far, as soon as the platform allows it. Called often; returns at once."""

    async def finish(self, reply: Reply) -> Sequence[str]:
        """Show the answer, or the sentence in its place, instead of all that was shown before; the ids of its messages."""

    async def give_up(self) -> None:
        """Take back what was shown of this answer; an earlier one that it was to replace stays."""

    async def withdraw(self) -> None:
        """Take back all that was shown, an earlier answer as well."""


Propose = Callable[[Asked, Reply], Awaitable[None]]
"""Shows an answer to those who decide whether it is sent."""


class Answering:
    def __init__(self, chat: Chat, postings: Postings, propose: Propose) -> None:
        self._chat = chat
        self._postings = postings
        self._propose = propose

    async def answer(self, asked: Asked, surface: Surface) -> Reply | None:
        """Answer and show it; what was shown. None: nothing, as nobody had asked, or as a person decides first.

        Raises:
            AnswerloopError: the platform did not take it.
        """
        if not asked.unasked:
            await surface.begin()
        watched = asked.unasked or asked.channel.draft
        try:
            reply = await self._chat.answer(asked.question, (lambda text: None) if watched else surface.said)
        except BaseException:
            await surface.give_up()
            raise
        if asked.unasked and not _sure(reply, asked.channel):
            await surface.withdraw()
            return None
        if asked.channel.draft and reply.answer is not None:
            try:
                await self._propose(asked, reply)
            except BaseException:
                await surface.give_up()
                raise
            await surface.withdraw()
            return None
        messages = await surface.finish(reply)
        await self._postings.record(shown(asked, reply, messages))
        return reply


def question_in(channel: Channel, text: str, who: Principal, language: str, **more: Any) -> Question:
    """A question as the channel has it asked. language: the asker's. more: other fields of Question."""
    return Question(
        text,
        who,
        language=language,
        spoken=channel.language,
        scopes=channel.scopes,
        tone=channel.tone,
        **more,
    )


async def forget_earlier(postings: Postings, rows: Collection[Posting], reply: Reply | None) -> None:
    """Forget the messages of an earlier answer that are no more, now that the reply stands in its place. rows: what was kept
    of it."""
    now = reply.answer.id if reply and reply.answer else None
    for where in {(row.platform, row.channel) for row in rows}:
        messages = [row.message for row in rows if (row.platform, row.channel) == where]
        for row in (await postings.of_messages(*where, messages)).values():
            if row.kind != "notice" and (reply is None or row.answer_id != now):
                await postings.remove(*where, row.message)


def shown(asked: Asked, reply: Reply, messages: Sequence[str]) -> list[Posting]:
    """What is to be remembered of the messages that show a reply."""
    who = asked.question.principal
    return [
        Posting(
            platform=who.platform,
            channel=asked.where or who.channel,
            message=message,
            workspace=asked.question.asked_in,
            thread=asked.question.thread,
            question_message=asked.message,
            part=part,
            answer_id=reply.answer.id if reply.answer else None,
            user_id=who.user,
        )
        for part, message in enumerate(messages)
    ]


def _sure(reply: Reply, channel: Channel) -> bool:
    answer = reply.answer
    if (
        answer is None or answer.abstained or answer.generator == SMALL_TALK_MADE
    ):  # it has no part in others' talk
        return False
    return answer.confidence >= (channel.auto_answer or 0.0)
