"""Notices of corrections on their way: what is accepted for whom, and what they say."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.notices import PERSON, THREAD, Corrected, KeptNotices
from rag_core.records.database import open_database
from rag_core.records.feedback.recording import Feedback
from rag_core.records.platforms.postings import Posting
from rag_core.records.reviews.reviews import Reviews
from rag_core.types import Principal, Question
from tests.fakes import an_answer

SHOWN = Posting("discord", "C1", "m2", workspace="G1", thread="t1", question_message="m1", user_id="U1")


class Box:
    """Keeps what it is given. Implements adapters.notices.Outbox."""

    def __init__(self) -> None:
        self.accepted: list[tuple[str, str, Mapping[str, Any]]] = []

    async def accept(self, platform: str, key: str, kind: str, lane: str, payload: Mapping[str, Any]) -> bool:
        assert (platform, lane) == ("discord", key)
        self.accepted.append((key, kind, payload))
        return True


@pytest.fixture
async def database(database_address: str) -> AsyncIterator[AsyncEngine]:
    engine = await open_database(database_address)
    yield engine
    await engine.dispose()


@pytest.fixture
def notices(database: AsyncEngine) -> KeptNotices:
    made = KeptNotices("discord", Feedback(database), Reviews(database), "guild_id")
    made.outbox = Box()
    return made


async def test_a_thread_is_told_once_however_many_messages_show_the_answer_there(
    notices: KeptNotices,
) -> None:
    """By the review and the thread; where the channel is the conversation, by the message."""
    await notices.tell_thread("r1", SHOWN)
    await notices.tell_thread("r1", replace(SHOWN, message="m3", part=1))
    await notices.tell_thread("r1", replace(SHOWN, thread="C1"))
    assert isinstance(notices.outbox, Box)
    assert [key for key, _, _ in notices.outbox.accepted] == [
        "notice:r1:C1:t1", "notice:r1:C1:t1", "notice:r1:C1:m2",
    ]  # fmt: skip
    _, kind, payload = notices.outbox.accepted[0]
    assert kind == THREAD
    assert payload == {
        "guild_id": "G1", "review": "r1", "channel": "C1", "thread": "t1", "message": "m2", "user": "U1",
    }  # fmt: skip
    assert notices.outbox.accepted[2][2]["thread"] == ""


async def test_a_person_is_told_once_for_each_review(notices: KeptNotices) -> None:
    await notices.tell_person("r1", "G1", "U2")
    assert isinstance(notices.outbox, Box)
    assert notices.outbox.accepted == [
        ("notice:r1:U2", PERSON, {"guild_id": "G1", "review": "r1", "user": "U2"})
    ]


async def test_it_says_what_was_asked_answered_and_corrected(
    notices: KeptNotices, database: AsyncEngine
) -> None:
    """Nothing before it is corrected, nor of what there is not."""
    feedback, reviews = Feedback(database), Reviews(database)
    question = Question("When?", Principal("discord", "U1", "G1", "C1"))
    given = an_answer("a1", text="In May.")
    await feedback.record_answer(question, given, passages=[], scopes=frozenset(), generation=1)
    await reviews.propose("a1", "vote", "", "discord:U2")
    [review] = await reviews.pending(10)
    assert await notices.corrected(review.id) is None
    await reviews.decide(review.id, "corrected_answer", "discord:U9", "In June.")
    assert await notices.corrected(review.id) == Corrected("When?", "In May.", "In June.")
    assert await notices.corrected("r0") is None
