"""What a reviewer needs works as plain forms and links."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.bots.admin.browser.conftest import Site
from tests.bots.admin.browser.test_signing_in import sign_in
from tests.bots.admin.signing.visiting import with_account

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]


async def test_a_review_is_decided_without_a_script(site: Site) -> None:
    """Sign in, find it, open it, look for a passage, resolve it, and take it back."""
    await with_account(site.pages, "plain")
    async with site.visitor(None, java_script_enabled=False) as visit:
        page = visit.page
        await page.goto("/queue")
        await sign_in(page, "plain")
        waiting = await page.get_by_role("list", name="Reviews").get_by_role("heading").count()
        await page.get_by_role("searchbox", name="Text").fill("the")
        await page.get_by_role("button", name="Show", exact=True).click()
        await expect(page.get_by_text("with these words")).to_be_visible()
        await (
            page.get_by_role("list", name="Reviews").get_by_role("heading").first.get_by_role("link").click()
        )
        await page.get_by_label("Words of the passage that answers").fill("annual leave")
        await page.get_by_role("button", name="Search", exact=True).click()
        await expect(page.get_by_text("can be read and not picked")).to_be_visible()
        await page.go_back()
        await page.get_by_label("No fault").check()
        await page.get_by_label("Kind of question").fill("travel costs")
        await page.get_by_role("button", name="Resolve", exact=True).click()
        await expect(page.get_by_text("Resolved: no fault.")).to_be_visible()
        await page.get_by_role("button", name="Undo").click()
        await expect(page.get_by_role("heading", level=1, name="Queue")).to_be_visible()
        await expect(page.get_by_text(re.compile(f"^All {waiting} that match"))).to_be_visible()


async def test_what_is_forgotten_to_be_said_is_said_without_a_script(site: Site) -> None:
    """The error page leads back to the form."""
    async with site.visitor("reviewer", java_script_enabled=False) as visit:
        page = visit.page
        await page.goto("/queue")
        await (
            page.get_by_role("list", name="Reviews").get_by_role("heading").first.get_by_role("link").click()
        )
        await page.get_by_label("Right passage").check()
        await page.get_by_role("button", name="Resolve", exact=True).click()
        await expect(page.get_by_role("main")).to_contain_text("passage")
        visit.problems.clear()
