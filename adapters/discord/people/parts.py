"""The parts of the bot through which people judge answers and answer themselves: votes, questions to a person, drafts,
corrections."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.answering import Propose
from adapters.channels import Channels
from adapters.chat import Answerer
from adapters.discord.identity import Identity
from adapters.discord.ids import Ids
from adapters.discord.people.desk import EscalationDesk
from adapters.discord.people.drafts import Drafts
from adapters.discord.people.escalations import AskingPeople
from adapters.discord.people.feedback import FeedbackControls
from adapters.discord.people.notices import Notices
from adapters.discord.people.rooms import Rooms
from adapters.discord.places import Places
from adapters.discord.received import PLATFORM
from adapters.discord.rest.rest import Rest
from adapters.discord.talking.edits import QuestionDeleted
from adapters.discord.talking.parts import Part
from adapters.discord.talking.plain_text import PlainText
from adapters.discord.talking.questions import TakeReply
from adapters.discord.whispers import Whispers
from adapters.escalating import Escalating
from adapters.reviewing import Reviewing
from adapters.voting import Voting
from rag_core.access import Access
from rag_core.records.feedback.recording import Feedback
from rag_core.records.platforms.escalations import Escalations
from rag_core.records.platforms.postings import Postings
from rag_core.records.reviews.reviews import Reviews

__all__ = ["People", "people"]


@dataclass(frozen=True, slots=True)
class People:
    parts: Sequence[Part]
    propose: Propose
    """For Answering."""
    take_reply: TakeReply
    question_deleted: QuestionDeleted
    """Both for talking()."""
    reviewing: Reviewing
    """For those who review."""
    notices: Notices
    """Its outbox is to be set to the inbox."""
    background: Mapping[str, Callable[[], Awaitable[None]]]
    """Work to keep going meanwhile, by its name in the log."""


def people(
    *,
    database: AsyncEngine,
    ids: Ids,
    rest: Rest,
    answerer: Answerer,
    access: Access,
    identity: Identity,
    places: Places,
    channels: Channels,
    feedback: Feedback,
    postings: Postings,
    whispers: Whispers,
) -> People:
    """access: the same object that the assistant judges by."""
    reviews, rooms = Reviews(database), Rooms(rest, places, whispers)
    desk = EscalationDesk(ids, rest, feedback, access, identity, rooms)
    escalating = Escalating(Escalations(database), reviews, {PLATFORM: desk})
    text = PlainText(identity, places)
    asking = AskingPeople(ids, escalating, feedback, postings, places, channels, text, whispers, rooms)
    notices = Notices(feedback, reviews, rooms)
    reviewing = Reviewing(reviews, feedback, postings, {PLATFORM: notices})
    drafts = Drafts(ids, rest, feedback, postings, reviews, channels, identity, places, whispers, rooms)
    voting = Voting(answerer, feedback)
    controls = FeedbackControls(ids, voting, feedback, postings, places, whispers, rooms)
    return People(
        parts=(controls, asking, drafts, notices),
        propose=drafts.propose,
        take_reply=asking.take_reply,
        question_deleted=drafts.question_deleted,
        reviewing=reviewing,
        notices=notices,
        background={"reminders": escalating.remind, "corrections": reviewing.tell},
    )
