"""Reviewers decide about one answer after the other, in a message that they alone see."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rag_core.types import Vote
from tests.fakes import an_answer
from tests.servers.discord import Message, buttons, pings, readable


@pytest.fixture
async def reviewing(visit: Any) -> Any:
    """Ben reviews, and who has the role Reviewers."""
    role = visit.discord.role("Reviewers")
    await visit.start(review={"reviewers": [f"discord:{visit.ben.id}", f"discord:{role.id}"]})
    return visit


async def opened(visit: Any, count: int = 1) -> tuple[list[Any], Message]:
    """Reviews that wait, and the message in which Ben sees them."""
    reviews = [await visit.voted_down(f"Question {number}?") for number in range(1, count + 1)]
    return reviews, await visit.runs(visit.ben, "review")


async def test_a_reviewer_sees_all_that_there_is_to_know(reviewing: Any) -> None:
    """Question, answer, sources, votes with their reasons and corrections, and how the week was; it calls nobody."""
    await reviewing.voted_down(comment="Not since @everyone.", correction="It takes 20 days.")
    shown = await reviewing.runs(reviewing.ben, "review")
    text = readable(shown)
    for part in (
        "To review: 1",
        "1 of 1",
        "voted down",
        "How long do refunds take?",
        "refunded within 30 days",
        "Travel handbook",
        "https://docs.example.com/travel#expenses",
        f"<@{reviewing.anna.id}>",
        "Not since",
        "Somebody proposes:",
        "It takes 20 days.",
        "These seven days",
        "Questions: 1 (before: 0)",
    ):
        assert part in text
    assert buttons(shown)[:4] == ["Right as it is", "Correct it", "Nothing to learn", "Show all of it"]
    assert pings(shown) == []


async def test_pages_are_turned_in_place(reviewing: Any) -> None:
    """The oldest first; before the first and behind the last there is nothing to press."""
    _, shown = await opened(reviewing, 3)
    with pytest.raises(AssertionError, match="disabled"):
        reviewing.ben.clicks(shown, "Previous")
    for number in (1, 2, 3):
        assert f"{number} of 3" in readable(shown)
        assert f"Question {number}?" in readable(shown)
        if number < 3:
            await reviewing.clicks(reviewing.ben, shown, "Next")
    with pytest.raises(AssertionError, match="disabled"):
        reviewing.ben.clicks(shown, "Next")
    await reviewing.clicks(reviewing.ben, shown, "Previous")
    assert "2 of 3" in readable(shown)
    assert len(reviewing.discord.ephemerals(reviewing.ben)) == 1


async def test_an_answer_is_approved_at_once(reviewing: Any) -> None:
    """And the next one takes its place, until nothing waits."""
    [first, second], shown = await opened(reviewing, 2)
    await reviewing.clicks(reviewing.ben, shown, "Right as it is")
    by = f"discord:{reviewing.ben.id}"
    assert await reviewing.state(first.id) == ("good_example", by, "", "")
    assert "Question 2?" in readable(shown)
    assert "1 of 1" in readable(shown)
    await reviewing.clicks(reviewing.ben, shown, "Right as it is")
    assert (await reviewing.state(second.id))[0] == "good_example"
    assert "Nothing waits for a decision" in readable(shown)
    assert (shown.embeds, buttons(shown)) == ([], [])


async def test_a_correction_begins_with_what_was_proposed_and_is_told(reviewing: Any) -> None:
    """In the channel and to who voted, as every correction."""
    review = await reviewing.voted_down(correction="It takes 20 days.")
    shown = await reviewing.runs(reviewing.ben, "review")
    modal = await reviewing.opens(reviewing.ben, shown, "Correct it")
    assert "It takes 20 days." in readable(modal)
    given = {"answerloop:text_0": "It takes 20 working days.", "A note for other reviewers": "As of March"}
    await reviewing.submits(reviewing.ben, given)
    by = f"discord:{reviewing.ben.id}"
    assert await reviewing.state(review.id) == (
        "corrected_answer",
        by,
        "It takes 20 working days.",
        "As of March",
    )
    assert "Nothing waits for a decision" in readable(shown)
    told = [readable(message) for message in reviewing.discord.answers("help")]
    assert any("It takes 20 working days." in text for text in told)


async def test_a_rejection_may_say_why(reviewing: Any) -> None:
    [review], shown = await opened(reviewing)
    await reviewing.opens(reviewing.ben, shown, "Nothing to learn")
    await reviewing.submits(reviewing.ben, {"answerloop:note": "The answer is right."})
    by = f"discord:{reviewing.ben.id}"
    assert await reviewing.state(review.id) == ("no_fault", by, "", "The answer is right.")


async def test_a_long_answer_is_shown_and_corrected_whole(reviewing: Any) -> None:
    """Below the page in as many messages as it takes, and in as many inputs; what stood between these stays."""
    text = "\n\n".join(f"Paragraph {number}. " + "words " * 150 for number in range(8)).strip()
    text = "\n\n".join(part.strip() for part in text.split("\n\n"))
    reviewing.bench.assistant.script = [replace(an_answer(), text=text)]
    [review], shown = await opened(reviewing)
    assert "Paragraph 7." not in readable(shown)
    await reviewing.clicks(reviewing.ben, shown, "Show all of it")
    below = reviewing.discord.ephemerals(reviewing.ben)[1:]
    assert "Paragraph 7." in readable(below[-2]) + readable(below[-1])
    assert "Not since March." in readable(below[-1])
    await reviewing.opens(reviewing.ben, shown, "Correct it")
    await reviewing.submits(reviewing.ben, {})
    assert (await reviewing.state(review.id))[2] == text


@pytest.mark.parametrize("text", ["x" * 10_000, "😀" * 6_000, "a b\n" * 2_500, ("y" * 1_960 + " ") * 5])
async def test_any_text_can_be_corrected(reviewing: Any, text: str) -> None:
    """With no place to cut it, or places that make many parts, or in signs that count twice."""
    reviewing.bench.assistant.script = [replace(an_answer(), text=text)]
    [review], shown = await opened(reviewing)
    await reviewing.opens(reviewing.ben, shown, "Correct it")
    await reviewing.submits(reviewing.ben, {})
    assert (await reviewing.state(review.id))[2] == text.strip()


async def test_everything_at_its_longest_fits_into_discords_limits(reviewing: Any) -> None:
    """In every language, with signs that are escaped and signs that count twice."""
    signs = "*_~`|<@1> 😀 [x](http://a.example) " * 600
    one = replace(
        an_answer().citations[0], title=signs, location="https://a.example/" + "x" * 2_000, quote=signs
    )
    many = tuple(replace(one, number=number) for number in range(1, 30))
    reviewing.bench.assistant.script = [replace(an_answer(), text=signs, citations=many)]
    review = await reviewing.voted_down(signs[:1_900], comment=signs[:2_000], correction=signs[:4_000])
    for number in range(12):
        user = str(10**17 + number)
        vote = Vote(review.answer_id, "discord", user, -1, "other", signs[:2_000], signs[:4_000])
        await reviewing.bench.assistant.vote(vote)
    for locale in ("en-US", "de", "fr", "es-ES"):
        ben = reviewing.discord.user("Ben", locale=locale)
        shown = await reviewing.runs(ben, "review")
        assert len(shown.embeds) == 2
        assert pings(shown) == []
    await reviewing.clicks(reviewing.ben, shown, "answerloop:review_open")
    assert len(reviewing.discord.ephemerals(reviewing.ben)) > 8
    assert "review_open" in reviewing.bench.handled[-1]


async def test_a_correction_without_words_is_refused(reviewing: Any) -> None:
    [review], shown = await opened(reviewing)
    await reviewing.opens(reviewing.ben, shown, "Correct it")
    await reviewing.submits(reviewing.ben, {"answerloop:text_0": " "})
    assert "Please write an answer." in readable(shown)
    assert (await reviewing.state(review.id))[0] == "pending"


@pytest.mark.parametrize("name", ["Right as it is", "Correct it", "Nothing to learn", "Show all of it"])
async def test_of_two_reviewers_the_second_is_told(reviewing: Any, name: str) -> None:
    """Both saw it waiting; a role reviews as well, in direct messages too."""
    carl = reviewing.discord.user("Carl", roles=["Reviewers"])
    [review], shown = await opened(reviewing)
    other = await reviewing.runs(carl, "review", carl.dm)
    await reviewing.clicks(carl, other, "Right as it is")
    await reviewing.clicks(reviewing.ben, shown, name)
    assert "Somebody has decided about this already" in readable(shown)
    assert reviewing.ben.modal is None
    assert (await reviewing.state(review.id))[:2] == ("good_example", f"discord:{carl.id}")


async def test_a_modal_that_is_sent_too_late_decides_nothing(reviewing: Any) -> None:
    """Another reviewer was faster."""
    carl = reviewing.discord.user("Carl", roles=["Reviewers"])
    [review], shown = await opened(reviewing)
    other = await reviewing.runs(carl, "review")
    await reviewing.opens(reviewing.ben, shown, "Correct it")
    await reviewing.clicks(carl, other, "Right as it is")
    await reviewing.submits(reviewing.ben, {"answerloop:text_0": "Another text"})
    assert (await reviewing.state(review.id))[:3] == ("good_example", f"discord:{carl.id}", "")
    assert "Somebody has decided about this already" in readable(shown)


async def test_who_is_no_reviewer_sees_nothing_of_it(reviewing: Any) -> None:
    await reviewing.voted_down()
    shown = await reviewing.runs(reviewing.anna, "review")
    assert "Only reviewers" in readable(shown)
    assert "refunds" not in readable(shown)


@pytest.mark.parametrize("name", ["Right as it is", "Correct it", "Nothing to learn", "Show all of it"])
async def test_who_is_no_reviewer_any_more_decides_and_reads_nothing(reviewing: Any, name: str) -> None:
    """Though the buttons still stand there."""
    [review], shown = await opened(reviewing)
    reviewing.bench.configure(review={"reviewers": []})
    await reviewing.clicks(reviewing.ben, shown, name)
    assert (await reviewing.state(review.id))[0] == "pending"
    assert "Only reviewers" in readable(shown)
    assert reviewing.ben.modal is None
    assert (shown.embeds, buttons(shown)) == ([], [])
    assert len(reviewing.discord.ephemerals(reviewing.ben)) == 1


async def test_a_decision_that_broke_off_goes_on_without_a_word(reviewing: Any) -> None:
    """The page could not be shown at first: the same click, once more."""
    [review], shown = await opened(reviewing)
    reviewing.bench.rest._calling._trying_s = 0.1
    reviewing.discord.fail("PATCH /webhooks/{id}/{token}/messages/{message}", times=2)
    await reviewing.clicks(reviewing.ben, shown, "Right as it is")
    assert (await reviewing.state(review.id))[0] == "good_example"
    assert "decided about this already" not in readable(shown)
    assert "Nothing waits for a decision" in readable(shown)


async def test_an_answer_that_was_forgotten_is_passed_over(reviewing: Any) -> None:
    """With who asked, between one page and the next."""
    reviews, shown = await opened(reviewing, 1)
    await reviewing.records.forget("discord", reviewing.anna.id)
    await reviewing.clicks(reviewing.ben, shown, "Right as it is")
    assert await reviewing.reviews.get(reviews[0].id) is None
    assert "Somebody has decided about this already" in readable(shown)
    assert "Nothing waits for a decision" in readable(shown)


async def test_a_queue_speaks_its_reviewers_language(reviewing: Any) -> None:
    """Theirs, not the channel's."""
    channel = {"platform": "discord", "id": reviewing.discord.channel("help").id, "language": "fr"}
    reviewing.bench.configure(review={"reviewers": [f"discord:{reviewing.ben.id}"]}, channels=[channel])
    ben = reviewing.discord.user("Ben", locale="de")
    await reviewing.voted_down()
    shown = await reviewing.runs(ben, "review")
    assert "1 von 1" in readable(shown)
