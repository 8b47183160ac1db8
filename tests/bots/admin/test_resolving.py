"""A review is resolved by one form: decided once, with all that comes of it, or not at all."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from adapters.reviewing import Reviewing
from rag_core.records.database import transaction
from rag_core.records.feedback.recording import Feedback
from rag_core.records.platforms.postings import Postings
from rag_core.records.reviews.judging import Judging
from rag_core.records.reviews.reviews import Review, Reviews
from rag_core.records.tables import audit_log, golden_questions, reviews, standard_answers
from rag_core.types import Citation, Passage, Principal, Question
from tests.bots.admin.conftest import Pages

QUESTION = "By when do I have to hand in my travel claim?"


async def _found(pages: Pages) -> list[Passage]:
    return [one.passage for one in await pages.assistant.search(QUESTION, frozenset({"public"}), 5)]


async def _waiting(pages: Pages, id: str = "a1", **fields: Any) -> tuple[str, list[Passage]]:
    """A review of an answer that cites the first passage found."""
    found = await _found(pages)
    first = found[0]
    cited = Citation(1, first.title, first.location, first.text[:40].strip(), first.id)
    passages = tuple(one.id for one in found)
    await pages.answered(id, QUESTION, passages=passages, **{"citations": (cited,), **fields})
    await pages.voted(id)
    review = next(one for one in await Reviews(pages.database).pending(9) if one.answer_id == id)
    return review.id, found


async def _review(pages: Pages, id: str) -> Review:
    review = await Reviews(pages.database).get(id)
    assert review is not None
    return review


async def _labels(pages: Pages, id: str) -> dict[str, str]:
    return {one.passage: one.label for one in await Judging(pages.database).of(id)}


async def _rows(pages: Pages, table: Any) -> list[Any]:
    async with transaction(pages.database) as connection:
        return list((await connection.execute(select(table))).mappings())


async def test_a_good_example_keeps_what_it_cites_as_right(pages: Pages) -> None:
    """With the passage's text, so that it outlives the index; and the next of the queue is opened."""
    review, found = await _waiting(pages)
    other, _ = await _waiting(pages, "a2")
    browser = await pages.signed_in("reviewer")
    form = {"resolution": "good_example", "wrong": found[2].id}
    answer = await browser.post(f"/item/{review}/resolve", data=form)
    assert answer.status_code == 303, answer.text
    entry = (await _rows(pages, audit_log))[-1]
    assert answer.headers["location"] == f"/item/{other}?done={entry['number']}"
    assert (entry["action"], entry["subject"], entry["actor"]) == (
        "review.resolve",
        f"review:{review}",
        "local:reviewer",
    )
    assert entry["detail"]["passages"] == {"right": 1, "wrong": 1, "stale": 0}
    kept = {one.passage: one for one in await Judging(pages.database).of(review)}
    assert {id: one.label for id, one in kept.items()} == {found[0].id: "right", found[2].id: "wrong"}
    assert kept[found[0].id].text == found[0].text
    assert kept[found[0].id].scope == "public"
    shown = await browser.get(answer.headers["location"])
    assert f'action="/undo/{entry["number"]}"' in shown.text


async def test_the_second_of_two_reviewers_is_told_who_decided_what(pages: Pages) -> None:
    """And nothing of the second decision is kept."""
    review, _ = await _waiting(pages)
    ada, bob = await pages.signed_in("reviewer", "ada"), await pages.signed_in("reviewer", "bob")
    await ada.post(f"/item/{review}/resolve", data={"resolution": "no_fault"})
    late = await bob.post(f"/item/{review}/resolve", data={"resolution": "good_example", "standard": "1"})
    assert late.status_code == 409
    assert "Ada decided this already: no fault." in late.text
    assert (await _review(pages, review)).resolution == "no_fault"
    assert await _labels(pages, review) == {}
    assert await _rows(pages, standard_answers) == []


async def test_a_correction_is_kept_with_what_it_cites_and_told(pages: Pages) -> None:
    """What it marks is right; the processes of the chat tell those whom it concerns."""
    review, found = await _waiting(pages)
    form = {
        "resolution": "corrected_answer",
        "correction": "Within a month [1]. Ask finance [7].",
        f"cite-{found[0].id}": "1",
        f"cite-{found[1].id}": "7",
        f"cite-{found[2].id}": "9",
    }
    answer = await (await pages.signed_in("reviewer")).post(f"/item/{review}/resolve", data=form)
    assert answer.status_code == 303, answer.text
    kept = await _review(pages, review)
    assert (kept.resolution, kept.correction) == ("corrected_answer", "Within a month [1]. Ask finance [7].")
    cited = await Reviews(pages.database).citations(review)
    assert [(one.number, one.passage) for one in cited] == [(1, found[0].id), (7, found[1].id)]
    assert await _labels(pages, review) == {found[0].id: "right", found[1].id: "right"}
    told = _Notifier()
    reviewing = Reviewing(
        Reviews(pages.database), Feedback(pages.database), Postings(pages.database), {"slack": told}
    )
    await reviewing.tell_rest()
    assert told.people == ["U1", "U2"]
    await reviewing.tell_rest()
    assert told.people == ["U1", "U2"]


class _Notifier:
    """Keeps whom it told."""

    def __init__(self) -> None:
        self.people: list[str] = []

    def reader(self, posting: object) -> str:
        return ""

    async def tell_thread(self, review: str, posting: object) -> None:
        raise AssertionError("the answer stands in no thread")

    async def tell_person(self, review: str, workspace: str, user: str) -> None:
        self.people.append(user)


async def test_a_standard_answer_and_a_golden_question_come_of_it(pages: Pages) -> None:
    """For those who may read what it cites; the next who asks is given it."""
    review, found = await _waiting(pages, scopes=frozenset({"public", "finance"}))
    form = {
        "resolution": "corrected_answer",
        "correction": "Within thirty-one days [1].",
        "standard": "1",
        "golden": "1",
    }
    answer = await (await pages.signed_in("reviewer")).post(f"/item/{review}/resolve", data=form)
    assert answer.status_code == 303, answer.text
    (made,), (golden,) = await _rows(pages, standard_answers), await _rows(pages, golden_questions)
    assert (made["match"], made["questions"], made["scopes"]) == ("exact", [QUESTION], ["public"])
    assert made["from_answer"] == golden["from_answer"] == "a1"
    assert [one["document"] for one in golden["expected"]] == [found[0].document]
    assert set(golden["scopes"]) == {"public", "finance"}
    detail = (await _rows(pages, audit_log))[-1]["detail"]
    assert (detail["standard"], detail["golden"]) == (made["id"], golden["id"])
    asked = Question(QUESTION, Principal("web", "someone"))
    assert "thirty-one days" in (await pages.assistant.ask(asked)).text


async def test_undoing_takes_back_all_that_came_of_it(pages: Pages) -> None:
    """The review waits again, and can be decided otherwise."""
    review, found = await _waiting(pages)
    browser = await pages.signed_in("reviewer")
    form = {"resolution": "good_example", "standard": "1", "golden": "1"}
    assert (await browser.post(f"/item/{review}/resolve", data=form)).status_code == 303
    entry = (await _rows(pages, audit_log))[-1]["number"]
    assert (await browser.post(f"/undo/{entry}")).status_code == 303
    assert (await _review(pages, review)).is_pending
    assert await _labels(pages, review) == {}
    assert await _rows(pages, standard_answers) == []
    assert await _rows(pages, golden_questions) == []
    again = await browser.post(
        f"/item/{review}/resolve", data={"resolution": "right_passage", "right": found[1].id}
    )
    assert again.status_code == 303
    assert await _labels(pages, review) == {found[1].id: "right"}


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"resolution": "perfect"}, "pick one of the seven"),
        ({}, "pick one of the seven"),
        ({"resolution": "right_passage"}, "right:"),
        ({"resolution": "wrong_passage"}, "wrong:"),
        ({"resolution": "stale_document"}, "stale:"),
        ({"resolution": "missing_document"}, "note:"),
        ({"resolution": "corrected_answer", "correction": " "}, "correction:"),
        ({"resolution": "corrected_answer", "correction": "Yes [8]."}, "[8]"),
        ({"resolution": "corrected_answer", "correction": "Yes [1](javascript:alert)"}, "link"),
        ({"resolution": "corrected_answer", "correction": "Soon [1]. " * 1001}, "characters"),
        ({"resolution": "right_passage", "right": "no/where#1"}, "not in the index any more"),
        ({"resolution": "no_fault", "standard": "1"}, "standard:"),
        ({"resolution": "no_fault", "golden": "1"}, "golden:"),
    ],
)  # fmt: skip
async def test_a_form_that_does_not_fit_is_refused_whole(
    pages: Pages, form: dict[str, str], said: str
) -> None:
    """With a sentence that names the part; the review waits as before, and nothing stands in the log."""
    review, _ = await _waiting(pages)
    answer = await (await pages.signed_in("reviewer")).post(f"/item/{review}/resolve", data=form)
    assert answer.status_code == 422
    assert said in answer.text
    assert (await _review(pages, review)).is_pending
    assert all(row["action"] != "review.resolve" for row in await _rows(pages, audit_log))


async def test_what_was_made_from_files_of_a_chat_becomes_no_standard_answer(pages: Pages) -> None:
    """Nobody else has them."""
    review, _ = await _waiting(pages, scopes=frozenset({"public", "@slack-F1"}))
    browser = await pages.signed_in("reviewer")
    for also in ("standard", "golden"):
        form = {"resolution": "good_example", also: "1"}
        answer = await browser.post(f"/item/{review}/resolve", data=form)
        assert answer.status_code == 422
        assert "files of a chat" in answer.text


async def test_a_passage_of_others_scopes_can_be_picked_and_keeps_its_scope(pages: Pages) -> None:
    """Training reads by scope who may see it."""
    review, found = await _waiting(pages)
    form = {"resolution": "wrong_passage", "wrong": [found[0].id, found[1].id], "right": found[2].id}
    assert (
        await (await pages.signed_in("reviewer")).post(f"/item/{review}/resolve", data=form)
    ).status_code == 303
    assert (await _review(pages, review)).resolution == "right_passage"
    async with transaction(pages.database) as connection:
        assert await connection.scalar(select(reviews.c.citations).where(reviews.c.id == review)) is None


async def test_a_form_of_another_session_decides_nothing(pages: Pages) -> None:
    """Its token is another."""
    review, _ = await _waiting(pages)
    browser = await pages.signed_in("reviewer")
    form = {"resolution": "no_fault", "csrf": "other"}
    answer = await browser.post(f"/item/{review}/resolve", data=form, headers={"x-csrf-token": ""})
    assert answer.status_code == 403
    viewer = await pages.signed_in("viewer")
    assert (await viewer.post(f"/item/{review}/resolve", data=form)).status_code == 403
    assert (await _review(pages, review)).is_pending


async def test_the_kind_of_a_question_is_kept_with_any_decision(pages: Pages) -> None:
    """In the words of the form, made plain; the log has it, the next form offers it, and an undo takes it back."""
    review, _ = await _waiting(pages)
    other, _ = await _waiting(pages, "a2")
    browser = await pages.signed_in("reviewer")
    page = BeautifulSoup((await browser.get(f"/item/{review}")).text, "html.parser")
    (field,) = page.select("form#resolve input[name=route]")
    assert page.find(id=field["aria-labelledby"]).text == "Kind of question"
    assert page.find(id=field["aria-describedby"]) is not None
    offered = [one["value"] for one in page.select(f"datalist#{field['list']} option")]
    assert offered == ["answer", "small-talk", "person"]
    form = {"resolution": "no_fault", "route": " Travel  costs "}
    answer = await browser.post(f"/item/{review}/resolve", data=form)
    assert answer.status_code == 303, answer.text
    assert (await _review(pages, review)).route == "travel-costs"
    entry = (await _rows(pages, audit_log))[-1]
    assert entry["detail"]["route"] == "travel-costs"
    decided = (await browser.get(f"/item/{review}")).text
    assert "Kind of question" in decided
    assert "travel-costs" in decided
    assert '<option value="travel-costs">' in (await browser.get(f"/item/{other}")).text
    await browser.post(f"/undo/{entry['number']}")
    assert (await _review(pages, review)).route == ""


@pytest.mark.parametrize("route", ["travel/costs", "Größe", "x" * 65, "<b>"])
async def test_a_kind_that_cannot_be_learned_is_refused(pages: Pages, route: str) -> None:
    """And nothing is decided."""
    review, _ = await _waiting(pages)
    browser = await pages.signed_in("reviewer")
    answer = await browser.post(f"/item/{review}/resolve", data={"resolution": "no_fault", "route": route})
    assert answer.status_code == 422
    assert "such as travel-costs" in answer.text
    assert (await _review(pages, review)).is_pending
