"""Charts and gaps, as they are looked at and worked with."""

from __future__ import annotations

import asyncio
import csv
import io
import re
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.bots.admin.browser.axe import faults
from tests.bots.admin.browser.conftest import Site

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

THREADS = 2
"""Of rag_core.compute.Compute."""
CHARTS = """() => [...document.querySelectorAll("canvas")].map((canvas) => {
  const chart = Chart.getChart(canvas);
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  return {
    labels: chart.data.labels,
    sets: chart.data.datasets.map(({data, tension}) => ({data: [...data], tension: tension || 0})),
    painted: pixels.some((value) => value > 0),
  };
})"""


async def charts(page: Page) -> list[dict[str, Any]]:
    """What each of them draws, and whether anything of it is on the canvas."""
    await expect(page.locator(".drawn canvas").first).to_be_visible()
    found: list[dict[str, Any]] = await page.evaluate(CHARTS)
    return found


async def downloaded(page: Page, name: str) -> str:
    async with page.expect_download() as waited:
        await page.get_by_role("link", name=name, exact=True).click()
    return await asyncio.to_thread(Path(await (await waited.value).path()).read_text, "utf-8-sig")


@asynccontextmanager
async def something_to_embed(site: Site) -> AsyncIterator[None]:
    """A question that no search for gaps has seen; it is not embedded before this is left."""
    await site.pages.answered("new", "Where do guests find the password of the network?", abstained=True)
    over = threading.Event()
    async with site.pages.assistant.core() as core:
        held = [asyncio.create_task(core.compute.run(over.wait)) for _ in range(THREADS)]
        try:
            yield
        finally:
            over.set()
            await asyncio.gather(*held)


async def test_filters_change_what_is_drawn_and_what_is_downloaded(site: Site) -> None:
    """Every chart is painted; one platform has fewer questions than all; the file has what the chart shows."""
    async with site.visitor("viewer") as visit:
        page = visit.page
        await page.goto("/analytics")
        every = await charts(page)
        assert len(every) == 6
        assert all(chart["painted"] for chart in every)
        await page.get_by_label("Platform").select_option("discord")
        await page.get_by_role("button", name="Show", exact=True).click()
        await expect(page).to_have_url(re.compile("platform=discord"))
        fewer = await charts(page)
        asked = fewer[0]["sets"][0]["data"]
        assert 0 < sum(asked) < sum(every[0]["sets"][0]["data"])
        rows = list(csv.DictReader(io.StringIO(await downloaded(page, "CSV"))))
        assert [int(row["questions"]) for row in rows] == asked
        await page.get_by_label("Period").select_option("7")
        await page.get_by_role("button", name="Show", exact=True).click()
        await expect(page).to_have_url(re.compile("days=7"))
        assert len((await charts(page))[0]["labels"]) == 7


async def test_lines_show_no_value_that_never_was(site: Site) -> None:
    """They are straight; and days with few votes are drawn as weeks, since one of them tells nothing."""
    async with site.visitor("viewer") as visit:
        await visit.page.goto("/analytics?days=30")
        drawn = await charts(visit.page)
        assert {one["tension"] for chart in drawn for one in chart["sets"]} == {0}
        await expect(visit.page.get_by_role("heading", name="Helpful, by week")).to_be_visible()
        assert len(drawn[0]["labels"]) == 30
        assert len(drawn[1]["labels"]) in (5, 6)


async def test_numbers_are_read_where_no_chart_is_seen(site: Site) -> None:
    """Below each chart a table unfolds with the same ones; charts follow the colours of the system."""
    async with site.visitor("viewer") as visit:
        page = visit.page
        await page.goto("/analytics")
        await page.get_by_text("As a table").first.click()
        await expect(page.get_by_role("table", name="Questions")).to_be_visible()
        await page.emulate_media(color_scheme="dark")
        assert all(chart["painted"] for chart in await charts(page))
        assert await faults(page) == []


async def test_gaps_are_found_planned_and_dismissed(site: Site) -> None:
    """A search that tells how far it is and ends; the first gap is planned, and then stands among the planned ones."""
    async with site.visitor("reviewer") as visit:
        page = visit.page
        await page.goto("/gaps")
        async with something_to_embed(site):  # or the search is over before its page comes
            await page.get_by_role("button", name="Look again").click()
            await expect(page.get_by_role("progressbar", name="Search for gaps")).to_be_visible()
        await page.get_by_role("link", name="Show what was found").click(timeout=20_000)
        gap = page.get_by_role("article").first.get_by_role("heading").get_by_role("link")
        name = await gap.inner_text()
        await gap.click()
        for state in ("planned", "dismissed"):
            await page.get_by_role("combobox", name="State").select_option(state)
            await page.get_by_label("Note").fill(f"{state}, says the test")
            await page.get_by_role("button", name="Keep").click()
            await expect(page.get_by_role("combobox", name="State")).to_have_value(state)
        await page.get_by_role("link", name="Content gaps").last.click()
        await page.get_by_role("link", name="Dismissed", exact=True).click()
        await expect(page.get_by_role("article").get_by_role("heading", name=name)).to_be_visible()
        assert name not in await downloaded(page, "CSV") or "dismissed" in await downloaded(page, "CSV")


async def test_a_gap_is_asked_again(site: Site) -> None:
    """What the bot says to its typical questions now."""
    async with site.visitor("reviewer") as visit:
        page = visit.page
        await page.goto("/gaps")
        await page.get_by_role("article").first.get_by_role("heading").get_by_role("link").click()
        await page.get_by_role("button", name="Ask again").click()
        await expect(page.get_by_text("typical questions are answered now")).to_be_visible()
        assert await faults(page) == []
