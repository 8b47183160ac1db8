"""The queue of reviews: its order, filters and pages, and who looks at what."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.feedback_data import Shape, fill
from rag_core.records.audit import Audit
from rag_core.records.database import transaction
from rag_core.records.feedback.recording import Feedback
from rag_core.records.platforms.escalations import Escalation, Escalations, escalation_id
from rag_core.records.reviews.filters import Cursor, Filters
from rag_core.records.reviews.queue import CHOICES_FOR, CLAIM, NOBODY, Queue
from rag_core.records.reviews.reviews import Reviews
from rag_core.records.tables import answers, reviews, votes
from rag_core.types import Principal, Question, Vote
from tests.fakes import an_answer

ADA, BEN = "local:ada", "slack:U7"
SEARCHED = ("question", "answer", "proposed", "correction")


async def answered(database: AsyncEngine, id: str, asked: str = "How long?", **at: str) -> None:
    scopes = frozenset(at.pop("scopes", "public").split())
    place = {"platform": "slack", "user": "U1", "workspace": "T1", "channel": "C1"} | at
    await Feedback(database).record_answer(
        Question(asked, Principal(**place)), an_answer(id), passages=[], scopes=scopes, generation=1
    )


async def voted(database: AsyncEngine, id: str, user: str = "U2", value: int = -1, **said: str) -> None:
    await Feedback(database).record_vote(Vote(id, "slack", user, value, **said))  # type: ignore[arg-type]


async def shown(database: AsyncEngine, **filters: object) -> list[str]:
    page = await Queue(database).page(Filters(**filters))  # type: ignore[arg-type]
    return [item.review.answer_id for item in page.items]


async def review_of(database: AsyncEngine, answer: str) -> str:
    found = await Reviews(database).pending(100)
    return next(review.id for review in found if review.answer_id == answer)


async def test_what_is_worth_most_comes_first(database: AsyncEngine) -> None:
    """A correction, what several voted down, a vote that says why; a vote that comes or goes changes it at once."""
    for id in ("quiet", "worded", "several", "corrected"):
        await answered(database, id)
    await voted(database, "quiet")
    await voted(database, "worded", reason="incorrect")
    for user in ("U2", "U3", "U4"):
        await voted(database, "several", user)
    await voted(database, "corrected", correction="25 days")
    assert await shown(database) == ["corrected", "several", "worded", "quiet"]
    await voted(database, "corrected")
    await voted(database, "quiet", "U9", correction="20 days")
    assert await shown(database) == ["quiet", "several", "worded", "corrected"]
    assert [review.answer_id for review in await Reviews(database).pending(9)] == await shown(database)


async def test_votes_that_do_not_count_raise_nothing(database: AsyncEngine) -> None:
    """Nor do they bring anything, or propose a text."""
    await answered(database, "a1")
    await voted(database, "a1", correction="20 days")
    async with transaction(database) as connection:
        await connection.execute(update(votes).values(excluded="flag"))
    await voted(database, "a1", "U3", 1)
    assert await shown(database) == []


async def test_of_an_escalation_somebody_waits(database: AsyncEngine) -> None:
    """It comes before what was voted down; the row says since when."""
    await answered(database, "several")
    await answered(database, "asked")
    for user in ("U2", "U3", "U4"):
        await voted(database, "several", user)
    id = escalation_id("slack", "asked")
    await Escalations(database).open(Escalation(id, "asked", "slack", "T1", "C1", "", "", "U1", "How long?"))
    await voted(database, "asked")
    [first, second] = (await Queue(database).page(Filters())).items
    assert (first.review.answer_id, second.review.answer_id) == ("asked", "several")
    assert first.escalated_at is not None
    assert (second.against, second.in_favour, second.escalated_at) == (3, 0, None)


async def test_each_filter_leaves_what_it_names(database: AsyncEngine) -> None:
    """Platform, channel, scope, reason, source, text whatever its case, and days."""
    await answered(database, "a1", "How long do refunds take?", scopes="public hr")
    await answered(database, "a2", "100% of what_ever?", platform="discord", channel="D9")
    await voted(database, "a1", reason="incorrect", correction="It takes LONGER")
    await Reviews(database).propose("a2", "person")
    today = datetime.now(UTC).date()
    for filters, expected in (
        ({}, {"a1", "a2"}),
        ({"platform": "discord"}, {"a2"}),
        ({"channel": "C1"}, {"a1"}),
        ({"scope": "hr"}, {"a1"}),
        ({"scope": "h"}, set()),
        ({"reason": "incorrect"}, {"a1"}),
        ({"source": "person"}, {"a2"}),
        ({"release": "r1"}, {"a1", "a2"}),
        ({"release": "r2"}, set()),
        ({"text": "REFUNDS take"}, {"a1"}),
        ({"text": "longer"}, {"a1"}),
        ({"text": "0% of what_"}, {"a2"}),
        ({"text": "what%ever"}, set()),
        ({"since": today, "until": today}, {"a1", "a2"}),
        ({"since": today + timedelta(days=1)}, set()),
        ({"until": date(2020, 1, 1)}, set()),
        ({"until": date.max}, {"a1", "a2"}),
        ({"state": "resolved"}, set()),
    ):
        assert set(await shown(database, **filters)) == expected, filters
    counts = await Queue(database).counts(Filters(source="vote", platform="discord"))
    assert counts == {"person": 1}
    choices = await Queue(database).choices()
    assert choices.platforms == ("discord", "slack")
    assert choices.channels == (("discord", "D9"), ("slack", "C1"))
    assert choices.reasons == ("incorrect",)


async def test_filters_by_what_an_answer_holds_agree_with_a_plain_count(database: AsyncEngine) -> None:
    """Scope, platform, channel and words together, whatever an answer has of each; and no scope at all reads nothing."""
    await fill(database, Shape.small(300))
    async with transaction(database) as connection:
        for scopes, last in (([], "0"), (["hr"], "1"), (["staff", "hr"], "2"), (None, "3"), (['"hr"'], "4")):
            own = answers.c.id.endswith(last)
            await connection.execute(answers.update().where(own).values(scopes=scopes))
        query = select(answers, reviews.c.proposed, reviews.c.correction).join(reviews)
        query = query.where(reviews.c.state == "pending")
        waiting = [row._mapping for row in await connection.execute(query)]
    for scope, platform, channel, words in (
        ("hr", "", "", ""),
        ("staff", "", "", ""),
        ("staff", "slack", "", ""),
        ("staff", "slack", "C000", "how"),
        ("", "web", "", "HOW"),
        ('"hr"', "", "", ""),
        ("h", "", "", ""),
        ("%", "", "", ""),
        ("staff", "sl\0ack", "", ""),
    ):
        expected = {
            row["id"]
            for row in waiting
            if (not scope or scope in (row["scopes"] or []))
            and platform in ("", row["platform"])
            and channel in ("", row["channel"])
            and words.lower() in "\n".join(row[name] for name in SEARCHED).lower()
        }
        asked = Filters(scope=scope, platform=platform, channel=channel, text=words)
        page = await Queue(database).page(asked, limit=300)
        assert {item.review.answer_id for item in page.items} == expected, asked
        assert sum((await Queue(database).counts(asked)).values()) == len(expected)
        assert len(await Queue(database).matching(asked, 300)) == len(expected)


@pytest.mark.parametrize("order", ["value", "newest"])
async def test_pages_hold_each_once(database: AsyncEngine, order: str) -> None:
    """Also where something is decided between two pages; and an address that somebody mistyped begins anew."""
    ids = [f"a{n}" for n in range(7)]
    for id in ids:
        await answered(database, id)
        await Reviews(database).propose(id, "person")
    queue, filters = Queue(database), Filters(order=order)  # type: ignore[arg-type]
    first = await queue.page(filters, limit=3)
    await Reviews(database).decide(first.items[0].review.id, "no_fault", ADA)
    after = Cursor.read(str(first.next))
    assert after == first.next
    second = await queue.page(filters, after, limit=3)
    third = await queue.page(filters, second.next, limit=3)
    found = [item.review.answer_id for page in (first, second, third) for item in page.items]
    assert found == (ids if order == "value" else ids[::-1])
    assert third.next is None
    assert Cursor.read("nothing") is None


async def test_decided_ones_come_the_latest_first(database: AsyncEngine) -> None:
    """With who decided; and can be filtered by what was decided."""
    for id, resolution in (("a1", "no_fault"), ("a2", "good_example")):
        await answered(database, id)
        await Reviews(database).propose(id, "person")
        await Reviews(database).decide(await review_of(database, id), resolution, ADA)
    assert await shown(database, state="resolved") == ["a2", "a1"]
    assert await shown(database, state="resolved", resolution="no_fault") == ["a1"]
    page = await Queue(database).page(Filters(state="resolved"), limit=1)
    assert page.items[0].decided_by == ADA
    [rest] = (await Queue(database).page(Filters(state="resolved"), page.next)).items
    assert rest.review.answer_id == "a1"


async def test_who_opens_a_review_has_it_for_a_while(database: AsyncEngine) -> None:
    """Another is told so; after the time it is free again, and what is taken over is the other's for good."""
    await answered(database, "a1")
    await voted(database, "a1")
    queue, id, now = Queue(database), await review_of(database, "a1"), datetime.now(UTC)
    mine = await queue.claim(id, ADA, now=now)
    assert mine is not None
    assert (mine.by, mine.since, mine.until) == (ADA, now, now + CLAIM)
    theirs = await queue.claim(id, BEN, now=now + timedelta(minutes=5))
    assert theirs == mine
    again = await queue.claim(id, ADA, now=now + timedelta(minutes=10))
    assert again is not None
    assert (again.since, again.until) == (now, now + timedelta(minutes=10) + CLAIM)
    late = now + timedelta(minutes=26)
    free = await queue.claim(id, BEN, now=late)
    assert free is not None
    assert (free.by, free.since) == (BEN, late)
    taken = await queue.claim(id, ADA, take_over=True, now=late)
    assert taken is not None
    assert (taken.by, taken.until) == (ADA, None)
    [entry] = await Audit(database).latest(9, subject=f"review:{id}")
    assert (entry.actor, entry.action, dict(entry.detail)) == (
        ADA,
        "review.assign",
        {"to": ADA, "was": {id: BEN}},
    )
    assert await queue.claim("gone", ADA) is None


async def test_of_two_who_open_it_at_once_one_has_it(database: AsyncEngine) -> None:
    """And both know who."""
    await answered(database, "a1")
    await voted(database, "a1")
    id = await review_of(database, "a1")
    claims = await asyncio.gather(*(Queue(database).claim(id, who) for who in (ADA, BEN, "local:cy")))
    assert len({claim.by for claim in claims if claim}) == 1


async def test_what_is_assigned_stays_so(database: AsyncEngine) -> None:
    """However long ago; opening it does not make it a claim that ends."""
    await answered(database, "a1")
    await answered(database, "a2")
    await voted(database, "a1")
    await voted(database, "a2")
    queue, id = Queue(database), await review_of(database, "a1")
    changed, number = await queue.assign([id], ADA, BEN)
    assert (changed, number is not None) == (1, True)
    assert await queue.assign([id], ADA, BEN) == (0, None)
    later = datetime.now(UTC) + timedelta(days=40)
    claim = await queue.claim(id, ADA, now=later)
    assert claim is not None
    assert claim.by == BEN
    opened = await queue.claim(id, BEN, now=later)
    assert opened is not None
    assert opened.until is None
    assert await shown(database, assignee=BEN) == ["a1"]
    assert await shown(database, assignee=NOBODY) == ["a2"]
    await queue.assign([id], BEN, "")
    assert await shown(database, assignee=NOBODY) == ["a1", "a2"]


async def test_the_next_one_is_of_nobody_else(database: AsyncEngine) -> None:
    """The one worth most of what is free or mine, and after this one where that is named."""
    for id in ("a1", "a2", "a3", "a4"):
        await answered(database, id)
        await voted(database, id)
    queue = Queue(database)
    ids = {answer: await review_of(database, answer) for answer in ("a1", "a2", "a3", "a4")}
    await queue.claim(ids["a2"], BEN)
    assert await queue.next_for(ADA) == ids["a1"]
    assert await queue.next_for(ADA, after=ids["a1"]) == ids["a3"]
    assert await queue.next_for(BEN, after=ids["a1"]) == ids["a2"]
    assert await queue.next_for(ADA, after=ids["a4"]) is None


async def test_all_that_match_are_named_in_order(database: AsyncEngine) -> None:
    """As many as asked for."""
    for id in ("a1", "a2", "a3"):
        await answered(database, id)
        await voted(database, id)
    queue, filters = Queue(database), Filters(platform="slack")
    first = [await review_of(database, id) for id in ("a1", "a2")]
    assert await queue.matching(filters, 2) == first
    assert await queue.matching(replace(filters, platform="web"), 2) == []


async def test_what_filters_can_be_set_to_is_looked_up_once_a_minute(database: AsyncEngine) -> None:
    """To find it takes longer than a page; what is new shows a minute later, in every view of the queue."""
    now = datetime.now(UTC)
    await answered(database, "a1")
    await voted(database, "a1")
    assert (await Queue(database).choices(now)).platforms == ("slack",)
    await answered(database, "a2", platform="discord")
    await voted(database, "a2")
    soon, later = now + CHOICES_FOR / 2, now + CHOICES_FOR
    assert (await Queue(database).choices(soon)).platforms == ("slack",)
    assert (await Queue(database).choices(later)).platforms == ("discord", "slack")
