"""Sources, releases, training runs and settings, as admins work with them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import expect
from sqlalchemy import update

from rag_core.records.database import transaction
from rag_core.records.evaluation.runs import Runs
from rag_core.records.tables import releases
from rag_core.running.synchronising import keep_synchronised
from tests.bots.admin.browser.axe import faults
from tests.bots.admin.browser.conftest import Site
from tests.bots.admin.test_releases_page import another
from tests.bots.admin.test_sources_page import serving

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]


@asynccontextmanager
async def changing_over(site: Site) -> AsyncIterator[None]:
    """What `answerloop serve` does besides: it takes up the release that is made active."""
    task = asyncio.create_task(site.pages.assistant.keep(keep_synchronised))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_source_is_read_when_somebody_asks(site: Site) -> None:
    """It waits until a serving process looks, is read, and then the page rests."""
    async with site.visitor("admin") as visit:
        page = visit.page
        await page.goto("/sources")
        await page.get_by_role("button", name="Sync now examples").click()
        await expect(page.get_by_role("status")).to_contain_text("examples is read within a few seconds.")
        row = page.get_by_role("row", name=re.compile("^examples"))
        await expect(row).to_contain_text("waiting")
        assert await faults(page) == []
        async with serving(site.pages):
            await expect(row).to_contain_text("up to date", timeout=20_000)
        await expect(page.locator("[data-moves]")).to_have_count(0)


async def test_a_release_is_promoted_after_a_question_and_rolled_back(site: Site) -> None:
    """The dialog says what will happen and can be left; the run tells how it goes; going back asks, too."""
    made = await another(site.pages)
    async with site.visitor("admin") as visit, changing_over(site):
        page = visit.page
        await page.goto(f"/releases/{made.id}")
        await page.get_by_role("button", name="Promote").click()
        dialog = page.get_by_role("dialog", name=f"Promote {made.id}?")
        await expect(dialog).to_contain_text("golden questions first")
        assert await faults(page) == []
        await dialog.get_by_role("button", name="Cancel").click()
        await expect(dialog).to_be_hidden()
        await page.get_by_role("button", name="Promote").click()
        await dialog.get_by_role("button", name="Check and promote").click()
        await expect(page).to_have_url(re.compile("/runs/"))
        await expect(page.get_by_role("main")).to_contain_text(
            f"{made.id} is active now instead of r1", timeout=30_000
        )
        await page.get_by_role("link", name="Releases", exact=True).click()
        await expect(page.get_by_text(f"In force: this process answers from {made.id}.")).to_be_visible(
            timeout=20_000
        )
        await page.get_by_text("Roll back to r1").click()
        await expect(page.get_by_text(f"r1 answers again instead of {made.id}")).to_be_visible()
        assert await faults(page) == []
        await page.get_by_role("button", name="Roll back", exact=True).click()
        await expect(page.get_by_text("In force: this process answers from r1.")).to_be_visible(
            timeout=20_000
        )


async def test_a_run_is_followed_until_it_ends(site: Site) -> None:
    """Step and bar move by themselves; then the report is there, and the page rests."""
    runs = Runs(site.pages.database)
    id = await runs.begin("reranker", "local:ada")
    await runs.progress(id, "Reading", 1, 4)
    async with site.visitor("viewer") as visit:
        page = visit.page
        await page.goto("/runs")
        await page.get_by_role("row").filter(has_text="Reading").get_by_role("link").first.click()
        await expect(page.get_by_role("main")).to_contain_text("1 of 4")
        await runs.progress(id, "Training", 3, 4, curves={"loss": [[1, 0.9], [2, 0.5]]})
        await expect(page.get_by_role("main")).to_contain_text("3 of 4")
        await expect(page.get_by_role("img", name="loss: 2 points")).to_be_visible()
        assert await faults(page) == []
        await runs.finish(id, "succeeded", "Better by **3 points**.")
        await expect(page.get_by_role("main")).to_contain_text("Better by 3 points.")
        await expect(page.locator("[data-moves]")).to_have_count(0)
        assert await page.evaluate("Chart.getChart(document.querySelector('canvas')).data.labels.length") == 2


async def test_settings_are_found_while_one_types(site: Site) -> None:
    """By words of their name or meaning; what fits nothing says so."""
    async with site.visitor("admin") as visit:
        page = visit.page
        await page.goto("/settings")
        find = page.get_by_role("searchbox", name="Find")
        await find.press_sequentially("quorum")
        await expect(page.get_by_role("status").first).to_contain_text(re.compile(r"^[1-9] of \d+ settings"))
        await expect(page.get_by_role("rowheader", name="quorum")).to_be_visible()
        await expect(find).to_be_focused()
        await find.fill("zzzz nothing")
        await expect(page.get_by_text("Nothing fits")).to_be_visible()
        await find.fill("")
        await page.get_by_label("Changed only").check()
        await expect(page.get_by_role("table", name="[[sources]] examples")).to_be_visible()


@pytest.mark.parametrize("width", [1280, 390])
async def test_the_figures_of_releases_are_read_without_scrolling_sideways(site: Site, width: int) -> None:
    """Also of one with long names, on a desk and on a phone; there each figure stands beside its name."""
    made = await another(site.pages, filled=False)
    async with transaction(site.pages.database) as connection:
        long = {
            "reranker": "cross-encoder--ms-marco-MiniLM-L12-v2-of-our-own",
            "note": "Trained on May's feedback.",
        }
        await connection.execute(update(releases).where(releases.c.id == made.id).values(long))
    async with site.visitor("viewer", width=width) as visit:
        await visit.page.goto("/releases")
        table = visit.page.get_by_role("table", name=re.compile("^Releases"))
        await expect(table.get_by_role("cell", name=re.compile("ms$")).first).to_be_visible()
        hidden = "one => one.scrollWidth - one.clientWidth"
        assert await visit.page.locator(".scroll").evaluate(hidden) <= 0
        assert await table.get_by_role("rowheader").count() >= 2
        assert await faults(visit.page) == []
        for cell in await table.get_by_role("cell").all():
            box = await cell.bounding_box()
            assert box
            assert box["x"] + box["width"] <= width
    async with transaction(site.pages.database) as connection:  # others promote what they find
        short = {"reranker": None, "note": ""}
        await connection.execute(update(releases).where(releases.c.id == made.id).values(short))
