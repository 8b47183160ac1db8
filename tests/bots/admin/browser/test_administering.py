"""Signing in, and what admins do, in a browser."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from rag_core.records.accounts import Accounts
from tests.bots.admin.browser.axe import faults
from tests.bots.admin.browser.conftest import Site

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]


async def test_an_admin_adds_somebody_who_then_signs_in(site: Site) -> None:
    """With the password that is shown once; from there to the page that was asked for; and out again."""
    async with site.visitor("admin") as visit:
        page = visit.page
        await page.goto("/users")
        await page.get_by_label("Who").fill("grace")
        await page.get_by_role("textbox", name="Called").fill("Grace Hopper")
        await page.get_by_role("combobox", name="Role").last.select_option("reviewer")
        await page.get_by_role("button", name="Add", exact=True).click()
        password = await page.locator(".password").inner_text()
        assert await faults(page) == []
    async with site.visitor(None, width=390) as visit:
        page = visit.page
        await page.goto("/golden")
        await expect(page).to_have_url(re.compile("/sign-in"))
        await page.get_by_label("Name").fill("grace")
        await page.get_by_label("Password").fill("not this one")
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_role("alert")).to_be_visible()
        visit.problems.clear()  # the browser reports the refusal, too
        await page.get_by_label("Password").fill(password)
        await page.get_by_role("button", name="Sign in").click()
        await expect(page).to_have_url(re.compile("/golden$"))
        await page.get_by_text("Menu", exact=True).click()
        await page.get_by_role("button", name="Sign out").click()
        await page.goto("/golden")
        await expect(page).to_have_url(re.compile("/sign-in"))


async def test_removing_somebody_asks_first(site: Site) -> None:
    """The button unfolds what will happen; Escape folds it away again."""
    await Accounts(site.pages.database).add("local:leaving", "Leaving Soon", "viewer")
    async with site.visitor("admin") as visit:
        page = visit.page
        await page.goto("/users")
        row = page.get_by_role("row").filter(has_text="local:leaving")
        await row.get_by_text("Remove", exact=True).click()
        await expect(row.get_by_role("button", name="Remove for good")).to_be_in_viewport()
        await page.keyboard.press("Escape")
        await expect(row.get_by_role("button", name="Remove for good")).to_be_hidden()
        await row.get_by_text("Remove", exact=True).click()
        await row.get_by_role("button", name="Remove for good").click()
        await expect(page.get_by_role("row").filter(has_text="local:leaving")).to_have_count(0)


async def test_votes_of_somebody_who_is_flagged_are_dismissed(site: Site) -> None:
    """What is seen of the votes decides; afterwards it stands among what was decided."""
    async with site.visitor("reviewer") as visit:
        page = visit.page
        await page.goto("/votes")
        flag = page.get_by_role("article").filter(has_text="80351110224670099")
        await expect(flag).to_be_visible()
        await flag.get_by_role("button", name="Dismiss").click()
        await expect(page.get_by_role("article").filter(has_text="80351110224670099")).to_have_count(0)
