"""Reviewers decide on their Home tab."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.adapters.slack.conftest import Bench
from tests.adapters.slack.visiting import Visited, visited
from tests.fakes import an_answer
from tests.servers.slack import readable

TEXT, NOTE = "answerloop_text:0", "answerloop_note"


@pytest.fixture
async def visit(bench: Bench) -> Visited:
    made = await visited(bench, review={"reviewers": ["slack:U0BEN", "slack:S0REVIEW"]})
    made.slack.group("S0REVIEW", "reviewers", ["U0ANNA"])
    return made


async def voted_down(visit: Visited) -> str:
    """An answer that Anna found wrong; the review's id."""
    answer = await visit.answered()
    visit.anna.clicks(answer, "answerloop_vote", "👎")
    await visit.slack.until(lambda: visit.anna.modal)
    visit.anna.submits(
        {"answerloop_comment": "Not since March.", "answerloop_correction": "It takes 20 days."}
    )
    [review] = await visit.pending()
    return review.id


async def state(visit: Visited, review: str) -> tuple[str, str, str, str]:
    found = await visit.reviews.get(review)
    assert found is not None
    return found.resolution or found.state, found.reviewer, found.correction, found.note


async def test_an_answer_is_approved_at_once(visit: Visited) -> None:
    """And is gone from the queue."""
    review = await voted_down(visit)
    await visit.home(visit.ben)
    await visit.presses(visit.ben, "answerloop_review_approve")
    assert await state(visit, review) == ("good_example", "slack:U0BEN", "", "")
    assert visit.ben.home is not None
    assert "Nothing waits for a decision" in readable(visit.ben.home)


async def test_a_correction_begins_with_what_was_proposed_and_is_told(visit: Visited) -> None:
    """With all that there is to know beside it; the thread hears of it, as every correction."""
    review = await voted_down(visit)
    await visit.home(visit.ben)
    modal = await visit.opens(visit.ben, "answerloop_review_correct")
    shown = readable(modal)
    for part in (
        "How long do refunds take?",
        "refunded within 30 days",
        "Not since March.",
        "Travel handbook",
    ):
        assert part in shown
    assert modal.content["blocks"][-2]["element"]["initial_value"] == "It takes 20 days."
    await visit.submits(visit.ben, {TEXT: "It takes 20 working days.", NOTE: "As of March"})
    assert await state(visit, review) == (
        "corrected_answer",
        "slack:U0BEN",
        "It takes 20 working days.",
        "As of March",
    )
    assert visit.ben.home is not None
    assert "Nothing waits for a decision" in readable(visit.ben.home)
    told = [readable(message) for message in visit.slack.answers("C0HELP")]
    assert any("It takes 20 working days." in text for text in told)


async def test_a_rejection_may_say_why(visit: Visited) -> None:
    review = await voted_down(visit)
    await visit.home(visit.ben)
    await visit.opens(visit.ben, "answerloop_review_reject")
    await visit.submits(visit.ben, {NOTE: "The answer is right."})
    assert await state(visit, review) == ("no_fault", "slack:U0BEN", "", "The answer is right.")


async def test_all_of_an_answer_can_be_read(visit: Visited) -> None:
    """A long one as far as a modal takes it."""
    visit.bench.assistant.script = [replace(an_answer(), text="A long answer. " * 650)]
    await voted_down(visit)
    await visit.home(visit.ben)
    modal = await visit.opens(visit.ben, "answerloop_review_open")
    assert "Not since March." in readable(modal)
    assert "It takes 20 days." in readable(modal)
    assert len(readable(modal)) > 9_000


async def test_a_long_answer_is_corrected_whole(visit: Visited) -> None:
    """In as many inputs as it needs; what stood between them stays."""
    text = "\n\n".join(f"Paragraph {number}. " + "words " * 150 for number in range(8)).strip()
    visit.bench.assistant.script = [replace(an_answer(), text=text)]
    answer = await visit.answered()
    visit.anna.clicks(answer, "answerloop_vote", "👎")
    [review] = await visit.pending()
    await visit.home(visit.ben)
    await visit.opens(visit.ben, "answerloop_review_correct")
    await visit.submits(visit.ben, {})
    assert (await state(visit, review.id))[2] == text


async def test_a_correction_without_words_is_refused_in_the_modal(visit: Visited) -> None:
    review = await voted_down(visit)
    await visit.home(visit.ben)
    modal = await visit.opens(visit.ben, "answerloop_review_correct")
    visit.ben.submits({TEXT: " "})
    await visit.slack.until(lambda: modal.errors)
    assert modal.errors == {TEXT: "Please write an answer."}
    assert (await state(visit, review))[0] == "pending"


@pytest.mark.parametrize("button", ["approve", "correct", "reject", "open"])
async def test_of_two_reviewers_the_second_is_told(visit: Visited, button: str) -> None:
    """Both saw it waiting; a user group reviews as well."""
    review = await voted_down(visit)
    await visit.home(visit.anna)
    await visit.home(visit.ben)
    await visit.presses(visit.anna, "answerloop_review_approve")
    await visit.presses(visit.ben, f"answerloop_review_{button}")
    assert visit.ben.home is not None
    assert "Somebody has decided about this already" in readable(visit.ben.home)
    assert visit.ben.modal is None
    assert (await state(visit, review))[:2] == ("good_example", "slack:U0ANNA")


async def test_a_modal_that_is_sent_too_late_decides_nothing(visit: Visited) -> None:
    """Another reviewer was faster."""
    review = await voted_down(visit)
    await visit.home(visit.ben)
    await visit.home(visit.anna)
    await visit.opens(visit.ben, "answerloop_review_correct")
    await visit.presses(visit.anna, "answerloop_review_approve")
    await visit.submits(visit.ben, {TEXT: "Another text"})
    assert (await state(visit, review))[:3] == ("good_example", "slack:U0ANNA", "")
    assert visit.ben.home is not None
    assert "Somebody has decided about this already" in readable(visit.ben.home)


async def test_who_is_no_reviewer_any_more_decides_nothing(visit: Visited) -> None:
    """Though the button still stands there."""
    review = await voted_down(visit)
    await visit.home(visit.ben)
    visit.bench.configure(review={"reviewers": ["slack:U0ANNA"]})
    await visit.presses(visit.ben, "answerloop_review_approve")
    assert (await state(visit, review))[0] == "pending"
    assert visit.ben.home is not None
    assert "To review" not in readable(visit.ben.home)


async def test_a_decision_that_broke_off_goes_on_without_a_word(visit: Visited) -> None:
    """The Home tab could not be shown at first: the same click, once more."""
    review = await voted_down(visit)
    await visit.home(visit.ben)
    visit.bench.api._trying_s = 0.1
    visit.slack.fail("views.publish", error="internal_error", times=2)
    await visit.presses(visit.ben, "answerloop_review_approve")
    assert len(visit.slack.calls("views.publish", user_id="U0BEN")) == 4
    assert (await state(visit, review))[0] == "good_example"
    assert visit.ben.home is not None
    assert "decided about this already" not in readable(visit.ben.home)
