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


async def test_a_role_is_changed_and_an_account_disabled(site: Site) -> None:
    """Both hold at once, also where that person is signed in; and both stand in the audit log."""
    async with site.visitor("viewer", name="mary") as hers, site.visitor("admin") as visit:
        page = visit.page
        await hers.page.goto("/analytics")
        await expect(hers.page.get_by_role("link", name="Queue")).to_have_count(0)
        await page.goto("/users")
        row = page.get_by_role("row").filter(has_text="local:mary")
        await row.get_by_role("combobox", name="Role of local:mary").select_option("reviewer")
        await row.get_by_role("button", name="Change").click()
        await expect(row.get_by_role("combobox")).to_have_value("reviewer")
        await hers.page.reload()
        await expect(hers.page.get_by_role("link", name="Queue")).to_be_visible()
        await row.get_by_role("button", name="Disable local:mary").click()
        await expect(row).to_contain_text("disabled")
        await hers.page.reload()
        await expect(hers.page).to_have_url(re.compile("/sign-in"))
        await page.goto("/audit")
        await page.get_by_label("What").select_option("user")
        await page.get_by_role("button", name="Show", exact=True).click()
        entries = page.get_by_role("table", name="Entries of the audit log").get_by_role("row")
        await expect(entries.filter(has_text="user.role")).to_have_count(1)
        await expect(entries.filter(has_text="user.disable")).to_have_count(1)


async def test_votes_of_somebody_who_is_flagged_are_upheld_and_that_is_undone(site: Site) -> None:
    """It waits again afterwards."""
    async with site.visitor("reviewer") as visit:
        page = visit.page
        await page.goto("/votes")
        flags = page.get_by_role("article")
        before = await flags.count()
        await page.get_by_role("button", name="Undo the decision").first.click()
        await expect(flags).to_have_count(before + 1)
        await flags.first.get_by_role("button", name="Uphold").click()
        await expect(page.get_by_role("cell", name="upheld")).to_be_visible()
        await expect(flags).to_have_count(before)


async def test_a_person_is_forgotten_after_writing_who(site: Site) -> None:
    """What is kept is shown and can be taken along; without the id written once more nothing happens."""
    async with site.visitor("admin") as visit:
        page = visit.page
        await page.goto("/people")
        await page.get_by_label("Person", exact=True).fill("nobody at all")
        await page.get_by_role("button", name="Look up").click()
        await expect(page.get_by_label("Person", exact=True)).to_have_attribute("aria-invalid", "true")
        assert await faults(page) == []
        visit.problems.clear()  # the browser reports the refusal, too
        await page.get_by_label("Person", exact=True).fill("slack:U05CARLA3")
        await page.get_by_role("button", name="Look up").click()
        await expect(page.get_by_role("heading", name="Kept of slack:U05CARLA3")).to_be_visible()
        async with page.expect_download() as waited:
            await page.get_by_role("button", name="Download as JSON").click()
        assert (await waited.value).suggested_filename.endswith(".json")
        await page.get_by_label("to confirm").fill("slack:somebody else")
        await page.get_by_role("button", name="Forget", exact=True).click()
        await expect(page.get_by_label("to confirm")).to_be_visible()
        assert await faults(page) == []
        visit.problems.clear()
        await page.get_by_label("to confirm").fill("slack:U05CARLA3")
        await page.get_by_role("button", name="Forget", exact=True).click()
        await expect(page.get_by_role("heading", name="Forgotten")).to_be_visible()
        assert await faults(page) == []
        await page.goto("/audit")
        await expect(page.get_by_role("main")).to_contain_text("forget")
        assert "U05CARLA3" not in await page.get_by_role("main").inner_text()
