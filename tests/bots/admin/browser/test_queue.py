"""The queue by keyboard, in a real browser."""

from __future__ import annotations

import os
import re

import pytest
from playwright.async_api import Page, expect

from tests.bots.admin.browser.axe import faults
from tests.bots.admin.browser.conftest import Site

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]


async def focused(page: Page) -> str:
    """The review that the focus is on; '': none."""
    found: str = await page.evaluate("document.activeElement.closest('.entry')?.dataset.review || ''")
    return found


async def listed(page: Page) -> list[str]:
    found: list[str] = await page.eval_on_selector_all(
        ".entry", "rows => rows.map(row => row.dataset.review)"
    )
    return found


async def test_the_queue_is_worked_off_by_keyboard(site: Site) -> None:
    """j and k move the focus; what is decided leaves and the next one has the focus; u brings it back."""
    async with site.visitor("reviewer") as visit:
        page = visit.page
        await page.goto("/queue")
        first, second, third, *_ = await listed(page)
        waiting = int(await page.locator("#to-review .count").inner_text())
        for key, expected in (("j", first), ("j", second), ("k", first), ("k", first), ("j", second)):
            await page.keyboard.press(key)
            assert await focused(page) == expected
        await page.keyboard.press("a")
        await expect(page.locator(f"[data-review='{second}']")).to_have_count(0)
        await expect(page.locator(f"[data-review='{third}'] h2 a")).to_be_focused()
        await expect(page.locator("#told")).to_contain_text("Approved: 1.")
        await expect(page.locator("#to-review .count")).to_have_text(str(waiting - 1))
        await page.keyboard.press("u")
        await expect(page.locator(f"[data-review='{second}']")).to_have_count(1)
        await expect(page.locator("#to-review .count")).to_have_text(str(waiting))
        await expect(page.locator("#told")).to_contain_text("It waits for a decision again.")
        await page.keyboard.press("j")
        await page.keyboard.press("e")
        await expect(page.locator(".entry .claim")).to_have_count(1)
        await expect(page.locator("#told")).to_contain_text("Assigned to you: 1.")
        await page.keyboard.press("u")
        await expect(page.locator(".entry .claim")).to_have_count(0)


async def test_several_are_selected_and_decided(site: Site) -> None:
    """x ticks a row; a button decides all that are ticked; one undo is for all."""
    async with site.visitor("reviewer") as visit:
        page = visit.page
        await page.goto("/queue")
        before = await listed(page)
        for key in "jxjx":
            await page.keyboard.press(key)
        await expect(page.locator("#ticked")).to_have_text("2 selected")
        if pictures := os.environ.get("QUEUE_PICTURES"):
            await page.screenshot(path=f"{pictures}/queue-light.png")
        await page.get_by_role("button", name="No fault", exact=True).first.click()
        await expect(page.locator("#told")).to_contain_text("Nothing to learn from: 2.")
        await expect(page.locator(f"[data-review='{before[0]}']")).to_have_count(0)
        await page.locator("#told").get_by_role("button", name="Undo").click()
        await expect(page.locator(f"[data-review='{before[0]}']")).to_have_count(1)
        assert await listed(page) == before


async def test_words_are_searched_for_without_an_address(site: Site) -> None:
    """/ goes to the box; what was typed is nowhere in the address; ? shows the keys."""
    async with site.visitor("reviewer", width=390, scheme="dark") as visit:
        page = visit.page
        await page.goto("/queue")
        await page.keyboard.press("?")
        await expect(page.locator("#keys")).to_be_visible()
        await page.keyboard.press("Escape")
        await page.keyboard.press("/")
        await page.keyboard.type("zzzz no such words")
        await page.keyboard.press("Enter")
        await expect(page.locator("#queue")).to_contain_text("Nothing matches")
        assert "zzzz" not in page.url
        if pictures := os.environ.get("QUEUE_PICTURES"):
            await page.goto("/queue")
            await page.screenshot(path=f"{pictures}/queue-phone.png")


async def test_a_review_is_opened_and_corrected_by_keys(site: Site) -> None:
    """o opens it and Back leads back to the list; c goes on to the text."""
    async with site.visitor("reviewer") as visit:
        page = visit.page
        await page.goto("/queue")
        first = (await listed(page))[0]
        await page.keyboard.press("j")
        async with page.expect_navigation():
            await page.keyboard.press("o")
        assert page.url.endswith(f"/item/{first}")
        await page.go_back()
        await page.keyboard.press("j")
        async with page.expect_navigation():
            await page.keyboard.press("c")
        await expect(page.get_by_label("What it should say", exact=True)).to_be_focused()


async def test_filters_stand_in_the_address_and_narrow_the_list(site: Site) -> None:
    """A choice shows at once; tabs keep it; Clear takes it away."""
    async with site.visitor("reviewer") as visit:
        page = visit.page
        await page.goto("/queue")
        every = len(await listed(page))
        await page.get_by_text("More filters").click()
        await page.get_by_label("Platform").select_option("discord")
        await expect(page).to_have_url(re.compile("platform=discord"))
        assert 0 < len(await listed(page)) < every
        await expect(page.locator(".entry").first).to_contain_text("discord")
        await page.get_by_role("navigation", name="What brought it here").get_by_role("link").nth(1).click()
        await expect(page).to_have_url(re.compile("platform=discord.*source=|source=.*platform=discord"))
        assert await faults(page) == []
        await page.get_by_role("link", name="Clear").click()
        await expect(page).not_to_have_url(re.compile("platform"))
        await page.goto("/queue")
        await page.get_by_label("State").select_option("resolved")
        await expect(page.get_by_text("What reviewers decided")).to_be_visible()


async def test_what_somebody_else_decided_meanwhile_is_told(site: Site) -> None:
    """The list of the second is brought up to date, with who was first and what they decided."""
    async with (
        site.visitor("reviewer", name="first") as one,
        site.visitor("reviewer", name="second") as other,
    ):
        for visit in (one, other):
            await visit.page.goto("/queue")
            await visit.page.keyboard.press("j")
        review = await focused(one.page)
        await one.page.keyboard.press("a")
        await expect(one.page.locator(f"[data-review='{review}']")).to_have_count(0)
        await other.page.keyboard.press("r")
        await expect(other.page.locator("#told")).to_contain_text("First")
        await expect(other.page.locator(f"[data-review='{review}']")).to_have_count(0)
        other.problems.clear()  # the browser reports the refusal, too


async def test_what_appears_while_one_works_can_be_read_by_all(site: Site) -> None:
    """Selected rows with their buttons, a toast with Undo, the dialog of keys; in light and dark."""
    async with site.visitor("reviewer") as visit:
        page = visit.page
        await page.goto("/queue")
        for key in "jxje":
            await page.keyboard.press(key)
        await expect(page.locator("#told")).to_contain_text("Assigned to you: 1.")
        await expect(page.get_by_text("1 selected")).to_be_visible()
        assert await faults(page) == []
        await page.keyboard.press("?")
        await expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
        await page.emulate_media(color_scheme="dark")
        assert await faults(page) == []
