"""What is around every page: the menu, what is told, dialogs; with and without a script."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.bots.admin.browser.conftest import Site
from tests.bots.admin.seeding import HOSTILE

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

PAGE = "/sources"
"""One that every role sees."""


async def test_everything_is_reached_without_a_script_and_on_a_phone(site: Site) -> None:
    """The menu unfolds by itself, and a link of it leads on."""
    async with site.visitor("viewer", width=390, java_script_enabled=False) as visit:
        page = visit.page
        await page.goto(PAGE)
        pages = page.get_by_role("navigation", name="Pages")
        await expect(pages).to_be_hidden()
        await page.get_by_text("Menu", exact=True).click()
        await expect(pages.get_by_role("link", name="Sources")).to_have_attribute("aria-current", "page")
        await pages.get_by_role("link", name="Releases").click()
        await expect(page).to_have_url(re.compile("/releases$"))


async def test_a_role_is_shown_only_what_it_may_open(site: Site) -> None:
    """The pages of reviewers and admins are not in a viewer's navigation."""
    async with site.visitor("viewer") as visit:
        await visit.page.goto(PAGE)
        shown = await visit.page.get_by_role("navigation", name="Pages").get_by_role("link").all_inner_texts()
        assert "Analytics" in shown
        assert not {"Queue", "Users", "Settings", "Audit log"} & set(shown)


async def test_the_keyboard_gets_past_the_navigation_at_once(site: Site) -> None:
    """The first stop of the Tab key leads to the content."""
    async with site.visitor() as visit:
        await visit.page.goto(PAGE)
        await visit.page.keyboard.press("Tab")
        await expect(visit.page.get_by_role("link", name="Skip to content")).to_be_focused()
        await visit.page.keyboard.press("Enter")
        await expect(visit.page.locator("main")).to_be_focused()


async def test_a_request_that_fails_is_told_in_words(site: Site) -> None:
    """What htmx asked for in vain does not vanish: the sentence of the error appears, and the page stays as it was."""
    async with site.visitor() as visit:
        page = visit.page
        await page.goto(PAGE)
        heading = await page.locator("h1").inner_text()
        await page.evaluate("htmx.ajax('GET', '/nowhere', {target: '#content'})")
        await expect(page.get_by_role("status")).to_contain_text("There is nothing here.")
        await expect(page.locator("h1")).to_have_text(heading)
        assert [text for text in visit.problems if "404" not in text and "Response Status" not in text] == []
        visit.problems.clear()


async def test_what_is_told_is_text_and_can_be_taken_back(site: Site) -> None:
    """Undo is asked of the server with the token of the session: it answers that there is no such thing to take back."""
    async with site.visitor() as visit:
        page = visit.page
        await page.goto(PAGE)
        for text in HOSTILE:
            await page.evaluate(
                "text => htmx.trigger(document.body, 'told', {text, undo: '/undo/987654'})", text
            )
            await expect(page.locator(".toast p").last).to_have_text(text.replace("\u202e", "\u202e"))
        assert await page.locator(".toast p *").count() == 0
        await page.locator(".toast").last.get_by_role("button", name="Undo").click()
        await expect(page.locator(".toast.bad")).to_be_visible()
        await expect(page.locator(".toast.bad")).not_to_contain_text("form is out of date")
        assert await page.evaluate("window.pwned") is None
        visit.problems.clear()


async def test_what_is_told_can_be_dismissed(site: Site) -> None:
    """With the button at its end."""
    async with site.visitor() as visit:
        await visit.page.goto(PAGE)
        await visit.page.evaluate("htmx.trigger(document.body, 'told', {value: 'Saved.'})")
        await expect(visit.page.get_by_role("status")).to_contain_text("Saved.")
        await visit.page.get_by_role("button", name="Dismiss").click()
        await expect(visit.page.locator(".toast")).to_have_count(0)
