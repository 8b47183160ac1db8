"""The parts of the bot that are a person's own: their data, what they review, the channels and servers they manage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.channels import Channels
from adapters.discord.identity import Identity
from adapters.discord.ids import Ids
from adapters.discord.personal.channel_settings import SettingsPages
from adapters.discord.personal.mydata import MyData
from adapters.discord.personal.pages import Pages
from adapters.discord.personal.review_queue import ReviewQueue
from adapters.discord.places import Places
from adapters.discord.talking.parts import Part
from adapters.discord.whispers import Whispers
from adapters.reviewing import Reviewing
from rag_core.access import Access
from rag_core.records.feedback.recording import Feedback
from rag_core.records.people.people import People
from rag_core.records.platforms.postings import Postings
from rag_core.settings import Settings

__all__ = ["Personal", "personal"]


@dataclass(frozen=True, slots=True)
class Personal:
    parts: Sequence[Part]


def personal(
    *,
    settings: Callable[[], Settings],
    ids: Ids,
    database: AsyncEngine,
    access: Access,
    identity: Identity,
    places: Places,
    channels: Channels,
    feedback: Feedback,
    postings: Postings,
    reviewing: Reviewing,
    whispers: Whispers,
) -> Personal:
    """settings: those in force. access: the same object that the assistant judges by. reviewing: of people()."""
    pages = Pages(ids, whispers)
    return Personal(
        (
            ReviewQueue(ids, database, reviewing, feedback, identity, pages, whispers),
            SettingsPages(settings, ids, database, access, identity, places, channels, pages),
            MyData(
                ids, People(database, settings().home, settings().votes.quorum), identity, pages, whispers
            ),
        )
    )
