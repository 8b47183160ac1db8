"""The pages of content gaps: found, decided about, asked again, given out."""

from __future__ import annotations

import asyncio

from bots.admin.csv_files import MARK
from rag_core.records.analytics.gaps import Gaps
from tests.bots.admin.conftest import Pages

PAYLOAD = "How do I rotate <script>alert(1)</script> keys?"
ASKED = (
    "How long is parental leave?",
    "how much parental leave do I get",
    "Parental leave: how many weeks is it?",
)


async def with_gap(pages: Pages) -> str:
    """The id of one that three people asked about."""
    for n, text in enumerate(ASKED):
        await pages.answered(
            f"a{n}", text, f"U{n}", thread=f"{n}", abstained=True, text="I found nothing.", citations=()
        )
    browser = await pages.signed_in("reviewer")
    assert (await browser.post("/gaps/search")).status_code == 303
    for _ in range(200):
        if "Looking through" not in (await browser.get("/gaps/progress")).text:
            break
        await asyncio.sleep(0.05)
    (gap,) = await Gaps(pages.database).all()
    return gap.id


async def test_gaps_are_found_when_a_person_asks_for_it(pages: Pages) -> None:
    """By meaning; the page names them by their most typical question, with counts."""
    browser = await pages.signed_in("reviewer")
    assert "No gap here" in (await browser.get("/gaps")).text
    id = await with_gap(pages)
    text = (await browser.get("/gaps")).text
    assert any(question in text for question in ASKED)
    assert "3 people, 3 times" in text
    assert f'href="/gaps/{id}"' in text


async def test_viewers_see_figures_and_terms_and_no_words(pages: Pages) -> None:
    """Also in the files; they can change nothing."""
    id = await with_gap(pages)
    viewer = await pages.signed_in("viewer")
    for address in ("/gaps", f"/gaps/{id}", "/gaps.csv", "/gaps.md"):
        text = (await viewer.get(address)).text
        assert "parental" in text
        assert not any(question in text for question in ASKED)
    for address in ("/gaps/search", f"/gaps/{id}", f"/gaps/{id}/check"):
        assert (await viewer.post(address, data={"state": "written"})).status_code == 403


async def test_what_is_decided_is_kept_with_its_note(pages: Pages) -> None:
    """A state that is none is refused."""
    id, browser = await with_gap(pages), await pages.signed_in("reviewer")
    assert (
        await browser.post(f"/gaps/{id}", data={"state": "planned", "note": "HR writes it"})
    ).status_code == 303
    assert "HR writes it" in (await browser.get("/gaps?state=planned")).text
    assert (await browser.post(f"/gaps/{id}", data={"state": "lost"})).status_code == 422
    assert (await browser.get("/gaps?state=lost")).status_code == 422
    assert (await browser.get("/gaps/nothing")).status_code == 404


async def test_typical_questions_can_be_asked_again(pages: Pages) -> None:
    """As those would see it who asked; what is said of each, and how many are answered."""
    id, browser = await with_gap(pages), await pages.signed_in("reviewer")
    answer = await browser.post(f"/gaps/{id}/check")
    assert answer.status_code == 200
    assert "of 3 typical questions" in answer.text


async def test_gaps_are_given_out_as_a_list_of_documents_to_write(pages: Pages) -> None:
    """As CSV and as Markdown in which nothing that people wrote is markup."""
    await pages.answered("b1", PAYLOAD, "U8", thread="8", abstained=True)
    await pages.answered("b2", PAYLOAD, "U9", thread="9", abstained=True)
    browser = await pages.signed_in("reviewer")
    await browser.post("/gaps/search")
    await asyncio.sleep(0.05)
    for _ in range(200):
        if "Looking through" not in (await browser.get("/gaps/progress")).text:
            break
        await asyncio.sleep(0.05)
    assert "<script>alert" not in (await browser.get("/gaps")).text
    sheet, text = (await browser.get("/gaps.csv")).text, (await browser.get("/gaps.md")).text
    assert sheet.startswith(f"{MARK}gap,about,state,")
    assert "## How do I rotate \\<script\\>alert(1)\\</script\\> keys?" in text
