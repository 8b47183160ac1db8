"""What reviewers correct reaches those who read the wrong answer."""

from __future__ import annotations

import pytest

from tests.adapters.slack.conftest import Bench
from tests.adapters.slack.judging import Judged, judged
from tests.servers.slack import Message, pings, readable

CORRECTION = "Expenses are refunded within **20 days**, <!channel>."


@pytest.fixture
async def talk(bench: Bench) -> Judged:
    return await judged(bench)


async def corrected(talk: Judged) -> Message:
    """The answer, which Ben voted down and a reviewer corrected."""
    answer = await talk.answered()
    talk.ben.reacts(answer, "-1")
    [review] = await talk.pending()
    assert await talk.people.reviewing.correct(review.id, "slack:U0ADMIN", CORRECTION)
    await talk.bench.settled()
    return answer


async def test_the_thread_is_told_before_and_after(talk: Judged) -> None:
    """Once, below the answer; what the reviewer wrote does nothing but say it."""
    answer = await corrected(talk)
    [notice] = [one for one in talk.slack.answers("C0HELP", answer) if one.ts > answer.ts]
    shown = readable(notice)
    assert shown.index("Before") < shown.index("within 30 days") < shown.index("Now") < shown.index("20 days")
    assert "How long do refunds take?" in shown
    assert pings(notice) == []


async def test_who_voted_it_down_and_who_asked_are_told_themselves(talk: Judged) -> None:
    """Each once, in direct messages; who voted it up is not."""
    carla = talk.slack.user("U0CARLA", name="Carla")
    answer = await talk.answered()
    carla.clicks(answer, "answerloop_vote", "👍")
    talk.ben.reacts(answer, "-1")
    talk.anna.clicks(answer, "answerloop_vote", "👎")
    [review] = await talk.pending()
    await talk.people.reviewing.correct(review.id, "slack:U0ADMIN", CORRECTION)
    await talk.bench.settled()
    for person, count in ((talk.ben, 1), (talk.anna, 1), (carla, 0)):
        told = talk.slack.answers(person.dm)
        assert len(told) == count
        assert all("20 days" in readable(one) for one in told)


async def test_a_correction_is_told_once_however_often_it_is_seen_to(talk: Judged) -> None:
    """By other processes, after a crash, or by a second click of the same reviewer."""
    answer = await corrected(talk)
    [review] = await talk.reviews._where(True)
    assert review.told_at is not None
    assert not await talk.people.reviewing.correct(review.id, "slack:U0ADMIN", CORRECTION)
    await talk.people.reviewing.tell_rest()
    [posting] = await talk.bench.postings.of_answer(talk.answer_id)
    await talk.people.notices.tell_thread(review.id, posting)
    await talk.people.notices.tell_person(review.id, "T0MAIN", "U0BEN")
    await talk.bench.settled()
    assert len([one for one in talk.slack.answers("C0HELP", answer) if one.ts > answer.ts]) == 1
    assert len(talk.slack.answers(talk.ben.dm)) == 1


async def test_what_another_process_corrected_is_told_by_this_one(talk: Judged) -> None:
    """As one without Slack, such as the page for reviewers."""
    answer = await talk.answered()
    talk.ben.reacts(answer, "-1")
    [review] = await talk.pending()
    assert await talk.reviews.decide(review.id, "corrected_answer", "admin:eve", CORRECTION)
    await talk.people.reviewing.tell_rest()
    await talk.bench.settled()
    assert len(talk.slack.answers(talk.ben.dm)) == 1


async def test_in_a_direct_message_it_is_told_where_it_was_asked(talk: Judged) -> None:
    """Not twice in the same conversation."""
    asked = talk.anna.writes("How long do refunds take?")
    await talk.slack.until(lambda: talk.slack.answers(talk.anna.dm))
    await talk.bench.settled()
    [answer] = talk.slack.answers(talk.anna.dm)
    talk.anna.clicks(answer, "answerloop_vote", "👎")
    [review] = await talk.pending()
    await talk.people.reviewing.correct(review.id, "slack:U0ADMIN", CORRECTION)
    await talk.bench.settled()
    told = [one for one in talk.slack.answers(talk.anna.dm) if "20 days" in readable(one)]
    assert len(told) == 1
    assert asked.ts


async def test_a_closed_channel_keeps_nobody_else_from_being_told(talk: Judged) -> None:
    """Nor does a person who left."""
    answer = await talk.answered()
    talk.ben.reacts(answer, "-1")
    [review] = await talk.pending()
    talk.slack.archive("C0HELP")
    await talk.people.reviewing.correct(review.id, "slack:U0ADMIN", CORRECTION)
    await talk.bench.settled()
    assert len(talk.slack.answers(talk.ben.dm)) == 1
    assert talk.bench.failures == []


async def test_an_approved_or_rejected_answer_is_told_to_nobody(talk: Judged) -> None:
    """It stays as it is."""
    answer = await talk.answered()
    talk.ben.reacts(answer, "-1")
    [review] = await talk.pending()
    assert await talk.people.reviewing.reject(review.id, "slack:U0ADMIN", "it is right")
    assert not await talk.people.reviewing.approve(review.id, "slack:U0EVE")
    await talk.people.reviewing.tell_rest()
    await talk.bench.settled()
    assert talk.slack.answers(talk.ben.dm) == []
    assert len(talk.slack.answers("C0HELP", answer)) == 1
