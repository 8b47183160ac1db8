"""Judging two answers in a browser, by the keyboard alone; and picking what a golden question expects."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from rag_core.bootstrap import open_core
from rag_core.records.evaluation.comparisons import Comparisons
from rag_core.records.evaluation.golden import GoldenQuestions
from tests.bots.admin.browser.axe import faults
from tests.bots.admin.browser.conftest import Site
from tests.bots.admin.test_releases_page import another

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


async def test_a_comparison_is_started_judged_and_read(site: Site) -> None:
    """Both releases answer while the page tells how far they are; then it is judged blindly, to the result and its file."""
    made = await another(site.pages)
    golden = await GoldenQuestions(site.pages.database).all()
    async with open_core(site.pages.settings, made) as core:  # it knows less
        await core.store.replace([one.document for question in golden for one in question.expected], [])
    async with site.visitor("reviewer") as visit:
        page = visit.page
        await page.goto("/compare")
        await page.get_by_label("Name", exact=True).fill("Does the second index find more?")
        await page.get_by_label("Candidate").select_option(made.id)
        await page.get_by_label("Questions", exact=True).fill("4")
        await page.get_by_label("Taken from").select_option("golden")
        await page.get_by_role("button", name="Have both answer").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Does the second index find more?")
        await expect(page.get_by_role("main")).to_contain_text("This one is better", timeout=30_000)
        assert made.id not in await page.get_by_role("main").inner_text()
        assert await faults(page) == []
        while "/result" not in page.url:
            await press(page, "1")
        await expect(page.get_by_role("heading", name="How sure this is")).to_be_visible()
        await page.get_by_text("Close", exact=True).first.click()
        await expect(page.get_by_text("Nobody can judge any more.")).to_be_visible()
        assert await faults(page) == []
        await page.get_by_role("button", name="Close", exact=True).click()
        async with page.expect_download() as waited:
            await page.get_by_role("link", name="CSV", exact=True).click()
        assert (await waited.value).suggested_filename.endswith(".csv")


async def test_the_keys_of_a_page_are_shown(site: Site) -> None:
    """In a dialog, which Escape closes."""
    async with site.visitor("reviewer", name="second") as visit:
        page = visit.page
        await page.goto(f"/compare/{site.furnished.comparison}")
        await page.keyboard.press("?")
        await expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
        assert await faults(page) == []
        await page.keyboard.press("1")  # does not judge behind it
        await expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog", name="Keyboard")).to_be_hidden()
        await expect(page.get_by_text("0 of 6 judged")).to_be_visible()


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
        await expect(page.get_by_role("progressbar", name="Golden questions asked")).to_be_visible()
        row = page.get_by_role("row").filter(has_text="How many vacation days are there?")
        await expect(row).to_contain_text("passed", timeout=20_000)
