"""What holds for every page: no serious fault of accessibility, nothing that its policy refuses, not wider than a phone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fastapi.routing import APIRoute
from playwright.async_api import Page

from bots.admin.routes import ROUTERS
from rag_core.records.accounts import ROLES, Role
from tests.bots.admin.browser.axe import LOOKS, faults
from tests.bots.admin.browser.conftest import HEIGHT, Site

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

NO_PAGES = ("/healthz", "/sign-in/")
"""Begin what is no page of its own: a check, the ways to providers."""
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def _role(route: APIRoute) -> Role | None:
    """The least that may see it; None: everybody."""
    found = [role for each in route.dependant.dependencies if (role := getattr(each.call, "role", None))]
    return max(found, key=ROLES.index) if found else None


def _pages() -> list[tuple[str, Role | None]]:
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    return sorted(
        {
            (route.path, _role(route))
            for route in routes
            if "GET" in route.methods
            and "{" not in route.path
            and route.path != "/"
            and not route.path.startswith(NO_PAGES)
        },
        key=lambda page: page[0],
    )


@pytest.mark.parametrize(("path", "role"), _pages())
async def test_a_page_can_be_read(site: Site, path: str, role: Role | None) -> None:
    """By admins, who see all of it, in light on a desk and in dark on a phone."""
    async with site.visitor("admin" if role else None) as visit:
        if not await _is_page(visit.page, path):
            return
        await visit.page.goto(path)
        await _in_order(visit.page)


ONE: dict[str, tuple[Role, Callable[[Site], str]]] = {
    "an item": ("reviewer", lambda site: f"/item/{site.seeded.pending[-1]}"),
    "an item that was resolved": ("reviewer", lambda site: f"/item/{site.seeded.resolved[0]}"),
    "an item of hostile text": ("reviewer", lambda site: f"/item/{site.seeded.hostile[0]}"),
    "an answer": ("reviewer", lambda site: f"/answer/{site.seeded.answers[0]}"),
    "a golden question": ("reviewer", lambda site: f"/golden/{site.furnished.golden}"),
    "a comparison": ("reviewer", lambda site: f"/compare/{site.furnished.comparison}"),
    "a source": ("viewer", lambda _: "/sources/examples"),
    "a release": ("viewer", lambda site: f"/releases/{site.furnished.release}"),
    "a run": ("viewer", lambda site: f"/runs/{site.furnished.run}"),
    "a run that has ended": ("viewer", lambda site: f"/runs/{site.furnished.ended}"),
}
"""The least role that sees it, and its address."""


@pytest.mark.parametrize("what", ONE)
async def test_the_page_of_one_thing_can_be_read(site: Site, what: str) -> None:
    """As the pages that list them."""
    role, path = ONE[what]
    async with site.visitor(role) as visit:
        answer = await visit.page.goto(path(site))
        assert answer is not None
        assert answer.status == 200
        await _in_order(visit.page)


async def _is_page(page: Page, path: str) -> bool:
    """Other than a file to download, or a part of a page."""
    answer = await page.request.get(path)
    assert answer.status in (200, 204)
    return "text/html" in answer.headers.get("content-type", "") and "<!doctype" in (await answer.text())[:20]


async def _in_order(page: Page) -> None:
    await page.wait_for_load_state("load")
    assert await page.locator("h1").count() == 1
    assert await page.title() != ""
    assert await faults(page) == []
    assert await page.evaluate(WIDER) <= 0
    await page.emulate_media(color_scheme="dark")
    await page.set_viewport_size({"width": 390, "height": HEIGHT})
    assert await faults(page, LOOKS) == []
    assert await page.evaluate(WIDER) <= 0
    assert await page.evaluate("window.pwned") is None
