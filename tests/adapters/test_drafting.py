"""What all platforms share of draft mode."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from adapters.drafting import Drafting
from rag_core.records.database import open_database
from rag_core.records.platforms.postings import Posting, Postings


@pytest.fixture
async def postings(database_address: str) -> AsyncIterator[Postings]:
    database = await open_database(database_address)
    yield Postings(database)
    await database.dispose()


async def drafted(postings: Postings) -> Drafting:
    """A draft of the answer a1 that two channels show."""
    for channel in ("C", "D"):
        row = Posting("chat", channel, "1", question_message="q", kind="draft", answer_id="a1")
        await postings.record([row])
    return Drafting("chat", postings)


class Delivery:
    """Keeps what is noted, as the inbox does."""

    def __init__(self) -> None:
        self.progress: Mapping[str, Any] = {}

    async def note(self, progress: Mapping[str, Any]) -> None:
        self.progress = progress


async def test_of_several_who_decide_one_does(postings: Postings) -> None:
    """For all messages that show the draft."""
    drafting, first, second = await drafted(postings), Delivery(), Delivery()
    assert await drafting.take("a1", "sent", first.progress, first.note)
    assert not await drafting.take("a1", "discarded", second.progress, second.note)
    assert {row.channel for row in await drafting.decided("a1", "sent")} == {"C", "D"}
    assert await drafting.decided("a1", "discarded") == []


async def test_an_attempt_that_broke_off_goes_on(postings: Postings) -> None:
    """It had decided already; what it noted by other names stays."""
    drafting, delivery = await drafted(postings), Delivery()
    await delivery.note({"messages": ["9"]})
    assert await drafting.take("a1", "sent", delivery.progress, delivery.note)
    assert await drafting.take("a1", "sent", delivery.progress, delivery.note)
    assert delivery.progress == {"messages": ["9"], "deciding": "sent"}


async def test_what_was_not_sent_is_still_to_be_decided(postings: Postings) -> None:
    """By the same, or by another."""
    drafting, first, second = await drafted(postings), Delivery(), Delivery()
    assert await drafting.take("a1", "sent", first.progress, first.note)
    await drafting.reopen("a1")
    assert await drafting.take("a1", "discarded", second.progress, second.note)


async def test_drafts_of_another_platform_stay(postings: Postings) -> None:
    """Another process has them."""
    await drafted(postings)
    other, delivery = Drafting("paper", postings), Delivery()
    assert not await other.take("a1", "sent", delivery.progress, delivery.note)
