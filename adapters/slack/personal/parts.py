"""The parts of the bot that are a person's own: the Home tab, their data, what they review, the channels they manage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.channels import Channels
from adapters.reviewing import Reviewing
from adapters.slack.identity import Identity
from adapters.slack.ids import Ids
from adapters.slack.personal.channel_settings import ChannelForm
from adapters.slack.personal.home import Home
from adapters.slack.personal.home_parts import PersonalParts
from adapters.slack.personal.mydata import MyData
from adapters.slack.personal.review_parts import ReviewParts
from adapters.slack.personal.review_queue import ReviewQueue
from adapters.slack.received import Handler
from adapters.slack.showing.whispers import Whispers
from adapters.slack.talking.parts import Part
from rag_core.access import Access
from rag_core.records.feedback.recording import Feedback
from rag_core.records.people.people import People
from rag_core.records.platforms.postings import Postings
from rag_core.settings import Settings

__all__ = ["Personal", "personal"]


@dataclass(frozen=True, slots=True)
class Personal:
    parts: Sequence[Part]
    open_settings: Handler
    """For talking()."""


def personal(
    *,
    settings: Callable[[], Settings],
    ids: Ids,
    database: AsyncEngine,
    access: Access,
    identity: Identity,
    channels: Channels,
    feedback: Feedback,
    postings: Postings,
    reviewing: Reviewing,
    whispers: Whispers,
) -> Personal:
    """settings: those in force. access: the same object that the assistant judges by. reviewing: of people()."""
    own = PersonalParts(settings, ids, database, access, identity, feedback, postings)
    reviewers = ReviewParts(ids, database, identity, feedback)
    shown = (own.how_to_ask, reviewers.queue, reviewers.figures, own.sources, own.recent, own.own_data)
    home = Home(shown, whispers)
    form = ChannelForm(settings, ids, database, access, identity, channels, whispers)
    parts: tuple[Part, ...] = (
        home,
        ReviewQueue(ids, reviewing, feedback, identity, home, whispers),
        MyData(ids, People(database, settings().home, settings().votes.quorum), identity, home, whispers),
        form,
    )
    return Personal(parts, form.open)
