"""The pages of releases: what answers, how each did, promoting and returning."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from dataclasses import replace

import httpx
from sqlalchemy import update

from rag_core.bootstrap import open_core, open_library
from rag_core.generation.calibration import Scale
from rag_core.records.audit import Audit
from rag_core.records.database import transaction
from rag_core.records.evaluation.golden import Expected, GoldenQuestion, GoldenQuestions
from rag_core.records.evaluation.runs import Runs
from rag_core.records.index.documents import Documents
from rag_core.records.index.releases import Release, Releases
from rag_core.records.index.tuning import Tuning
from rag_core.records.tables import releases
from rag_core.review.answering import by_itself
from rag_core.review.golden.checking import check_release
from rag_core.review.releasing.promoting import roll_back
from rag_core.review.releasing.watching import ROLLBACK
from rag_core.running.synchronising import keep_synchronised
from tests.bots.admin.conftest import Pages


async def another(pages: Pages, *, filled: bool = True) -> Release:
    """A release with an index of its own."""
    active = await Releases(pages.database).active()
    assert active is not None
    made = await Releases(pages.database).add(active.embedder, active.card)
    if filled:
        async with open_core(pages.settings, made) as core, open_library(core) as library:
            for source in await library.sources():
                await library.sync(source)
    return made


async def active_id(pages: Pages) -> str:
    active = await Releases(pages.database).active()
    assert active is not None
    return active.id


async def promoted(browser: httpx.AsyncClient, id: str) -> str:
    """Promote it as a person does, and wait for the run's page to say how it ended."""
    answer = await browser.post(f"/releases/{id}/promote")
    assert answer.status_code == 303
    return await seen(browser, answer.headers["location"], lambda page: "every 1s" not in page)


async def seen(browser: httpx.AsyncClient, address: str, wanted: Callable[[str], bool]) -> str:
    """The page, once it is as it is wanted."""
    for _ in range(600):
        page = (await browser.get(address)).text
        if wanted(page):
            return page
        await asyncio.sleep(0.05)
    raise AssertionError(f"{address} did not change within 30 s")


async def a_golden_question(pages: Pages) -> GoldenQuestion:
    """One that the active release passes: what it answers now is expected."""
    asked = "How long do refunds take?"
    async with pages.assistant.core() as core:
        made = await by_itself(core)(asked, frozenset({"public"}))
    cited = {citation.passage for citation in made.draft.citations}
    passage = next(one.passage for one in made.ranked if one.passage.id in cited)
    expected = Expected(passage.document, "examples", passage.title, passage.text)
    golden = GoldenQuestions(pages.database)
    await golden.put("local:ada", GoldenQuestion(asked, (expected,), author="local:ada"))
    return (await golden.all())[0]


async def test_releases_stand_side_by_side_with_what_people_made_of_them(pages: Pages) -> None:
    """Only votes that count; the time of the slowest in twenty; which one is active and in force."""
    for number in range(20):
        await pages.answered(
            f"a{number}", release="r1", timings_ms={"search": 10.0 * (number + 1)}, cached=number < 5
        )
    for number in range(8):
        await pages.voted(f"a{number}", 1 if number < 6 else -1, f"U{number}")
    page = (await (await pages.signed_in("viewer")).get("/releases")).text
    for said in ("r1", "active", "In force: this process answers from r1.", "75%", "41%–93%, 8 votes", "25%"):
        assert said in page
    assert "100 / 190 ms" in page
    assert "Roll back" not in page


async def test_a_promotion_makes_the_release_answer_and_is_in_the_audit_log(pages: Pages) -> None:
    """The run tells how it went; a process that serves changes over by itself."""
    made = await another(pages)
    browser = await pages.signed_in("admin")
    assert "candidate" in (await browser.get("/releases")).text
    page = await promoted(browser, made.id)
    assert f"{made.id} is active now instead of r1" in page
    assert await active_id(pages) == made.id
    (entry,) = await Audit(pages.database).latest(1, action="release.")
    assert (entry.actor, entry.subject, entry.detail) == (
        "local:admin",
        f"release:{made.id}",
        {"before": "r1"},
    )
    listed = (await browser.get("/releases")).text
    assert f"{made.id} is active, and this process still answers from r1" in listed
    task = asyncio.create_task(pages.assistant.keep(keep_synchronised))
    await seen(browser, "/releases", lambda page: f"answers from {made.id}." in page)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_what_loses_a_golden_question_is_not_promoted(pages: Pages) -> None:
    """The page names the question that the active release passes and this one loses; the active one goes on."""
    question = await a_golden_question(pages)
    active = await Releases(pages.database).active()
    assert [one.passed for one in await check_release(pages.settings, active)] == [True]
    made = await another(pages)
    async with open_core(pages.settings, made) as core:
        await core.store.replace([one.document for one in question.expected], [])
    browser = await pages.signed_in("admin")
    page = await promoted(browser, made.id)
    assert "was not promoted" in page
    assert question.question in page
    assert await active_id(pages) == "r1"
    assert "lost" in (await browser.get(f"/releases/{made.id}")).text
    assert await Audit(pages.database).latest(10, action="release.") == []  # nothing was decided


async def test_rolling_back_returns_to_the_one_before_without_reading_anything(pages: Pages) -> None:
    """And asks for the sources to be read, since its index was not kept up to date meanwhile."""
    made = await another(pages)
    browser = await pages.signed_in("admin")
    await promoted(browser, made.id)
    assert "Roll back to r1" in (await browser.get("/releases")).text
    answer = await browser.post("/releases/r1/roll-back")
    assert (answer.status_code, answer.headers["location"]) == (303, "/releases")
    assert await active_id(pages) == "r1"
    entries = await Audit(pages.database).latest(2, action="release.")
    assert [entry.action for entry in entries] == ["release.rollback", "release.promote"]
    assert all(source.wanted_at for source in await Documents(pages.database, "").sources())
    assert (await browser.post("/releases/r1/roll-back")).status_code == 409


async def test_what_is_gone_says_so_and_cannot_be_promoted(pages: Pages) -> None:
    """A model's folder, or an index; nothing is offered, and nothing happens to who tries anyway."""
    no_index, no_model = await another(pages, filled=False), await another(pages, filled=False)
    async with transaction(pages.database) as connection:
        gone = update(releases).where(releases.c.id == no_model.id).values(embedder="gone-model")
        await connection.execute(gone)
    browser = await pages.signed_in("admin")
    for release, said in ((no_index, "its index is gone"), (no_model, "the model gone-model is not in")):
        page = (await browser.get(f"/releases/{release.id}")).text
        assert said in page
        assert "Check and promote" not in page
        assert said in await promoted(browser, release.id)
    assert await active_id(pages) == "r1"


async def test_an_index_that_is_removed_cannot_be_returned_to(pages: Pages) -> None:
    """The active release goes on answering."""
    made = await another(pages)
    browser = await pages.signed_in("admin")
    await promoted(browser, made.id)
    first = await Releases(pages.database).get("r1")
    shutil.rmtree(pages.settings.home / "index" / f"{first.index_name}.lance")
    answer = await browser.post("/releases/r1/roll-back")
    assert answer.status_code == 409
    assert "index is gone" in answer.text
    assert await active_id(pages) == made.id


async def test_one_release_is_compared_with_the_active_one(pages: Pages) -> None:
    """Models, metrics and index, those that differ."""
    active = await Releases(pages.database).active()
    assert active is not None
    made = await Releases(pages.database).add(
        active.embedder, replace(active.card, name="other/model", window=512)
    )
    async with transaction(pages.database) as connection:
        measured = (
            update(releases)
            .where(releases.c.id == made.id)
            .values(metrics={"nDCG@10": 0.4123}, note="<i>night</i>")
        )
        await connection.execute(measured)
    page = (await (await pages.signed_in("viewer")).get(f"/releases/{made.id}")).text
    for said in (
        "other/model",
        "512",
        "0.4123",
        made.index_name,
        "What sets it apart from r1",
        "&lt;i&gt;night",
    ):
        assert said in page
    assert "Promote" not in page


async def test_only_admins_change_what_answers(pages: Pages) -> None:
    for role in ("viewer", "reviewer"):
        browser = await pages.signed_in(role)  # type: ignore[arg-type]
        for act in ("promote", "roll-back"):
            assert (await browser.post(f"/releases/r1/{act}")).status_code == 403


async def test_a_release_that_is_not_there_is_not_found(pages: Pages) -> None:
    browser = await pages.signed_in("admin")
    assert (await browser.get("/releases/r99")).status_code == 404
    assert (await browser.post("/releases/r99/promote")).status_code == 404


async def test_what_made_a_release_is_shown(pages: Pages) -> None:
    """Its run and the release before it, all its models, the numbers fitted to it, its share while it is tried out."""
    active = await Releases(pages.database).active()
    assert active is not None
    run = await Runs(pages.database).begin("training", "local:ada")
    folder = "20260102-030405-abcd"
    fitted = Tuning(scale=Scale(1.25, -0.5), threshold=0.4321)
    made_of = replace(active, query_map="map-1", router="router-1", adapter="adapter-1", tuning=fitted)
    made = await Releases(pages.database).add_from(made_of, folder, "learned", own_index=False)
    await Runs(pages.database).finish(run, "succeeded", "why", made.id)
    await Releases(pages.database).try_out(made.id, 0.25)
    browser = await pages.signed_in("viewer")
    page = (await browser.get(f"/releases/{made.id}")).text
    for said in (
        "map-1",
        "router-1",
        "adapter-1",
        f'href="/runs/{run}"',
        'href="/releases/r1"',
        "1.25",
        "0.4321",
    ):
        assert said in page
    assert "25% of the conversations are answered by it" in page
    listed = (await browser.get("/releases")).text
    assert "tried out on 25%" in listed
    assert "with router-1" in listed


async def test_that_a_release_was_rolled_back_by_itself_is_said(pages: Pages) -> None:
    """On both pages, with the way to the report, until somebody decides otherwise."""
    active = await Releases(pages.database).active()
    assert active is not None
    made = await Releases(pages.database).add_from(active, None, "", own_index=False)
    await Releases(pages.database).activate(made.id)
    async with Runs(pages.database).recorded(ROLLBACK) as run:
        await roll_back(pages.settings, pages.database, "r1")
        await run.ended("succeeded", "why", "r1")
    browser = await pages.signed_in("viewer")
    for address in ("/releases", "/releases/r1"):
        page = (await browser.get(address)).text
        assert "Rolled back by itself" in page
        assert f'href="/runs/{run.id}"' in page
    await Releases(pages.database).activate(made.id)
    assert "Rolled back by itself" not in (await browser.get("/releases")).text
