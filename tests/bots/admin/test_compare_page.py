"""Comparing two releases on the admin pages: started, judged blindly, and what came of it."""

from __future__ import annotations

import asyncio
import csv
import io
import re

import httpx
import pytest
from bs4 import BeautifulSoup
from sqlalchemy import update

from rag_core.records.database import transaction
from rag_core.records.evaluation.comparisons import Comparison, Comparisons, Item, Shown
from rag_core.records.evaluation.golden import GoldenQuestions
from rag_core.records.index.releases import Releases
from rag_core.records.tables import comparisons
from rag_core.review.comparing.comparing import left_is
from tests.bots.admin.conftest import Pages

QUOTED = ({"number": 1, "title": "Handbook", "location": "", "quote": "So it is.", "place": "page 2"},)


def said(text: str) -> Shown:
    return Shown(f"{text} [1].", QUOTED, False)


async def opened(
    pages: Pages, *pairs: tuple[str, str], seed: int = 7, by: str = "local:reviewer"
) -> Comparison:
    """A comparison with these answers of baseline and candidate, ready to be judged."""
    records = Comparisons(pages.database)
    made = await records.begin("Is it better?", "r1", "r2", by, len(pairs), seed)
    for number, (baseline, candidate) in enumerate(pairs, 1):
        shown = (said(baseline), said(candidate))
        await records.add(Item(made.id, number, None, "slack", f"Question {number}?", ("public",), *shown))
    await records.prepared(made.id)
    return await records.get(made.id)


async def prefer(
    browser: httpx.AsyncClient, pages: Pages, id: str, number: int, wanted: str, name: str
) -> None:
    """Choose the side that this release's answer is shown on."""
    comparison = await Comparisons(pages.database).get(id)
    choice = wanted
    if wanted in ("baseline", "candidate"):
        choice = "left" if left_is(comparison, number, f"local:{name}") == wanted else "right"
    answer = await browser.post(f"/compare/{id}/judge", data={"number": number, "choice": choice})
    assert answer.status_code == 303


def number_of(answer: httpx.Response) -> int:
    return int(str(BeautifulSoup(answer.text, "lxml").select_one("#judging input[name=number]")["value"]))


def sides(answer: httpx.Response) -> list[str]:
    return [prose.get_text() for prose in BeautifulSoup(answer.text, "lxml").select("#judging .prose")]


# --- starting ----------------------------------------------------------------------------------------------------


async def with_two_releases(pages: Pages) -> None:
    """The second one has the same index: they differ in nothing that a question shows."""
    active = await Releases(pages.database).active()
    assert active is not None
    await Releases(pages.database).change_reranker(active, None)


async def prepared(browser: httpx.AsyncClient, pages: Pages, **fields: object) -> Comparison:
    data = {"name": "Is it better?", "baseline": "r1", "candidate": "r2", "questions": 20, **fields}
    answer = await browser.post("/compare", data=data)
    assert answer.status_code == 303, answer.text
    id = answer.headers["location"].rpartition("/")[2]
    for _ in range(300):
        comparison = await Comparisons(pages.database).get(id)
        if comparison.state != "preparing":
            return comparison
        assert (await browser.get(f"/compare/{id}")).status_code in (200, 303)
        await asyncio.sleep(0.05)
    raise AssertionError("it was not prepared")


async def test_both_releases_answer_what_people_asked(pages: Pages) -> None:
    """Each wording once, under its asker's scopes; not what was asked of a file, which no release has. What both answer
    alike is a tie that nobody is shown."""
    await with_two_releases(pages)
    await pages.answered("a1", "How many vacation days do I get?")
    await pages.answered("a2", "how many vacation days do I get")
    await pages.answered("a3", "How do I rotate a key?", scopes=frozenset({"secret"}), platform="web")
    await pages.answered("a4", "What is in my file?", scopes=frozenset({"public", "@slack:F1"}))
    comparison = await prepared(await pages.signed_in("reviewer"), pages)
    assert comparison.state == "open"
    items = await Comparisons(pages.database).items(comparison.id)
    assert {(item.answer_id, item.platform, item.scopes) for item in items} == {
        ("a2", "slack", ("public",)),
        ("a3", "web", ("secret",)),
    }
    answers = {item.answer_id: item.baseline for item in items}
    assert "27" in answers["a2"].text
    assert answers["a2"].citations
    assert answers["a3"].abstained  # nothing has that scope
    assert all(item.identical for item in items)


async def test_golden_questions_may_be_compared_on(pages: Pages) -> None:
    await with_two_releases(pages)
    await GoldenQuestions(pages.database).add("How many vacation days do I get?", ["public"], [])
    comparison = await prepared(await pages.signed_in("reviewer"), pages, sample="golden")
    [item] = await Comparisons(pages.database).items(comparison.id)
    assert (item.answer_id, item.platform) == (None, "")


async def test_what_cannot_be_prepared_says_why(pages: Pages) -> None:
    """Nothing to ask, a release against itself, a model that is gone."""
    await with_two_releases(pages)
    browser = await pages.signed_in("reviewer")
    data = {"name": "x", "baseline": "r1", "candidate": "r2"}
    assert "no questions to compare" in (await browser.post("/compare", data=data)).text
    await pages.answered()
    same = await browser.post("/compare", data={**data, "candidate": "r1"})
    assert (same.status_code, "choose two" in same.text) == (422, True)
    assert (await browser.post("/compare", data={**data, "candidate": "r9"})).status_code == 404
    (pages.settings.home / "models" / "gone").mkdir()
    card = (await Releases(pages.database).all())[0].card
    gone = await Releases(pages.database).add("gone", card)
    comparison = await prepared(browser, pages, candidate=gone.id)
    assert comparison.state == "failed"
    assert comparison.error
    assert (
        comparison.error in BeautifulSoup((await browser.get(f"/compare/{comparison.id}")).text, "lxml").text
    )


# --- judging, blind ----------------------------------------------------------------------------------------------


async def test_nothing_on_the_page_tells_which_answer_is_whose(pages: Pages) -> None:
    """With the answers exchanged between the releases, a rater who sees them on the same sides sees the same page to the
    byte; and no release is named."""
    browser = await pages.signed_in("reviewer")
    one = await opened(pages, ("left words", "right words"), seed=1)
    seeds = (seed for seed in range(2, 99))
    while True:
        other = await opened(pages, ("right words", "left words"), seed=next(seeds))
        if left_is(one, 1, "local:reviewer") != left_is(other, 1, "local:reviewer"):
            break
    shown = [(await browser.get(f"/compare/{c.id}")).text.replace(c.id, "ID") for c in (one, other)]
    assert shown[0] == shown[1]
    assert not re.search(r"baseline|candidate|\br1\b|\br2\b|seed", shown[0], re.I)


async def test_sides_are_balanced_and_stay_for_one_rater(pages: Pages) -> None:
    """Over many questions each release stands on the left about as often; another rater sees other sides."""
    comparison = await opened(pages, ("a", "b"))
    of = [[left_is(comparison, n, rater) for n in range(400)] for rater in ("local:a", "local:b")]
    assert all(150 < one.count("baseline") < 250 for one in of)
    assert 150 < sum(a == b for a, b in zip(*of, strict=True)) < 250
    assert of[0] == [left_is(comparison, n, "local:a") for n in range(400)]


async def test_a_rater_goes_through_all_and_may_go_back_and_change_a_mind(pages: Pages) -> None:
    """Skipped questions come again at the end; the last word on each stands; nobody sees another's."""
    browser = await pages.signed_in("reviewer")
    made = await opened(pages, ("a1", "b1"), ("a2", "b2"), ("same", "same"), ("a4", "b4"))
    address, records = f"/compare/{made.id}", Comparisons(pages.database)
    first = number_of(await browser.get(address))
    await prefer(browser, pages, made.id, first, "candidate", "reviewer")
    second = number_of(await browser.get(address))
    await prefer(browser, pages, made.id, second, "skipped", "reviewer")
    third = number_of(await browser.get(address))
    assert {first, second, third} == {1, 2, 4}
    page = await browser.get(address)
    assert f"?item={second}" in page.text
    back = await browser.get(f"{address}?item={first}")
    assert "you preferred this" in back.text
    await prefer(browser, pages, made.id, first, "baseline", "reviewer")
    await prefer(browser, pages, made.id, third, "tie", "reviewer")
    assert number_of(await browser.get(address)) == second
    await prefer(browser, pages, made.id, second, "tie", "reviewer")
    assert (await browser.get(address)).headers["location"] == f"{address}/result"
    kept = {one.number: one.preference for one in await records.judgements(made.id)}
    assert kept == {first: "baseline", second: "tie", third: "tie"}
    other = await pages.signed_in("reviewer", "bob")
    assert "you preferred this" not in (await other.get(f"{address}?item={first}")).text


async def test_what_fewest_have_judged_comes_first(pages: Pages) -> None:
    """So that every question has two judgements soonest."""
    made = await opened(pages, *((f"a{n}", f"b{n}") for n in range(12)))
    ada, bob = [await pages.signed_in("reviewer", name) for name in ("ada", "bob")]
    for number in (1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12):
        await prefer(ada, pages, made.id, number, "candidate", "ada")
    assert number_of(await bob.get(f"/compare/{made.id}")) == 5


async def test_the_result_waits_until_it_can_sway_nobody(pages: Pages) -> None:
    """A rater sees it after the last question; who has not judged, once it is closed; the questions one by one, and the
    file, only then. No judgement comes in afterwards."""
    made = await opened(pages, ("a1", "b1"), ("a2", "b2"), by="local:ada")
    ada, bob = [await pages.signed_in("reviewer", name) for name in ("ada", "bob")]
    address = f"/compare/{made.id}"
    assert (await ada.get(f"{address}/result")).status_code == 403
    for number in (1, 2):
        await prefer(ada, pages, made.id, number, "candidate", "ada")
    shown = await ada.get(f"{address}/result")
    assert (shown.status_code, "candidate preferred" in shown.text) == (200, True)
    assert (await bob.get(f"{address}/result")).status_code == 403
    assert (await (await pages.signed_in("admin")).get(f"{address}/result")).status_code == 403
    await prefer(bob, pages, made.id, 1, "baseline", "bob")
    assert "Question 1" not in (await ada.get(f"{address}/result")).text
    assert (await ada.get(f"{address}/result.csv")).status_code == 403
    assert (await bob.post(f"{address}/close")).status_code == 403
    assert (await ada.post(f"{address}/close")).status_code == 303
    late = await bob.post(f"{address}/judge", data={"number": 2, "choice": "left"})
    assert (late.status_code, "closed" in late.text) == (422, True)
    shown = await bob.get(f"{address}/result")
    assert "Question 1" in shown.text
    table = list(
        csv.reader(io.StringIO((await bob.get(f"{address}/result.csv")).content.decode("utf-8-sig")))
    )
    assert [row[-2:] for row in table[1:]] == [
        ["local:ada", "candidate"],
        ["local:bob", "baseline"],
        ["local:ada", "candidate"],
    ]


async def test_a_spreadsheet_finds_no_formula_in_the_file(pages: Pages) -> None:
    made = await opened(pages, ("=cmd|' /C calc'!A0", "@SUM(1)"))
    browser = await pages.signed_in("admin")
    await browser.post(f"/compare/{made.id}/close")
    text = (await browser.get(f"/compare/{made.id}/result.csv")).content.decode("utf-8-sig")
    row = list(csv.reader(io.StringIO(text)))[1]
    assert row[3].startswith("'=")
    assert row[4].startswith("'@")


async def test_answers_and_questions_are_shown_as_text(pages: Pages) -> None:
    """No element of the pages comes from them."""
    hostile = "<img src=x onerror=alert(1)><script>alert(2)</script> [x](javascript:alert(3)) {{7*7}}"
    made = await opened(pages, (hostile, "b"))
    browser = await pages.signed_in("admin")
    rating = await browser.get(f"/compare/{made.id}")
    await prefer(browser, pages, made.id, 1, "candidate", "admin")
    other = await pages.signed_in("reviewer", "bob")
    await prefer(other, pages, made.id, 1, "baseline", "bob")
    await browser.post(f"/compare/{made.id}/close")
    for answer in (rating, await browser.get(f"/compare/{made.id}/result")):
        page = BeautifulSoup(answer.text, "lxml")
        assert "alert(2)" in page.main.get_text()
        assert not page.select("[onerror], img[src=x], main script, a[href^=javascript]")
        assert "49" not in page.main.get_text()


@pytest.mark.parametrize("state", ["preparing", "failed"])
async def test_what_was_not_prepared_cannot_be_judged(pages: Pages, state: str) -> None:
    made = await opened(pages, ("a", "b"))
    async with transaction(pages.database) as connection:
        await connection.execute(update(comparisons).values(state=state))
    browser = await pages.signed_in("admin")
    answer = await browser.post(f"/compare/{made.id}/judge", data={"number": 1, "choice": "left"})
    assert answer.status_code == 422
    assert (await browser.get(f"/compare/{made.id}/result")).status_code == 403


async def test_a_comparison_is_removed_by_who_started_it_or_an_admin(pages: Pages) -> None:
    made = await opened(pages, ("a", "b"), by="local:ada")
    bob = await pages.signed_in("reviewer", "bob")
    assert (await bob.post(f"/compare/{made.id}/remove")).status_code == 403
    assert (await (await pages.signed_in("admin")).post(f"/compare/{made.id}/remove")).status_code == 303
    assert (await bob.get(f"/compare/{made.id}")).status_code == 404
