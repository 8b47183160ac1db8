"""Golden questions on the admin pages."""

from __future__ import annotations

import asyncio

import httpx
from bs4 import BeautifulSoup

from rag_core.records.audit import Audit
from rag_core.records.evaluation.golden import GoldenQuestions
from tests.bots.admin.conftest import Pages

ASKED = "How many vacation days do I get?"


def soup(answer: httpx.Response) -> BeautifulSoup:
    return BeautifulSoup(answer.text, "lxml")


async def add(browser: httpx.AsyncClient, **fields: object) -> httpx.Response:
    return await browser.post("/golden", data={"question": ASKED, "scopes": "public", **fields})


async def found(browser: httpx.AsyncClient, question: str = ASKED) -> list[str]:
    """Ids of the passages offered, best first."""
    answer = await browser.post("/golden/search", data={"question": question, "scopes": "public"})
    return [str(box["value"]) for box in soup(answer).select("input[name=passage]")]


async def checked(browser: httpx.AsyncClient) -> None:
    answer = await browser.post("/golden/check", data={"release": "r1"})
    assert answer.status_code == 303
    for _ in range(300):
        if (await browser.get("/golden/progress")).status_code == 204:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the check did not end")


async def test_a_question_is_added_with_passages_picked_from_a_search(pages: Pages) -> None:
    """It keeps their text, and the audit log says who added it, without its words."""
    browser = await pages.signed_in("reviewer")
    ids = await found(browser)
    assert 3 < len(ids) <= 10
    assert (await add(browser, passage=ids[0], answer="27")).status_code == 303
    [entry] = await GoldenQuestions(pages.database).all()
    assert entry.question == ASKED
    assert "27" in entry.expected[0].text
    assert (entry.author, entry.scopes) == ("local:reviewer", frozenset({"public"}))
    [noted] = await Audit(pages.database).latest(5, action="golden.")
    assert (noted.actor, noted.action, noted.subject) == (
        "local:reviewer",
        "golden.add",
        f"golden:{entry.id}",
    )
    assert "vacation" not in str(noted.detail)


async def test_the_check_tells_what_passes_and_why_not(pages: Pages) -> None:
    """A column of the release, its count, and a sentence at what fails; a question that must be abstained from passes by an
    abstention."""
    browser = await pages.signed_in("reviewer")
    best = (await found(browser))[0]
    await add(browser, passage=best)
    await add(browser, passage=best, question="What does the lantern weigh?")
    await add(browser, abstain="true", question="Who painted the Mona Lisa?")
    await checked(browser)
    page = soup(await browser.get("/golden"))
    rows = {row.a.text: row.get_text(" ") for row in page.select("tbody tr")}
    assert "passed · 1" in rows[ASKED]
    assert "passed" in rows["Who painted the Mona Lisa?"]
    assert "failed" in rows["What does the lantern weigh?"]
    assert "not among the first 10" in rows["What does the lantern weigh?"] or (
        "cites other documents" in rows["What does the lantern weigh?"]
    )
    assert "2 of 3" in page.select_one("thead").get_text(" ")
    noted = (await Audit(pages.database).latest(1))[0]
    assert (noted.action, noted.subject, noted.detail) == (
        "golden.check", "release:r1", {"passed": 2, "failed": 1},
    )  # fmt: skip


async def test_what_is_switched_off_is_not_asked_and_what_is_removed_is_gone(pages: Pages) -> None:
    """A switch goes back and forth."""
    browser = await pages.signed_in("reviewer")
    await add(browser, abstain="true", question="Who painted the Mona Lisa?")
    golden = GoldenQuestions(pages.database)
    [entry] = await golden.all()
    await browser.post(f"/golden/{entry.id}/switch")
    await checked(browser)
    assert await golden.results("r1") == []
    await browser.post(f"/golden/{entry.id}/switch")
    assert (await golden.get(entry.id)).enabled
    await browser.post(f"/golden/{entry.id}/remove")
    assert await golden.all() == []


async def test_an_edit_keeps_the_passages_that_stay_ticked(pages: Pages) -> None:
    """Others may be picked beside them, and unticked ones go."""
    browser = await pages.signed_in("reviewer")
    ids = await found(browser)
    await add(browser, passage=[ids[0], ids[1]])
    golden = GoldenQuestions(pages.database)
    [entry] = await golden.all()
    changed = await add(browser, id=entry.id, keep="1", passage=ids[2], question="How much leave is there?")
    assert changed.status_code == 303
    after = await golden.get(entry.id)
    assert after.question == "How much leave is there?"
    assert after.expected[0] == entry.expected[1]
    assert len(after.expected) == 2


async def test_a_form_that_cannot_be_kept_comes_back_with_a_sentence(pages: Pages) -> None:
    """And with what was filled in; nothing is kept."""
    browser = await pages.signed_in("reviewer")
    best = (await found(browser))[0]
    for fields, sentence in (
        ({}, "pick a passage"),
        ({"abstain": "true", "passage": best}, "not both"),
        ({"question": "  ?", "abstain": "true"}, "question: there is none"),
        ({"scopes": "@slack:F1", "abstain": "true"}, "files of a chat"),
    ):
        answer = await add(browser, **fields)
        assert answer.status_code == 422
        assert sentence in answer.text
    assert "How many vacation" in (await add(browser)).text
    assert await GoldenQuestions(pages.database).all() == []


async def test_a_viewer_neither_reads_nor_changes_any(pages: Pages) -> None:
    """They are what people asked, and what documents say whose scopes a viewer may not have."""
    reviewer, viewer = await pages.signed_in("reviewer"), await pages.signed_in("viewer")
    await add(reviewer, passage=(await found(reviewer))[0])
    [entry] = await GoldenQuestions(pages.database).all()
    for address in ("/golden", "/golden/new", "/golden/progress", f"/golden/{entry.id}"):
        assert (await viewer.get(address)).status_code == 403
    for address in ("/golden", "/golden/search", "/golden/check", f"/golden/{entry.id}/remove"):
        assert (await viewer.post(address, data={"question": ASKED})).status_code == 403


async def test_what_was_written_is_shown_as_text(pages: Pages) -> None:
    """No element of the page comes from a question or an answer."""
    browser = await pages.signed_in("reviewer")
    hostile = "<img src=x onerror=alert(1)>\"'><script>alert(2)</script> {{7*7}}"
    await add(browser, abstain="true", question=hostile, answer=hostile)
    [entry] = await GoldenQuestions(pages.database).all()
    for address in ("/golden", f"/golden/{entry.id}"):
        page = soup(await browser.get(address))
        assert not page.select("[onerror], img[src=x], main script")
        assert "alert(2)" in page.get_text() or "alert(2)" in str(page.textarea)
        assert "49" not in page.main.get_text()
