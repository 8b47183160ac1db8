"""A review resolved in a browser, by the keyboard."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect
from sqlalchemy import select

from rag_core.records.database import transaction
from rag_core.records.reviews.judging import Judging
from rag_core.records.reviews.reviews import Reviews
from rag_core.records.tables import answers, reviews
from tests.bots.admin.browser.conftest import Site

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]


async def _waiting(site: Site) -> str:
    """A review that waits, of an answer with passages."""
    query = (
        select(reviews.c.id)
        .join(answers)
        .where(
            reviews.c.state == "pending",
            answers.c.abstained.is_(False),
            reviews.c.id.not_in(site.seeded.hostile),
        )
    )
    async with transaction(site.pages.database) as connection:
        return str(await connection.scalar(query.order_by(reviews.c.value.desc(), reviews.c.id).limit(1)))


async def test_passages_are_judged_by_keys_and_the_form_is_sent_by_one(site: Site) -> None:
    """1 is right, Shift 2 is wrong, Ctrl Enter resolves; the next comes, and u takes it back."""
    review = await _waiting(site)
    async with site.visitor("reviewer") as visit:
        page = visit.page
        await page.goto(f"/item/{review}")
        await expect(page.locator("#now .prose")).to_be_visible()
        await expect(page.locator("#now")).to_contain_text("confidence")
        await page.keyboard.press("1")
        await page.keyboard.press("Shift+Digit2")
        await expect(page.locator("#judged")).to_have_text("Passages: 1 right, 1 wrong.")
        await expect(page.get_by_label("Right passage")).to_be_checked()
        await page.keyboard.press("2")  # it cannot be both
        await expect(page.locator("#judged")).to_have_text("Passages: 2 right.")
        async with page.expect_navigation():
            await page.keyboard.press("Control+Enter")
        await expect(page.locator(".toast")).to_contain_text("Resolved: right passage.")
        assert (
            len([one for one in await Judging(site.pages.database).of(review) if one.label == "right"]) == 2
        )
        async with page.expect_navigation():
            await page.keyboard.press("u")
    kept = await Reviews(site.pages.database).get(review)
    assert kept is not None
    assert kept.is_pending


async def test_a_correction_cites_a_passage_that_was_searched_for(site: Site) -> None:
    """c goes to the text, the search comes while one types, what is picked stays; the preview says what cites nothing."""
    review = await _waiting(site)
    async with site.visitor("reviewer") as visit:
        page = visit.page
        await page.goto(f"/item/{review}")
        await page.keyboard.press("c")
        await expect(page.locator("#correction")).to_be_focused()
        await page.locator("#correction").fill("It is kept in the warehouse")
        await expect(page.locator("#rendered")).to_contain_text("One sentence cites nothing")
        await page.locator("#search-text").fill("annual leave")
        result = page.locator("#results .passage").first
        await result.get_by_role("button", name="Cite here").click()
        await expect(page.locator("#correction")).to_have_value(
            re.compile(r"^It is kept in the warehouse \[\d\]$")
        )
        await expect(page.locator("#rendered")).to_contain_text("Cites ")
        text = await page.locator("#correction").input_value()
        await page.locator("#search-text").fill("deployment rollback")
        await expect(page.locator("#picked .passage")).to_have_count(1)
        async with page.expect_navigation():
            await page.get_by_role("button", name="Resolve", exact=True).click()
    kept = await Reviews(site.pages.database).get(review)
    assert kept is not None
    assert (kept.resolution, kept.correction) == ("corrected_answer", text)
    (cited,) = await Reviews(site.pages.database).citations(review)
    assert text.endswith(f"[{cited.number}]")


async def test_two_versions_are_compared_with_what_it_would_answer_now(site: Site) -> None:
    """Once the preview is there."""
    async with site.visitor("reviewer") as visit:
        page = visit.page
        await page.goto(f"/answer/{site.seeded.answers[0]}")
        await expect(page.locator("#now .prose")).to_be_visible()
        await page.locator("select[name=right]").select_option("now")
        await page.get_by_role("button", name="Show the difference").click()
        await expect(page.locator("#difference .difference")).to_be_visible()
