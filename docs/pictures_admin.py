"""Takes docs/images/admin-*.png: the admin pages of an installation with a month of questions about the examples.

    PYTHONPATH=. python docs/pictures_admin.py [HOME]

HOME has read the examples (`make demo` does that); without it, .answerloop/demo. It is copied, never changed.
"""

from __future__ import annotations

import asyncio
import shutil
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import uvicorn
from PIL import Image
from playwright.async_api import Browser, Page, async_playwright

from bots.admin.app import admin_app
from bots.admin.roles import COOKIE
from bots.admin.services import Services
from rag_core.access import Access
from rag_core.bootstrap import open_records
from rag_core.index.embedding import ModelCard
from rag_core.records.accounts import Accounts
from rag_core.records.index.releases import Releases
from rag_core.running.active import ActiveRelease
from rag_core.settings import FolderSource, Settings
from tests.bots.admin.furnishing import Furnished, furnish
from tests.bots.admin.seeding import Seeded, seed

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
FLAGS = (
    "--no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-component-update "
    "--disable-sync --hide-scrollbars"
).split()
LARGEST = 140_000
"""Bytes of a picture."""
DESK, PHONE = (1280, 860), (390, 844)
ALL = tuple((scheme, size) for scheme in ("light", "dark") for size in (DESK, PHONE))
ONE = (("light", DESK),)


@dataclass(frozen=True)
class Picture:
    name: str
    path: str
    looks: tuple[tuple[str, tuple[int, int]], ...] = ONE
    signed_in: bool = True


def pictures(seeded: Seeded, furnished: Furnished) -> tuple[Picture, ...]:
    return (
        Picture("queue", "/queue", ALL),
        Picture("item", f"/item/{seeded.pending[0]}", ALL),
        Picture("analytics", "/analytics?period=30", ALL),
        Picture("gaps", "/gaps"),
        Picture("golden", "/golden"),
        Picture("standard", "/standard"),
        Picture("compare", "/compare"),
        Picture("comparison", f"/compare/{furnished.comparison}"),
        Picture("votes", "/votes"),
        Picture("sources", "/sources"),
        Picture("releases", "/releases"),
        Picture("release", f"/releases/{furnished.active}"),
        Picture("runs", "/runs"),
        Picture("run", f"/runs/{furnished.ended}"),
        Picture("settings", "/settings"),
        Picture("users", "/users"),
        Picture("audit", "/audit"),
        Picture("sign-in", "/sign-in", signed_in=False),
    )


@dataclass(frozen=True)
class Site:
    address: str
    token: str
    """Of an admin's session."""


@dataclass(frozen=True)
class Shown(Site):
    seeded: Seeded
    furnished: Furnished


@asynccontextmanager
async def shown(home: Path) -> AsyncIterator[Shown]:
    """The pages of a copy of that installation, with a month of questions, on a free port."""
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "home"
        shutil.copytree(home, copy, symlinks=True)
        source = FolderSource(name="lanternworks", path=ROOT / "examples" / "documents")
        settings = Settings(home=copy, sources=(source,))
        async with AsyncExitStack() as stack:
            database = await stack.enter_async_context(open_records(settings))
            release = await Releases(database).active()
            assert release is not None, f"{home} has no active release: make demo"
            access = Access(settings.access.rules, settings.access.groups)
            assistant = await stack.enter_async_context(ActiveRelease(settings, access, release))
            seeded = await seed(database, assistant, many=300, days=58, hostile=False, reviewer="local:grace")
            card = ModelCard.read(copy / "models" / release.embedder)
            furnished = await furnish(database, card, "local:grace")
            ada = await Accounts(database).add("local:ada", "Ada Lovelace", "admin")
            await Accounts(database).add("local:grace", "Grace Hopper", "reviewer")
            await Accounts(database).add("slack:U03ANNA01", "Anna Sousa", "viewer")
            token = await Accounts(database).begin_session(ada, timedelta(hours=1))
            services = Services(lambda: settings, database, assistant)
            yield Shown(await stack.enter_async_context(served(services)), token, seeded, furnished)


@asynccontextmanager
async def served(services: Services) -> AsyncIterator[str]:
    """The address of the pages, on a free port."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(admin_app(services), log_level="error", lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    await serving


async def photograph(browser: Browser, site: Site, picture: Picture) -> None:
    for scheme, (width, height) in picture.looks:
        context = await browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,  # type: ignore[arg-type]
            base_url=site.address,
            reduced_motion="reduce",
        )
        if picture.signed_in:
            await context.add_cookies([{"name": COOKIE, "value": site.token, "url": site.address}])
        page = await context.new_page()
        answer = await page.goto(picture.path)
        if answer is None or answer.status != 200:
            print(f"{picture.path}: {answer.status if answer else 'nothing'}", file=sys.stderr)
        else:
            await page.wait_for_load_state("networkidle")
            await page.wait_for_timeout(600)
            where = "" if width == DESK[0] else "-phone"
            save(await shot(page), IMAGES / f"admin-{picture.name}-{scheme}{where}.png")
        await context.close()


async def shot(page: Page) -> bytes:
    await page.mouse.move(0, 0)
    return await page.screenshot()


def save(png: bytes, path: Path) -> None:
    """As it is where that is small; otherwise with 256 colours of its own, a third of the size."""
    image = Image.open(BytesIO(png)).convert("RGB")
    image.save(path, optimize=True)
    if path.stat().st_size > LARGEST:
        image.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)


async def main() -> None:
    home = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / ".answerloop" / "demo"
    IMAGES.mkdir(parents=True, exist_ok=True)
    async with shown(home) as site, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for picture in pictures(site.seeded, site.furnished):
            await photograph(browser, site, picture)
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
