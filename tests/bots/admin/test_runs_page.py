"""The pages of training runs: progress while they go, the report afterwards."""

from __future__ import annotations

import json

from bs4 import BeautifulSoup

from rag_core.records.evaluation.runs import Runs
from tests.bots.admin.conftest import Pages


async def test_a_run_that_goes_is_shown_live(pages: Pages) -> None:
    """Step, how far, what is left; the page looks again by itself, and stops when the run has ended."""
    runs = Runs(pages.database)
    id = await runs.begin("reranker", "local:ada")
    await runs.progress(id, "Training", 30, 120, curves={"loss": [[1, 0.9], [2, 0.5]]})
    browser = await pages.signed_in("viewer")
    page = BeautifulSoup((await browser.get(f"/runs/{id}")).text, "lxml")
    part = page.select_one("#run")
    assert part is not None
    assert part["hx-trigger"] == "every 1s"
    assert (part.progress["value"], part.progress["max"]) == ("30", "120")  # type: ignore[index]
    for said in ("Training", "30 of 120", "left of this step", "local:ada"):
        assert said in part.text
    assert "every 2s" in (await browser.get("/runs")).text
    await runs.finish(id, "succeeded", "## Better\n\n<script>alert(1)</script> by **3 points**", "r1")
    ended = (await browser.get(f"/runs/{id}")).text
    assert "every 1s" not in ended
    assert "<strong>3 points</strong>" in ended
    assert "<script>alert" not in ended
    assert 'href="/releases/r1"' in ended
    assert "every 2s" not in (await browser.get("/runs")).text


async def test_curves_are_drawn_and_told_as_numbers(pages: Pages) -> None:
    """A chart for those who see, a table for everybody; names are only text."""
    runs = Runs(pages.database)
    id = await runs.begin("reranker")
    await runs.progress(id, "Training", curves={'"><b>loss': [[1, 0.9], [2, 0.5]]})
    page = BeautifulSoup((await (await pages.signed_in("viewer")).get(f"/runs/{id}")).text, "lxml")
    canvas = page.select_one("canvas[data-chart]")
    assert canvas is not None
    assert "0.9" in str(json.loads(str(canvas["data-chart"])))
    assert page.select("#run b") == []
    assert [cell.text for cell in page.select("details td")] == ["1", "0.9", "2", "0.5"]


async def test_an_interrupted_run_says_so(pages: Pages) -> None:
    """It has failed, with a sentence of what to do."""

    async def begun() -> str:
        runs = Runs(pages.database)
        id = await runs.begin("reranker")
        await runs.finish(id, "failed", "It was interrupted.")
        return id

    page = (await (await pages.signed_in("viewer")).get(f"/runs/{await begun()}")).text
    assert "failed" in page
    assert "It was interrupted." in page


async def test_runs_are_listed_a_page_at_a_time(pages: Pages) -> None:
    """The newest first; older ones by a link."""
    runs = Runs(pages.database)
    for number in range(53):
        await runs.progress(await runs.begin("reranker"), f"step {number}.")
    browser = await pages.signed_in("viewer")
    page = BeautifulSoup((await browser.get("/runs")).text, "lxml")
    assert len(page.select("#runs tbody tr")) == 50
    assert "step 52." in page.text
    link = page.select_one("a[rel=next]")
    assert link is not None
    older = (await browser.get(str(link["href"]))).text
    assert "step 0." in older
    assert "step 3." not in older


async def test_without_runs_the_page_says_how_to_begin(pages: Pages) -> None:
    browser = await pages.signed_in("viewer")
    assert "answerloop calibrate" in (await browser.get("/runs")).text
    assert (await browser.get("/runs/none")).status_code == 404
