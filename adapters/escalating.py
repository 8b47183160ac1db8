"""A person is asked where the bot cannot answer: once for each answer, open until resolved, with reminders."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Protocol

from rag_core.access import Access
from rag_core.errors import AnswerloopError, NotFound, Unavailable
from rag_core.records.feedback.recording import Feedback, RecordedAnswer
from rag_core.records.platforms.escalations import Escalation, Escalations
from rag_core.records.reviews.reviews import Reviews
from rag_core.types import Principal

__all__ = ["TOLD", "Called", "Desk", "Escalating", "Outcome", "PersonsReply", "answer_for"]

RETRY_S = 60.0
"""A reminder that could not be sent is tried again after so long."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Called:
    """How the people were called."""

    channel: str
    message: str
    mentioned: str = ""
    """The group that was called, in the thread of the question or, where it has none, in its channel; '': none was."""


@dataclass(frozen=True, slots=True)
class PersonsReply:
    """What a person wrote to an escalation."""

    user: str
    text: str
    """Plain: without a platform's marks."""
    message: str
    """The platform's id of it."""


class Desk(Protocol):
    """A platform, seen from here. What is told twice for the same escalation or reply shows once."""

    async def call(self, escalation: Escalation, target: str, again: bool = False) -> Called:
        """Ask the people of target, a platform's id. again: an earlier attempt may have done so.

        Raises:
            AnswerloopError: they cannot be asked there, or not now.
        """

    async def answers(self, escalation: Escalation, user: str) -> bool:
        """Whether what this person writes in the question's own thread, where a group was called, is an answer."""

    async def relay(self, escalation: Escalation, reply: PersonsReply, again: bool = False) -> None:
        """Show who asked what a person answered. again: an earlier attempt may have done so."""

    async def remind(self, escalation: Escalation, number: int) -> None:
        """Remind the people. number: which reminder this is, from 1."""

    async def settle(self, escalation: Escalation) -> None:
        """Show that it is resolved."""


class Outcome(Enum):
    """What came of asking for a person."""

    ASKED = "asked"
    OPEN = "open"
    """They were asked before."""
    RESOLVED = "resolved"
    """They were asked before, and answered."""
    NOBODY = "nobody"
    """Nobody is named for that."""


TOLD = {
    Outcome.NOBODY: "escalation-nobody",
    Outcome.OPEN: "escalation-open",
    Outcome.RESOLVED: "escalation-resolved",
}
"""What who asks for a person is told where nobody was asked by that: a message of the catalogues."""


async def answer_for(
    reader: Principal, answer_id: str | None, feedback: Feedback, access: Access
) -> RecordedAnswer | None:
    """The answer that a person is asked about, where this reader of it may read all that it was made from."""
    if not answer_id or answer_id not in await feedback.readable([answer_id], access.scopes_of(reader)):
        return None
    try:
        return await feedback.answer(answer_id)
    except NotFound:
        return None


class Escalating:
    def __init__(
        self, escalations: Escalations, reviews: Reviews, desks: Mapping[str, Desk], look_s: float = 15.0
    ) -> None:
        """desks: by platform. look_s: how often it is looked who is to be reminded."""
        self._escalations = escalations
        self._reviews = reviews
        self._desks = desks
        self._look_s = look_s

    async def get(self, id: str) -> Escalation | None:
        return await self._escalations.get(id)

    async def ask(self, wanted: Escalation, target: str, again: bool = False) -> tuple[Outcome, Escalation]:
        """Ask a person, unless one was asked. target: who is asked, by the platform's id; '': nobody is named. again: as
        another attempt at the same wish.

        Raises:
            AnswerloopError: they cannot be asked there, or not now; asking again tries again.
        """
        if not target:
            return Outcome.NOBODY, wanted
        kept, new = await self._escalations.open(wanted)
        mine = new or (not kept.target_message and (again or await self._escalations.take_over(kept.id)))
        if not mine:
            return (Outcome.OPEN if kept.is_open else Outcome.RESOLVED), kept
        try:
            called = await self._desks[kept.platform].call(kept, target, again)
        except AnswerloopError:
            await self._escalations.drop(kept.id)
            raise
        await self._escalations.posted(kept.id, called.channel, called.message, called.mentioned)
        asked = replace(
            kept,
            target_channel=called.channel,
            target_message=called.message,
            mentioned=called.mentioned,
        )
        return Outcome.ASKED, asked

    async def concerns(self, platform: str, channel: str, thread: str) -> bool:
        """Whether people are asked to answer in this thread."""
        return bool(await self._escalations.of_thread(platform, channel, thread))

    async def reply(
        self, platform: str, channel: str, thread: str, reply: PersonsReply, again: bool = False
    ) -> bool:
        """Whether a message in this thread is part of an escalation, and so no question to the bot."""
        ours = False
        for escalation in await self._escalations.of_thread(platform, channel, thread):
            if escalation.in_thread:
                if reply.user == escalation.user_id or not await self._answers(escalation, reply):
                    continue
                await self._escalations.replied(escalation.id, reply.user, reply.text)
            elif reply.user != escalation.user_id:
                await self._desks[platform].relay(escalation, reply, again)
                await self._escalations.replied(escalation.id, reply.user, reply.text)
                if not escalation.is_open:
                    await self._offer(escalation, reply.text, reply.user)
            ours = True
        return ours

    async def resolve(self, id: str, by: str, reply: str | None = None) -> tuple[bool, Escalation | None]:
        """Whether this did it, and what is kept. False: it was resolved before, or is none.

        by: the person's id on the platform. reply: what answers the question; None: what a person replied last. It becomes
        a candidate example for review.
        """
        before = await self._escalations.get(id)
        if before is None:
            return False, None
        text = before.reply if reply is None else reply
        author = before.replied_by if text == before.reply else by
        did = await self._escalations.resolve(id, by, text, author)
        after = await self._escalations.get(id)
        if after is None or not (did or after.resolved_by == by):  # by the same: an attempt that broke off
            return False, after
        await self._offer(after, after.reply, after.replied_by)
        await self._desks[after.platform].settle(after)
        return did, after

    async def remind(self) -> None:
        """Until cancelled: remind the people of what is open."""
        while True:
            try:
                await self.remind_due()
            except Exception as error:
                log.warning("It cannot be looked now who is to be reminded: %s", type(error).__name__)
            await asyncio.sleep(self._look_s)

    async def remind_due(self) -> None:
        """Remind of what is due. Of several processes one does it."""
        for due in await self._escalations.due(self._desks.keys()):
            if not await self._escalations.claim_reminder(due):
                continue
            try:
                await self._desks[due.platform].remind(due, due.reminders + 1)
            except (Unavailable, OSError) as error:
                log.info("A reminder is sent later: %s", error)
                await self._escalations.give_back_reminder(due, RETRY_S)
            except AnswerloopError as error:
                log.warning("A reminder could not be sent: %s", error)

    async def _offer(self, escalation: Escalation, text: str, author: str) -> None:
        """What a person answered, as a candidate example."""
        if escalation.answer_id and text:
            by = f"{escalation.platform}:{author}"
            await self._reviews.propose(escalation.answer_id, "escalation", text, by)

    async def _answers(self, escalation: Escalation, reply: PersonsReply) -> bool:
        return await self._desks[escalation.platform].answers(escalation, reply.user)
