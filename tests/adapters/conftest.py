"""A real browser, where one is installed; and databases to begin with."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright, expect

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@asynccontextmanager
async def launched() -> AsyncIterator[Browser]:
    """Debian's Chromium, headless; without it, the test is skipped."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("chromium is not installed (as root: sh tests/system-packages.sh)")
    async with async_playwright() as playwright:
        expect.set_options(timeout=20_000)  # machines are slow and busy
        browser = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium() -> AsyncIterator[Browser]:
    """One for all tests of a module."""
    async with launched() as browser:
        yield browser


@pytest.fixture
def database_address(tmp_path: Path, migrated: Path) -> str:
    """Of an SQLite database with its tables and nothing in them."""
    file = Path(shutil.copyfile(migrated, tmp_path / "answerloop.db"))
    return f"sqlite+aiosqlite:///{file}"
