"""The admin pages in a real browser: a month of questions behind them, a server in front, people of every role."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
import uvicorn
from fastapi import FastAPI
from playwright.async_api import Browser, BrowserContext, Page

from bots.admin.roles import COOKIE
from rag_core.records.accounts import Accounts, Role
from rag_core.settings import Settings
from tests.adapters.conftest import launched
from tests.bots.admin.conftest import SOURCES, Pages, opened
from tests.bots.admin.furnishing import Furnished
from tests.bots.admin.month import Month, month
from tests.bots.admin.seeding import Seeded

__all__ = ["Month", "Site", "Visit", "chromium", "month", "served", "site"]

HEIGHT = 900


@dataclass
class Visit:
    """A page of a signed-in person, and what went wrong on it."""

    page: Page
    problems: list[str] = field(default_factory=list)
    """Script errors, what the policy refused, failed requests, requests to other hosts."""


@dataclass
class Site:
    pages: Pages
    chromium: Browser
    seeded: Seeded
    furnished: Furnished
    address: str
    free: list[Page] = field(default_factory=list)
    """Of profiles that nobody uses now."""

    @asynccontextmanager
    async def visitor(
        self,
        role: Role | None = "admin",
        scheme: str = "light",
        width: int = 1280,
        name: str = "",
        **options: object,
    ) -> AsyncIterator[Visit]:
        """A browser profile of somebody with this role, or of nobody; nothing may have gone wrong in the end. It is that of
        a visitor before, without their cookies (the pages keep nothing else in it): a new one takes longer than most flows.

        name: of whom, where it matters.
        """
        page = await self._page(options)
        await page.set_viewport_size({"width": width, "height": HEIGHT})
        await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        if role is not None:
            await self._sign_in(page.context, role, name)
        visit = Visit(page)
        page.set_default_timeout(10_000)
        listening = self._watch(visit)
        try:
            yield visit
        except BaseException as error:
            error.add_note(f"On the page went wrong: {visit.problems}")
            await page.context.close()
            raise
        for event, listener in listening.items():
            page.remove_listener(event, listener)
        problems = list(visit.problems)
        await self._put_back(page, options)
        assert problems == []

    async def _page(self, options: Mapping[str, object]) -> Page:
        """Of a profile that nobody uses now."""
        if not options and self.free:
            return self.free.pop()
        context = await self.chromium.new_context(
            base_url=self.address,
            reduced_motion="reduce",  # what fades has no colour that holds
            **options,  # type: ignore[arg-type]
        )
        return await context.new_page()

    async def _put_back(self, page: Page, options: Mapping[str, object]) -> None:
        if options:
            await page.context.close()
            return
        for other in page.context.pages:
            if other is not page:
                await other.close()
        await page.goto("about:blank")
        await page.context.clear_cookies()
        self.free.append(page)

    async def _sign_in(self, context: BrowserContext, role: Role, name: str) -> None:
        user = await self.pages.user(role, name)
        token = await Accounts(self.pages.database).begin_session(user, timedelta(hours=1))
        await context.add_cookies([{"name": COOKIE, "value": token, "url": self.address}])

    def _watch(self, visit: Visit) -> dict[Any, Callable[[Any], None]]:
        """The listeners, by what they listen to."""
        page, problems = visit.page, visit.problems

        def refused(line: Any) -> None:
            if line.type == "error":
                problems.append(line.text)

        def elsewhere(request: Any) -> None:
            if not request.url.startswith((self.address, "data:", "blob:")):
                problems.append(f"elsewhere: {request.url}")

        def broken(error: Any) -> None:
            problems.append(f"script: {error}")

        listening: dict[Any, Callable[[Any], None]] = {
            "pageerror": broken,
            "console": refused,
            "request": elsewhere,
        }
        for event, listener in listening.items():
            page.on(event, listener)
        return listening


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """One for all tests of this folder: a profile of its own for each visitor keeps them apart."""
    async with launched() as browser:
        yield browser


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def site(
    month: Month, chromium: Browser, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    """One for all tests of a module: what one of them changes the next one sees."""
    home = tmp_path_factory.mktemp("site") / "home"
    shutil.copytree(month.home, home, symlinks=True)
    async with AsyncExitStack() as stack:
        pages = await opened(Settings(home=home, sources=SOURCES), stack)
        address = await stack.enter_async_context(served(pages.app))
        site = Site(pages, chromium, month.seeded, month.furnished, address)
        yield site
        for page in site.free:
            await page.context.close()


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """Its address, while it is served."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving
