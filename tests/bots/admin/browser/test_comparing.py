"""Judging two answers in a browser, by the keyboard alone; and picking what a golden question expects."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from rag_core.records.evaluation.comparisons import Comparisons
from tests.bots.admin.browser.conftest import Site

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]


async def press(page: Page, key: str) -> str:
    """The number of the question that was shown."""
    number = await page.locator("#judging input[name=number]").input_value()
    async with page.expect_navigation():
        await page.keyboard.press(key)
    return number


async def test_a_rater_needs_no_mouse(site: Site) -> None:
    """1, 2, 0 and the arrows judge, s skips, u goes back; what was skipped comes again, and then the result."""
    address = f"/compare/{site.furnished.comparison}"
    async with site.visitor("reviewer") as visit:
        page = visit.page
        await page.goto(address)
        first = await press(page, "1")
        skipped = await press(page, "s")
        await press(page, "u")
        assert await page.locator("#judging input[name=number]").input_value() == skipped
        await press(page, "u")
        await expect(page.get_by_text("you preferred this")).to_be_visible()
        assert await press(page, "ArrowRight") == first
        seen = [await press(page, key) for key in ("ArrowDown", "ArrowLeft", "2", "0", "1")]
        assert seen[-1] == skipped
        assert len({first, *seen}) == 6
        await expect(page.get_by_role("heading", name="How sure this is")).to_be_visible()
        assert page.url.endswith("/result")
    kept = await Comparisons(site.pages.database).judgements(site.furnished.comparison)
    assert len({one.number for one in kept if one.rater == "local:reviewer"}) == 6


async def test_a_golden_question_is_picked_from_what_is_found(site: Site) -> None:
    """The search fills the form it stands in; what was written stays."""
    async with site.visitor("reviewer") as visit:
        page = visit.page
        await page.goto("/golden/new")
        await page.get_by_label("Question").fill("How many vacation days are there?")
        await page.locator("textarea[name=answer]").fill("27")
        await page.get_by_role("button", name="Search passages").click()
        await page.locator("#found input").first.check()
        await expect(page.locator("textarea[name=answer]")).to_have_value("27")
        await page.get_by_role("button", name="Save").click()
        await page.get_by_role("button", name="Check now").click()
        row = page.get_by_role("row").filter(has_text="How many vacation days are there?")
        await expect(row).to_contain_text("passed", timeout=20_000)
