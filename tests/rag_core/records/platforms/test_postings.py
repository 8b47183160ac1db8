"""Which message shows which answer."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.records.platforms.postings import Posting, Postings

FIRST = Posting("slack", "C1", "2.0", "T1", "1.0", "1.0", answer_id="a1", user_id="U1")
SECOND = replace(FIRST, message="3.0", part=1)
OTHER = replace(FIRST, channel="C2", answer_id="a2")


async def test_an_answer_is_found_by_its_message_question_and_thread(database: AsyncEngine) -> None:
    """Part by part, in the channel that was asked about alone."""
    postings = Postings(database)
    await postings.record([FIRST, SECOND])
    await postings.record([OTHER])
    assert await postings.of_message("slack", "C1", "3.0") == SECOND
    assert await postings.of_message("discord", "C1", "3.0") is None
    assert await postings.of_question("slack", "C1", "1.0") == [FIRST, SECOND]
    assert await postings.of_thread("slack", "C2", "1.0") == [OTHER]
    assert await postings.of_answer("a1") == [FIRST, SECOND]


async def test_a_message_that_shows_another_answer_now_shows_that_one_alone(database: AsyncEngine) -> None:
    """As after an edit of its question."""
    postings = Postings(database)
    await postings.record([FIRST])
    await postings.record([replace(FIRST, answer_id="a9")])
    assert await postings.of_answer("a1") == []
    assert [posting.answer_id for posting in await postings.of_thread("slack", "C1", "1.0")] == ["a9"]


async def test_what_is_changed_or_removed_is_that_message_only(database: AsyncEngine) -> None:
    """The other parts stay as they are."""
    postings = Postings(database)
    await postings.record([FIRST, SECOND])
    await postings.change(FIRST, kind="draft")
    assert [posting.kind for posting in await postings.of_answer("a1")] == ["draft", "answer"]
    await postings.remove("slack", "C1", "2.0")
    assert await postings.of_answer("a1") == [SECOND]


async def test_drafts_of_an_answer_are_decided_about_once(database: AsyncEngine) -> None:
    """All that show it, by one of several who decide at once; messages that are no drafts stay what they are."""
    postings = Postings(database)
    drafts = [replace(FIRST, channel=place, kind="draft") for place in ("D1", "D2")]
    await postings.record([*drafts, SECOND])
    assert await postings.drafts_for("slack", "1.0") == drafts
    done = await asyncio.gather(*(postings.decide("slack", "a1", "sent") for _ in range(3)))
    assert sorted(done) == [False, False, True]
    assert not await postings.decide("slack", "a1", "discarded")
    assert sorted(posting.kind for posting in await postings.of_answer("a1")) == ["answer", "sent", "sent"]
    assert await postings.drafts_for("slack", "1.0") == []


async def test_nothing_to_record_is_no_mistake(database: AsyncEngine) -> None:
    """An answer may be shown by no message that can be named."""
    await Postings(database).record([])


async def test_direct_channels_are_those_of_no_workspace_the_latest_first(database: AsyncEngine) -> None:
    """Of that platform, since that time, and no more than are asked for."""
    postings, before = Postings(database), datetime.now(UTC)
    direct = replace(FIRST, workspace="")
    for channel in ("D1", "D2", "D3", "D1"):
        await postings.record([replace(direct, channel=channel)])
        await asyncio.sleep(0.002)
    await postings.record([replace(FIRST, workspace="T1", channel="C9")])
    await postings.record([replace(direct, platform="discord", channel="D9")])
    assert await postings.direct_channels("slack", before, 9) == ["D1", "D3", "D2"]
    assert await postings.direct_channels("slack", before, 2) == ["D1", "D3"]
    assert await postings.direct_channels("slack", datetime.now(UTC), 9) == []
