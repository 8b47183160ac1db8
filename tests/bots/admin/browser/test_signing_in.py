"""Signing in as people do: by name and password, by a provider; and one's own account."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect
from pydantic import SecretStr

from bots.admin.services import Services
from rag_core.settings import Admin
from rag_core.settings.review import Provider
from tests.bots.admin.browser.axe import faults
from tests.bots.admin.browser.conftest import Site, served
from tests.bots.admin.conftest import application
from tests.bots.admin.signing.visiting import PASSWORD, with_account
from tests.servers.oidc import CLIENT, SECRET, LocalProvider

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]


async def sign_in(page: Page, name: str, password: str = PASSWORD) -> None:
    await page.get_by_label("Name").fill(name)
    await page.get_by_label("Password").fill(password)
    await page.get_by_role("button", name="Sign in", exact=True).click()


@pytest.fixture(scope="module")
def provider() -> Iterator[LocalProvider]:
    with LocalProvider() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def by_provider(site: Site, provider: LocalProvider) -> AsyncIterator[str]:
    """The address of the same installation, where a provider signs people in, too."""
    own = Provider(name="Acme", issuer=provider.issuer, client_id=CLIENT, client_secret=SecretStr(SECRET))
    admin = Admin(oidc=own, reviewers=("@example.com",))
    settings = site.pages.settings.model_copy(update={"admin": admin})
    app = application(Services(lambda: settings, site.pages.database, site.pages.assistant))
    async with served(app) as address:
        yield address


async def test_a_wrong_password_is_said_and_too_many_have_to_wait(site: Site) -> None:
    """The name stays in its field, the sentence is read out, and says how long to wait."""
    await with_account(site.pages, "hasty")
    async with site.visitor(None) as visit:
        page = visit.page
        await page.goto("/sign-in")
        await sign_in(page, "hasty", "wrong")
        await expect(page.get_by_role("alert")).to_have_text("The name or the password is not right.")
        await expect(page.get_by_label("Name")).to_have_value("hasty")
        await expect(page.get_by_label("Password")).to_be_focused()
        assert await faults(page) == []
        for _ in range(4):
            await sign_in(page, "hasty", "wrong")
        await expect(page.get_by_role("alert")).to_contain_text("Try again in")
        await sign_in(page, "hasty")
        await expect(page.get_by_role("alert")).to_contain_text("too many attempts")
        visit.problems.clear()  # the browser reports the refusals, too


async def test_the_right_password_leads_where_one_wanted_to_go(site: Site) -> None:
    """Without it, to the first page of one's role; signing out ends it."""
    await with_account(site.pages, "ada")
    async with site.visitor(None) as visit:
        page = visit.page
        await page.goto("/golden")
        await sign_in(page, "ada")
        await expect(page).to_have_url(re.compile("/golden$"))
        await page.get_by_role("button", name="Sign out").click()
        await sign_in(page, "ada")
        await expect(page.get_by_role("heading", level=1, name="Queue")).to_be_visible()


async def test_a_provider_signs_in_from_one_end_to_the_other(
    site: Site, by_provider: str, provider: LocalProvider
) -> None:
    """One click leads there and back to the page that was asked for, as the person it names."""
    async with site.visitor(None) as visit:
        page = visit.page
        await page.goto(f"{by_provider}/standard")
        await page.get_by_role("link", name="Sign in with Acme").click()
        await expect(page).to_have_url(re.compile(f"^{by_provider}/standard$"))
        await page.get_by_role("link", name="Ada", exact=True).click()
        await expect(page.get_by_role("main")).to_contain_text("ada@example.com")
        await expect(page.get_by_role("heading", name="Change your password")).to_have_count(0)
        hosts = [one for one in visit.problems if not one.startswith(f"elsewhere: {by_provider}")]
        assert all(one.startswith(f"elsewhere: {provider.issuer}") for one in hosts)
        visit.problems.clear()


async def test_whom_the_provider_does_not_vouch_for_is_told_whom_to_ask(
    site: Site, by_provider: str, provider: LocalProvider
) -> None:
    """With what to tell them."""
    provider.person = {"sub": "eve-1", "name": "Eve", "email": "eve@elsewhere.org", "email_verified": True}
    async with site.visitor(None) as visit:
        page = visit.page
        await page.goto(f"{by_provider}/sign-in")
        await page.get_by_role("link", name="Sign in with Acme").click()
        await expect(page.get_by_role("alert")).to_contain_text("oidc:eve-1@")
        assert await faults(page) == []
        visit.problems.clear()


async def test_a_new_password_and_the_end_of_another_session(site: Site) -> None:
    """What is mistyped is said; the browser that was left signed in elsewhere is asked to sign in again."""
    await with_account(site.pages, "grace")
    async with site.visitor(None) as one, site.visitor(None) as other:
        for visit in (one, other):
            await visit.page.goto("/account")
            await sign_in(visit.page, "grace")
        page = one.page
        await page.reload()
        await page.get_by_role("button", name="End", exact=True).click()
        await expect(page.get_by_role("status").first).to_contain_text("That session has ended.")
        await other.page.reload()
        await expect(other.page).to_have_url(re.compile("/sign-in"))
        await page.get_by_label("Old password").fill(PASSWORD)
        await page.get_by_label("New password", exact=True).fill("an entirely new one")
        await page.get_by_label("New password again").fill("an entirely other one")
        await page.get_by_role("button", name="Change password").click()
        await expect(page.get_by_role("alert")).to_contain_text("in two ways")
        assert await faults(page) == []
        one.problems.clear()
        await page.get_by_label("Old password").fill(PASSWORD)
        await page.get_by_label("New password", exact=True).fill("an entirely new one")
        await page.get_by_label("New password again").fill("an entirely new one")
        await page.get_by_role("button", name="Change password").click()
        await expect(page.get_by_text("Your password is changed")).to_be_visible()
        await sign_in(other.page, "grace", "an entirely new one")
        await expect(other.page).to_have_url(re.compile("/account$"))
