"""The admin pages in a real browser: a month of questions behind them, a server in front, people of every role."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
import uvicorn
from fastapi import FastAPI
from playwright.async_api import Browser, BrowserContext, Page

from bots.admin.roles import COOKIE
from rag_core.index.embedding import ModelCard
from rag_core.records.accounts import Accounts, Role
from rag_core.settings import Settings
from tests.adapters.conftest import launched
from tests.bots.admin.conftest import SOURCES, Pages, opened
from tests.bots.admin.furnishing import Furnished, furnish
from tests.bots.admin.seeding import Seeded, seed

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

    @asynccontextmanager
    async def visitor(
        self,
        role: Role | None = "admin",
        scheme: str = "light",
        width: int = 1280,
        name: str = "",
        **options: object,
    ) -> AsyncIterator[Visit]:
        """A fresh browser profile of somebody with this role, or of nobody; nothing may have gone wrong in the end.

        name: of whom, where it matters.
        """
        context = await self.chromium.new_context(
            viewport={"width": width, "height": HEIGHT},
            color_scheme=scheme,  # type: ignore[arg-type]
            base_url=self.address,
            reduced_motion="reduce",  # what fades has no colour that holds
            **options,  # type: ignore[arg-type]
        )
        try:
            if role is not None:
                await self._sign_in(context, role, name)
            visit = Visit(await context.new_page())
            visit.page.set_default_timeout(10_000)
            self._watch(visit)
            try:
                yield visit
            except BaseException as error:
                error.add_note(f"On the page went wrong: {visit.problems}")
                raise
            assert visit.problems == []
        finally:
            await context.close()

    async def _sign_in(self, context: BrowserContext, role: Role, name: str) -> None:
        user = await self.pages.user(role, name)
        token = await Accounts(self.pages.database).begin_session(user, timedelta(hours=1))
        await context.add_cookies([{"name": COOKIE, "value": token, "url": self.address}])

    def _watch(self, visit: Visit) -> None:
        page, problems = visit.page, visit.problems
        page.on("pageerror", lambda error: problems.append(f"script: {error}"))
        page.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
        page.on(
            "request",
            lambda request: (
                None
                if request.url.startswith((self.address, "data:", "blob:"))
                else problems.append(f"elsewhere: {request.url}")
            ),
        )


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """One for all tests of this folder: a profile of its own for each visitor keeps them apart."""
    async with launched() as browser:
        yield browser


@dataclass(frozen=True, slots=True)
class Month:
    """A home directory with a month of questions, and what is in it."""

    home: Path
    seeded: Seeded
    furnished: Furnished


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def month(installation: Path, model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Month:
    """Made once, copied for each module."""
    home = tmp_path_factory.mktemp("month") / "home"
    shutil.copytree(installation, home, symlinks=True)
    async with AsyncExitStack() as stack:
        pages = await opened(Settings(home=home, sources=SOURCES), stack)
        seeded = await seed(pages.database, pages.assistant)
        furnished = await furnish(pages.database, ModelCard.read(model_folder))
    return Month(home, seeded, furnished)


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
        yield Site(pages, chromium, month.seeded, month.furnished, address)


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
