"""The queue of the admin pages: what is shown, what is decided there, and what can be taken back."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from bs4 import BeautifulSoup, Tag

from rag_core.records.audit import Audit
from rag_core.records.reviews.reviews import Review, Reviews
from tests.bots.admin.conftest import Pages

BY_SCRIPT = {"hx-request": "true"}


async def voted_down(pages: Pages, *ids: str) -> list[Review]:
    for id in ids:
        await pages.answered(id, f"Question {id}?")
        await pages.voted(id, user=f"voter of {id}")  # many votes of one person would be held back
    found = {review.answer_id: review for review in await Reviews(pages.database).pending(1_000)}
    return [found[id] for id in ids]


def questions(page: httpx.Response) -> list[str]:
    assert page.status_code == 200, page.text
    return [link.get_text() for link in select(page, "#rows h2 a")]


def select(page: httpx.Response, css: str) -> list[Tag]:
    return list(BeautifulSoup(page.text, "lxml").select(css))


def filled(form: Tag) -> dict[str, str]:
    """What a browser sends of a form as it came."""
    return {str(one["name"]): str(one.get("value", "")) for one in form.select("input[name]")}


def told(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = json.loads(answer.headers["hx-trigger"])["told"]
    return said


async def state(pages: Pages, review: Review) -> str:
    kept = await Reviews(pages.database).get(review.id)
    assert kept is not None
    return kept.resolution if kept.state == "resolved" else kept.state


async def test_the_queue_shows_what_waits_and_why(pages: Pages) -> None:
    """The question, what brought it, the answer or that there is none; the most valuable first."""
    await pages.answered("a1", "How long <b>do</b> refunds take?")
    await pages.answered("a2", "Who pays?", abstained=True, channel="C7")
    await pages.voted("a1", reason="wrong_answer")
    for user in ("U2", "U3"):
        await pages.voted("a2", user=user, correction="The team pays.")
    page = await (await pages.signed_in("reviewer")).get("/queue")
    assert questions(page) == ["Who pays?", "How long <b>do</b> refunds take?"]
    first, second = (row.get_text() for row in select(page, "#rows > li"))
    for words in ("correction given", "2 × not helpful", "No answer was given.", "slack · C7"):
        assert words in first
    assert "refunded within 30 days" in second
    empty = await (await pages.signed_in("reviewer")).get("/queue?platform=web")
    assert "Nothing matches" in empty.text


async def test_what_is_searched_for_is_in_no_address(pages: Pages) -> None:
    """It is sent by a form; without words the form leads to an address with the filters."""
    await voted_down(pages, "a1", "a2")
    browser = await pages.signed_in("reviewer")
    found = await browser.post("/queue", data={"text": "question A2", "source": "vote"})
    assert questions(found) == ["Question a2?"]
    assert not any("A2" in str(link["href"]) for link in select(found, "a[href]"))
    plain = await browser.post("/queue", data={"text": " ", "source": "vote", "state": "pending"})
    assert (plain.status_code, plain.headers["location"]) == (303, "/queue?source=vote")


async def test_pages_of_the_queue_are_turned(pages: Pages) -> None:
    """Thirty each; also of what was searched for."""
    await voted_down(pages, *(f"a{n:02}" for n in range(32)))
    browser = await pages.signed_in("reviewer")
    first = await browser.get("/queue")
    [link] = select(first, ".pager a[rel=next]")
    second = await browser.get(str(link["href"]))
    assert len(questions(first)) == 30
    assert questions(second) == ["Question a30?", "Question a31?"]
    found = await browser.post("/queue", data={"text": "question"})
    [form] = select(found, ".pager form")
    assert questions(await browser.post("/queue", data=filled(form))) == questions(second)


@pytest.mark.parametrize(("does", "resolution"), [("approve", "good_example"), ("reject", "no_fault")])
async def test_a_decision_can_be_taken_back(pages: Pages, does: str, resolution: str) -> None:
    """It waits again, with what it had; both stand in the audit log, by the one who did it."""
    [review] = await voted_down(pages, "a1")
    browser = await pages.signed_in("reviewer")
    said = told(await browser.post("/queue/decide", data={"one": f"{does}:{review.id}"}, headers=BY_SCRIPT))
    assert await state(pages, review) == resolution
    assert (
        told(await browser.post(said["undo"], headers=BY_SCRIPT))["text"] == "It waits for a decision again."
    )
    kept = await Reviews(pages.database).get(review.id)
    assert kept == review
    undone, done = (await Audit(pages.database).latest(9))[:2]
    assert (done.actor, done.action, done.undone_by) == ("local:reviewer", "review.resolve", undone.number)
    assert (undone.action, undone.detail["of"]) == ("undo", done.number)
    again = await browser.post(said["undo"], headers=BY_SCRIPT)
    assert (again.status_code, "taken back already" in again.text) == (422, True)


async def test_without_a_script_a_form_does_the_same(pages: Pages) -> None:
    """It leads back to the queue with its filters, where the decision can be taken back."""
    [review, _] = await voted_down(pages, "a1", "a2")
    browser = await pages.signed_in("reviewer")
    answer = await browser.post("/queue/decide", data={"one": f"approve:{review.id}", "platform": "slack"})
    assert answer.status_code == 303
    page = await browser.get(answer.headers["location"])
    assert questions(page) == ["Question a2?"]
    [form] = select(page, "form.notice")
    back = await browser.post(str(form["action"]), data=filled(form))
    assert (back.status_code, back.headers["location"]) == (303, "/queue")
    assert await state(pages, review) == "pending"
    other = await (await pages.signed_in("reviewer", "ben")).get(answer.headers["location"])
    assert 'form class="notice' not in other.text


async def test_several_are_decided_and_taken_back_at_once(pages: Pages) -> None:
    """Each has its entry in the audit log; one undo is for all of them, also from the log."""
    several = await voted_down(pages, "a1", "a2", "a3")
    browser = await pages.signed_in("reviewer")
    chosen = {"do": "reject", "review": [review.id for review in several[:2]]}
    said = told(await browser.post("/queue/decide", data=chosen, headers=BY_SCRIPT))
    assert [await state(pages, review) for review in several] == ["no_fault", "no_fault", "pending"]
    log = await Audit(pages.database).latest(9, action="review.")
    assert [entry.action for entry in log] == ["review.bulk", "review.resolve", "review.resolve"]
    text = told(await browser.post(said["undo"], headers=BY_SCRIPT))["text"]
    assert text == "2 wait for a decision again."
    assert [await state(pages, review) for review in several] == ["pending"] * 3
    [undone] = await Audit(pages.database).latest(1)
    log = await Audit(pages.database).latest(9, action="review.")
    assert {entry.undone_by for entry in log} == {undone.number}


async def test_all_that_match_are_decided(pages: Pages) -> None:
    """Whether or not they are ticked or on this page; the others stay."""
    several = await voted_down(pages, *(f"a{n:02}" for n in range(33)))
    await pages.answered("other", platform="discord")
    await pages.voted("other")
    browser = await pages.signed_in("reviewer")
    chosen = {"do": "approve", "all": "1", "platform": "slack"}
    said = told(await browser.post("/queue/decide", data=chosen, headers=BY_SCRIPT))
    assert said["text"] == "Approved: 33."
    assert {await state(pages, review) for review in several} == {"good_example"}
    assert questions(await browser.get("/queue")) == ["How long do refunds take?"]


async def test_the_second_of_two_reviewers_is_told_of_the_first(pages: Pages) -> None:
    """Who decided, and what; of several decided at once, how many were."""
    first, second = await voted_down(pages, "a1", "a2")
    ada, ben = await pages.signed_in("reviewer", "ada"), await pages.signed_in("reviewer", "ben")
    told(await ada.post("/queue/decide", data={"one": f"reject:{first.id}"}, headers=BY_SCRIPT))
    late = await ben.post("/queue/decide", data={"one": f"approve:{first.id}"}, headers=BY_SCRIPT)
    assert late.status_code == 409
    assert "Ada decided this a moment ago: no fault." in late.text
    both = {"do": "approve", "review": [first.id, second.id]}
    said = told(await ben.post("/queue/decide", data=both, headers=BY_SCRIPT))
    assert said["text"] == "Approved: 1. 1 had been decided before."
    gone = await ben.post("/queue/decide", data={"one": "approve:gone"}, headers=BY_SCRIPT)
    assert gone.status_code == 404


async def test_reviews_are_assigned(pages: Pages) -> None:
    """Others see who is on it; filters find what is mine, and nobody's."""
    review, _ = await voted_down(pages, "a1", "a2")
    ada, ben = await pages.signed_in("reviewer", "ada"), await pages.signed_in("reviewer", "ben")
    said = told(await ada.post("/queue/decide", data={"one": f"assign:{review.id}"}, headers=BY_SCRIPT))
    assert "You are on it" in (await ada.get("/queue")).text
    assert "Ada is on it" in (await ben.get("/queue")).text
    assert questions(await ada.get("/queue?assignee=me")) == ["Question a1?"]
    assert questions(await ben.get("/queue?assignee=nobody")) == ["Question a2?"]
    told(await ada.post(said["undo"], headers=BY_SCRIPT))
    assert len(questions(await ben.get("/queue?assignee=nobody"))) == 2


async def test_others_decisions_are_taken_back_by_admins_alone(pages: Pages) -> None:
    """A reviewer takes back their own."""
    [review] = await voted_down(pages, "a1")
    ada, ben = await pages.signed_in("reviewer", "ada"), await pages.signed_in("reviewer", "ben")
    said = told(await ada.post("/queue/decide", data={"one": f"reject:{review.id}"}, headers=BY_SCRIPT))
    assert (await ben.post(said["undo"], headers=BY_SCRIPT)).status_code == 403
    assert (await (await pages.signed_in("admin")).post(said["undo"], headers=BY_SCRIPT)).status_code == 200
    assert await state(pages, review) == "pending"


async def test_a_wrong_request_is_refused_with_a_sentence(pages: Pages) -> None:
    """Nothing chosen, nothing to do, no such entry, no such action."""
    [review] = await voted_down(pages, "a1")
    browser = await pages.signed_in("reviewer")
    for data, status in (
        ({}, 422),
        ({"review": review.id}, 422),
        ({"do": "delete", "review": review.id}, 422),
        ({"one": f"delete:{review.id}"}, 422),
        ({"do": "approve"}, 422),
    ):
        answer = await browser.post("/queue/decide", data=data, headers=BY_SCRIPT)
        assert (answer.status_code, "data-sentence" in answer.text) == (status, True), data
    assert (await browser.post("/undo/99", headers=BY_SCRIPT)).status_code == 404
    number = await Audit(pages.database).note("local:reviewer", "user.add", "user:1")
    assert (await browser.post(f"/undo/{number}", headers=BY_SCRIPT)).status_code == 422


async def test_the_queue_is_for_reviewers(pages: Pages) -> None:
    """And nothing is decided by a form from elsewhere."""
    [review] = await voted_down(pages, "a1")
    viewer = await pages.signed_in("viewer")
    assert (await viewer.get("/queue")).status_code == 403
    browser = await pages.signed_in("reviewer")
    forged = await browser.post(
        "/queue/decide", data={"one": f"approve:{review.id}"}, headers={"x-csrf-token": "no"}
    )
    assert forged.status_code == 403
    assert await state(pages, review) == "pending"


async def test_reviewers_are_told_how_many_wait_on_every_page(pages: Pages) -> None:
    """In the navigation, also by ear; not more than that there are many. Viewers are not; of parts of pages
    those bring it where it changes by what one does."""
    reviewer, viewer = await pages.signed_in("reviewer"), await pages.signed_in("viewer")
    assert select(await reviewer.get("/sources"), ".side .count") == []
    await voted_down(pages, "a1", "a2")
    (count,) = select(await reviewer.get("/sources"), ".side nav .count")
    assert (count.get_text(), count["aria-hidden"]) == ("2", "true")
    (link,) = select(await reviewer.get("/sources"), ".side nav a[href='/queue'] .unseen")
    assert link.get_text() == ": 2 to review"
    assert select(await viewer.get("/sources"), ".side .count") == []
    assert select(await reviewer.get("/sources", headers=BY_SCRIPT), ".count") == []
    (anew,) = select(await reviewer.get("/queue", headers=BY_SCRIPT), "#to-review")
    assert anew.get_text().strip() == "2: 2 to review"
    await voted_down(pages, *(f"b{number}" for number in range(98)))
    (count,) = select(await reviewer.get("/queue"), ".side nav .count")
    assert count.get_text() == "99+"
