"""The parts of the bot through which people judge answers and answer themselves: votes, questions to a person, drafts,
corrections."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.answering import Propose
from adapters.channels import Channels
from adapters.chat import Answerer
from adapters.escalating import Escalating
from adapters.reviewing import Reviewing
from adapters.slack.bot import PLATFORM
from adapters.slack.identity import Identity
from adapters.slack.ids import Ids
from adapters.slack.people.desk import EscalationDesk
from adapters.slack.people.drafts import Drafts
from adapters.slack.people.escalations import AskingPeople
from adapters.slack.people.feedback import FeedbackControls
from adapters.slack.people.notices import Notices
from adapters.slack.showing.looks import Looks
from adapters.slack.showing.whispers import Whispers
from adapters.slack.talking.edits import QuestionDeleted
from adapters.slack.talking.parts import Part
from adapters.slack.talking.questions import TakeReply
from adapters.slack.web_api.api import Apis
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
    apis: Apis,
    answerer: Answerer,
    access: Access,
    identity: Identity,
    channels: Channels,
    feedback: Feedback,
    postings: Postings,
    whispers: Whispers,
) -> People:
    """access: the same object that the assistant judges by."""
    reviews = Reviews(database)
    desk = EscalationDesk(ids, apis, feedback, access, identity, whispers)
    escalating = Escalating(Escalations(database), reviews, {PLATFORM: desk})
    asking = AskingPeople(ids, escalating, feedback, postings, channels, identity, whispers)
    notices = Notices(feedback, reviews, whispers)
    reviewing = Reviewing(reviews, feedback, postings, {PLATFORM: notices})
    drafts = Drafts(ids, apis, feedback, postings, reviews, channels, identity, Looks(ids), whispers)
    voting = Voting(answerer, feedback)
    controls = FeedbackControls(ids, voting, postings, identity, whispers)
    return People(
        parts=(controls, asking, drafts, notices),
        propose=drafts.propose,
        take_reply=asking.take_reply,
        question_deleted=drafts.question_deleted,
        reviewing=reviewing,
        notices=notices,
        background={"reminders": escalating.remind, "corrections": reviewing.tell},
    )
