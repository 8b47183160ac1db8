"""The page of a training run, and training now."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import replace

import pytest
from bs4 import BeautifulSoup

from bots.admin.jobs import jobs_of
from bots.admin.routes.run_facts import TRAINING
from bots.scheduler import train_command
from rag_core.records.audit import Audit
from rag_core.records.evaluation.runs import Run, Runs
from tests.bots.admin.conftest import Pages
from tests.training.report.made import LOST, a_run
from training.report import write_report


async def reported(pages: Pages, **how: object) -> str:
    """A run that has ended, its folder below the home; its id."""
    folder = a_run(pages.settings.home, **how)  # type: ignore[arg-type]
    text = write_report(folder, pages.settings.home)
    runs = Runs(pages.database)
    id = await runs.begin(TRAINING, "local:ada")
    await runs.progress(id, "Changing over", folder=folder.id, curves={"loss": [[1, 0.912], [2, 0.543]]})
    await runs.finish(id, "succeeded", text, "r2")
    return id


async def shown(pages: Pages, path: str) -> BeautifulSoup:
    return BeautifulSoup((await (await pages.signed_in("viewer")).get(path)).text, "lxml")


async def test_a_training_run_is_told_in_a_sentence_with_the_gates_checks(pages: Pages) -> None:
    """And its release is a link away."""
    page = await shown(pages, f"/runs/{await reported(pages)}")
    assert page.h1 is not None
    assert page.h1.text == "Training"
    assert "r2 was promoted in the place of r1: nDCG@10 rises" in page.text
    gate = next(part for part in page.select("section") if part.h2 and part.h2.text == "The gate")
    checks = {row.select("th")[0].text: row.select("td")[0].text for row in gate.select("tbody tr")}
    assert checks["gain"] == checks["latency"] == "passed"
    assert page.select_one('a[href="/releases/r2"]') is not None


async def test_both_releases_are_drawn_and_told_as_numbers(pages: Pages) -> None:
    """Bars before and after with the interval of the change, learning curves, and a table of each."""
    page = await shown(pages, f"/runs/{await reported(pages)}")
    bars, curve = (json.loads(str(one["data-chart"])) for one in page.select("canvas[data-chart]"))
    assert (bars["kind"], curve["kind"]) == ("bar", "line")
    before, after = bars["series"]
    labels = [" ".join(lines) for lines in bars["labels"]]
    assert labels[0] == "nDCG@10"
    assert before["values"][0] < after["low"][0] < after["values"][0] < after["high"][0]
    assert after["low"][labels.index("BLEU / 100")] is None
    assert next(cell.text for cell in page.select("details tbody th")) == "nDCG@10"
    assert all(one["aria-label"] for one in page.select("canvas"))


async def test_a_refused_run_says_what_to_do_instead_and_names_no_question(pages: Pages) -> None:
    """Viewers see the page as well."""
    page = await shown(pages, f"/runs/{await reported(pages, gain=0.0, lacking=50, lost=(LOST,))}")
    assert "Fix the documents instead: 50 of 100" in page.text
    assert "Golden questions lost: 1 of 9." in page.text
    assert LOST not in str(page)


async def test_the_report_can_be_kept(pages: Pages) -> None:
    """As Markdown; one that goes on has none yet."""
    browser = await pages.signed_in("viewer")
    answer = await browser.get(f"/runs/{await reported(pages)}/report.md")
    assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    assert "## Before and after" in answer.text
    going = await Runs(pages.database).begin(TRAINING)
    assert (await browser.get(f"/runs/{going}/report.md")).status_code == 404


@pytest.mark.parametrize("folder", ["../../../etc", "20260101-000000-abcd", 7, None])
async def test_a_run_without_its_folder_shows_the_report_alone(pages: Pages, folder: object) -> None:
    """Of another machine, or of no name that a folder has."""
    runs = Runs(pages.database)
    id = await runs.begin(TRAINING)
    await runs.progress(id, "Training", folder=folder)
    await runs.finish(id, "refused", "Nothing was promoted.")
    page = await shown(pages, f"/runs/{id}")
    assert "Nothing was promoted." in page.text
    assert page.select("canvas") == []


async def test_an_admin_trains_now(pages: Pages) -> None:
    """In a process of its own, which records the run; while it goes there is no second one. Who asked for it is noted."""
    command = train_command(pages.settings.home, None, if_due=False)
    pages.app.state.services = replace(pages.app.state.services, train=command)
    browser = await pages.signed_in("admin")
    assert 'action="/runs/train"' in (await browser.get("/runs")).text
    assert 'action="/runs/train"' not in (await (await pages.signed_in("viewer")).get("/runs")).text
    assert (await browser.post("/runs/train")).headers["location"] == "/runs"
    assert "Training begins" in (await browser.get("/runs")).text
    assert (await browser.post("/runs/train")).status_code == 409
    run = await _ended(pages)
    assert (run.state, run.kind) == ("refused", TRAINING)
    assert "Too little was reviewed" in run.report
    job = jobs_of(pages.app).get(TRAINING)
    assert job is not None
    assert job.task is not None
    await job.task
    assert job.error == ""
    assert [entry.actor for entry in await Audit(pages.database).latest(5, action="training.begin")] == [
        "local:admin"
    ]


async def _ended(pages: Pages) -> Run:
    for _ in range(600):
        found = [one for one in await Runs(pages.database).latest() if one.kind == TRAINING]
        if found and found[0].state != "running":
            return found[0]
        await asyncio.sleep(0.1)
    raise AssertionError("it goes on")


async def test_what_kept_training_from_beginning_is_told_to_admins(pages: Pages) -> None:
    """The last line of what it said."""
    command = [sys.executable, "-c", "import sys; sys.exit('The disk is full.')"]
    pages.app.state.services = replace(pages.app.state.services, train=command)
    browser = await pages.signed_in("admin")
    await browser.post("/runs/train")
    job = jobs_of(pages.app).get(TRAINING)
    assert job is not None
    assert job.task is not None
    await job.task
    assert "did not go to its end: The disk is full." in (await browser.get("/runs")).text
    assert "The disk is full." not in (await (await pages.signed_in("viewer")).get("/runs")).text


async def test_one_run_at_a_time(pages: Pages) -> None:
    """Whoever began it."""
    pages.app.state.services = replace(pages.app.state.services, train=["false"])
    await Runs(pages.database).begin(TRAINING)
    browser = await pages.signed_in("admin")
    assert 'action="/runs/train"' not in (await browser.get("/runs")).text
    refused = await browser.post("/runs/train")
    assert refused.status_code == 409
    assert "goes on already" in refused.text


async def test_a_process_that_cannot_train_says_so(pages: Pages) -> None:
    browser = await pages.signed_in("admin")
    assert 'action="/runs/train"' not in (await browser.get("/runs")).text
    assert "pip install" in (await browser.post("/runs/train")).text
