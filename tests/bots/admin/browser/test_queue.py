"""The queue by keyboard, in a real browser."""

from __future__ import annotations

import os

import pytest
from playwright.async_api import Page, expect

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
        for key, expected in (("j", first), ("j", second), ("k", first), ("k", first), ("j", second)):
            await page.keyboard.press(key)
            assert await focused(page) == expected
        await page.keyboard.press("a")
        await expect(page.locator(f"[data-review='{second}']")).to_have_count(0)
        await expect(page.locator(f"[data-review='{third}'] h2 a")).to_be_focused()
        await expect(page.locator("#told")).to_contain_text("Approved: 1.")
        await page.keyboard.press("u")
        await expect(page.locator(f"[data-review='{second}']")).to_have_count(1)
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
