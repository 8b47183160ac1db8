"""What reviewers correct reaches those who read the wrong answer."""

from __future__ import annotations

import pytest

from tests.adapters.discord.conftest import Bench
from tests.adapters.discord.people.judging import Judged, judged
from tests.servers.discord import Message, pings, readable

CORRECTION = "Expenses are refunded within **20 days**, @everyone."


@pytest.fixture
async def talk(bench: Bench) -> Judged:
    return await judged(bench)


async def corrected(talk: Judged) -> Message:
    """The answer, which Ben voted down and a reviewer corrected."""
    answer = await talk.answered()
    talk.ben.clicks(answer, "👎")
    [review] = await talk.pending()
    assert await talk.people.reviewing.correct(review.id, "discord:1", CORRECTION)
    await talk.bench.settled()
    return answer


def notices(talk: Judged, answer: Message) -> list[Message]:
    return [one for one in talk.discord.answers("help") if int(one.id) > int(answer.id)]


def direct(talk: Judged, person: object) -> list[str]:
    """Notices that this person got alone."""
    return [text for text in talk.told(person) if "20 days" in text]  # type: ignore[arg-type]


async def test_the_answer_is_replied_to_with_before_and_after(talk: Judged) -> None:
    """Once; what the reviewer wrote does nothing but say it."""
    answer = await corrected(talk)
    [notice] = notices(talk, answer)
    shown = readable(notice)
    assert shown.index("Before") < shown.index("within 30 days") < shown.index("Now") < shown.index("20 days")
    assert "**20 days**" in shown
    assert "How long do refunds take?" in shown
    assert notice.referenced is answer
    assert pings(notice) == []


async def test_who_voted_it_down_and_who_asked_are_told_themselves(talk: Judged) -> None:
    """Each once, in direct messages; who voted it up is not."""
    carla = talk.discord.user("Carla")
    answer = await talk.answered()
    carla.clicks(answer, "👍")
    talk.ben.reacts(answer, "👎")
    talk.anna.clicks(answer, "👎")
    [review] = await talk.pending()
    await talk.people.reviewing.correct(review.id, "discord:1", CORRECTION)
    await talk.bench.settled()
    assert [len(direct(talk, person)) for person in (talk.ben, talk.anna, carla)] == [1, 1, 0]


async def test_a_correction_is_told_once_however_often_it_is_seen_to(talk: Judged) -> None:
    """By other processes, after a crash, or by a second click of the same reviewer."""
    answer = await corrected(talk)
    [review] = await talk.reviews._where(True)
    assert review.told_at is not None
    assert not await talk.people.reviewing.correct(review.id, "discord:1", CORRECTION)
    await talk.people.reviewing.tell_rest()
    [posting] = [one for one in await talk.bench.postings.of_answer(talk.answer_id) if one.kind == "answer"]
    await talk.people.notices.tell_thread(review.id, posting)
    await talk.people.notices.tell_person(review.id, posting.workspace, talk.ben.id)
    await talk.bench.settled()
    assert len(notices(talk, answer)) == 1
    assert len(direct(talk, talk.ben)) == 1


async def test_what_another_process_corrected_is_told_by_this_one(talk: Judged) -> None:
    """As one without Discord, such as the page for reviewers."""
    answer = await talk.answered()
    talk.ben.reacts(answer, "👎")
    [review] = await talk.pending()
    assert await talk.reviews.decide(review.id, "corrected_answer", "admin:eve", CORRECTION)
    await talk.people.reviewing.tell_rest()
    await talk.bench.settled()
    assert len(direct(talk, talk.ben)) == 1


async def test_in_a_thread_it_is_told_there(talk: Judged) -> None:
    """As a reply to the answer."""
    thread = talk.anna.starts_thread("help", "Refunds")
    answer = await talk.answered(channel=thread)
    talk.ben.clicks(answer, "👎")
    [review] = await talk.pending()
    await talk.people.reviewing.correct(review.id, "discord:1", CORRECTION)
    await talk.bench.settled()
    notice = talk.discord.answers(thread)[-1]
    assert "20 days" in readable(notice)
    assert notice.referenced is answer


async def test_in_a_direct_message_it_is_told_where_it_was_asked(talk: Judged) -> None:
    """Not twice in the same conversation."""
    talk.anna.writes("How long do refunds take?")
    [answer] = await talk.discord.until(lambda: talk.discord.answers(talk.anna.dm))
    await talk.bench.settled()
    talk.anna.clicks(answer, "👎")
    [review] = await talk.pending()
    await talk.people.reviewing.correct(review.id, "discord:1", CORRECTION)
    await talk.bench.settled()
    assert len(direct(talk, talk.anna)) == 1


async def test_a_closed_channel_keeps_nobody_else_from_being_told(talk: Judged) -> None:
    """Nor does a person who takes no direct messages."""
    carla = talk.discord.user("Carla", accepts_dms=False)
    answer = await talk.answered()
    carla.clicks(answer, "👎")
    talk.ben.clicks(answer, "👎")
    [review] = await talk.pending()
    talk.discord.remove_permission("help", "send_messages")
    await talk.people.reviewing.correct(review.id, "discord:1", CORRECTION)
    await talk.bench.settled()
    assert len(direct(talk, talk.ben)) == 1
    assert talk.bench.failures == []


async def test_a_long_correction_comes_whole(talk: Judged) -> None:
    """In several messages, of which the first replies to the answer."""
    answer = await talk.answered()
    talk.ben.clicks(answer, "👎")
    [review] = await talk.pending()
    words = " ".join(f"word{n}" for n in range(1_000))
    await talk.people.reviewing.correct(review.id, "discord:1", words)
    await talk.bench.settled()
    shown = notices(talk, answer)
    assert len(shown) > 2
    assert [one.referenced is answer for one in shown] == [True] + [False] * (len(shown) - 1)
    assert set(words.split()) <= set("\n".join(map(readable, shown)).split())


async def test_an_approved_or_rejected_answer_is_told_to_nobody(talk: Judged) -> None:
    """It stays as it is."""
    answer = await talk.answered()
    talk.ben.reacts(answer, "👎")
    [review] = await talk.pending()
    assert await talk.people.reviewing.reject(review.id, "discord:1", "it is right")
    assert not await talk.people.reviewing.approve(review.id, "discord:2")
    await talk.people.reviewing.tell_rest()
    await talk.bench.settled()
    assert direct(talk, talk.ben) == []
    assert notices(talk, answer) == []
