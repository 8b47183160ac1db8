"""Takes the pictures of docs/learning.md: the newest training run of an installation, as its page and its report have it.

    PYTHONPATH=. python docs/pictures_learning.py HOME

HOME is what `python -m benchmarks.learning … --keep FOLDER` leaves as FOLDER/home-1000. It is copied, never changed.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.async_api import async_playwright

from bots.admin.services import Services
from docs.pictures_admin import FLAGS, IMAGES, Picture, Site, photograph, served
from rag_core.access import Access
from rag_core.bootstrap import open_records
from rag_core.records.accounts import Accounts
from rag_core.records.evaluation.runs import Runs
from rag_core.records.index.releases import Releases
from rag_core.running.active import ActiveRelease
from rag_core.settings import Settings

LOOKS = (("light", (1280, 1250)), ("dark", (1280, 1250)))


async def main() -> None:
    with TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        shutil.copytree(sys.argv[1], home, symlinks=True)
        settings = Settings(home=home)
        async with open_records(settings) as database:
            release = await Releases(database).active()
            assert release is not None
            run = await Runs(database).made(release.id)
            assert run, f"no run made the release of {sys.argv[1]}"
            shutil.copy(home / "training" / release.run / "figures.svg", IMAGES / "learning-report.svg")
            ada = await Accounts(database).add("local:ada", "Ada Lovelace", "admin")
            token = await Accounts(database).begin_session(ada, timedelta(hours=1))
            access = Access(settings.access.rules, settings.access.groups)
            async with (
                ActiveRelease(settings, access, release) as assistant,
                served(Services(lambda: settings, database, assistant)) as address,
                async_playwright() as playwright,
            ):
                browser = await playwright.chromium.launch(
                    executable_path=shutil.which("chromium"), args=FLAGS
                )
                picture = Picture("training-run", f"/runs/{run.id}", LOOKS)
                await photograph(browser, Site(address, token), picture)
                await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
