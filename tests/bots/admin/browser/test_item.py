"""A review resolved in a browser, by the keyboard."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect
from sqlalchemy import select

from rag_core.records.database import transaction
from rag_core.records.reviews.judging import Judging
from rag_core.records.reviews.reviews import Reviews
from rag_core.records.tables import answers, reviews
from tests.bots.admin.browser.axe import faults
from tests.bots.admin.browser.conftest import Site

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]


async def _waiting(site: Site) -> str:
    """A review that waits, of an answer with passages."""
    query = (
        select(reviews.c.id)
        .join(answers)
        .where(
            reviews.c.state == "pending",
            answers.c.abstained.is_(False),
            reviews.c.id.not_in(site.seeded.hostile),
        )
    )
    async with transaction(site.pages.database) as connection:
        return str(await connection.scalar(query.order_by(reviews.c.value.desc(), reviews.c.id).limit(1)))


async def test_passages_are_judged_by_keys_and_the_form_is_sent_by_one(site: Site) -> None:
    """1 is right, Shift 2 is wrong, Ctrl Enter resolves; the next comes, and u takes it back."""
    review = await _waiting(site)
    async with site.visitor("reviewer") as visit:
        page = visit.page
        await page.goto(f"/item/{review}")
        await expect(page.locator("#now .prose")).to_be_visible()
        await expect(page.locator("#now")).to_contain_text("confidence")
        await page.keyboard.press("1")
        await page.keyboard.press("Shift+Digit2")
        await expect(page.locator("#judged")).to_have_text("Passages: 1 right, 1 wrong.")
        await expect(page.get_by_label("Right passage")).to_be_checked()
        await page.keyboard.press("2")  # it cannot be both
        await expect(page.locator("#judged")).to_have_text("Passages: 2 right.")
        async with page.expect_navigation():
            await page.keyboard.press("Control+Enter")
        await expect(page.locator(".toast")).to_contain_text("Resolved: right passage.")
        assert (
            len([one for one in await Judging(site.pages.database).of(review) if one.label == "right"]) == 2
        )
        async with page.expect_navigation():
            await page.keyboard.press("u")
    kept = await Reviews(site.pages.database).get(review)
    assert kept is not None
    assert kept.is_pending


async def test_a_correction_cites_a_passage_that_was_searched_for(site: Site) -> None:
    """c goes to the text, the search comes while one types, what is picked stays; the preview says what cites nothing."""
    review = await _waiting(site)
    async with site.visitor("reviewer") as visit:
        page = visit.page
        await page.goto(f"/item/{review}")
        await page.keyboard.press("c")
        await expect(page.locator("#correction")).to_be_focused()
        await page.locator("#correction").fill("It is kept in the warehouse")
        await expect(page.locator("#rendered")).to_contain_text("One sentence cites nothing")
        await page.locator("#search-text").fill("annual leave")
        result = page.locator("#results .passage").first
        await result.get_by_role("button", name="Cite here").click()
        await expect(page.locator("#correction")).to_have_value(
            re.compile(r"^It is kept in the warehouse \[\d\]$")
        )
        await expect(page.locator("#rendered")).to_contain_text("Cites ")
        text = await page.locator("#correction").input_value()
        await page.locator("#search-text").fill("deployment rollback")
        await expect(page.locator("#picked .passage")).to_have_count(1)
        async with page.expect_navigation():
            await page.get_by_role("button", name="Resolve", exact=True).click()
    kept = await Reviews(site.pages.database).get(review)
    assert kept is not None
    assert (kept.resolution, kept.correction) == ("corrected_answer", text)
    (cited,) = await Reviews(site.pages.database).citations(review)
    assert text.endswith(f"[{cited.number}]")


async def test_two_versions_are_compared_with_what_it_would_answer_now(site: Site) -> None:
    """Once the preview is there."""
    async with site.visitor("reviewer") as visit:
        page = visit.page
        await page.goto(f"/answer/{site.seeded.answers[0]}")
        await expect(page.locator("#now .prose")).to_be_visible()
        await page.locator("select[name=right]").select_option("now")
        await page.get_by_role("button", name="Show the difference").click()
        await expect(page.locator("#difference .difference")).to_be_visible()


async def test_what_is_missing_is_told_and_nothing_that_was_written_is_lost(site: Site) -> None:
    """A resolution that its passages do not fit is refused where one works; the note stays, and sending it right works."""
    review = await _waiting(site)
    async with site.visitor("reviewer") as visit:
        page = visit.page
        await page.goto(f"/item/{review}")
        await page.get_by_label("Note").fill("Two of these are out of date.")
        await page.get_by_label("Stale document").check()
        await page.get_by_role("button", name="Resolve", exact=True).click()
        await expect(page.get_by_role("status").last).to_contain_text("stale")
        assert await faults(page) == []
        await expect(page.get_by_label("Note")).to_have_value("Two of these are out of date.")
        visit.problems.clear()  # the browser reports the refusal, too
        await page.get_by_label("Stale", exact=True).first.check()
        await page.get_by_role("button", name="Resolve", exact=True).click()
        await expect(page.get_by_role("status").last).to_contain_text("Resolved: stale document.")


async def test_a_good_example_becomes_a_standard_answer_and_a_golden_question(site: Site) -> None:
    """With two ticks and one key; both are there, and one undo takes both away again."""
    review = await _waiting(site)
    async with site.visitor("reviewer") as visit:
        page = visit.page
        await page.goto(f"/item/{review}")
        question = await page.locator(".asked").first.inner_text()
        await page.get_by_label("Also a standard answer").check()
        await page.get_by_label("Also a golden question").check()
        async with page.expect_navigation():
            await page.keyboard.press("a")
        await expect(page.get_by_role("status").last).to_contain_text("Resolved: good example.")
        assert await faults(page) == []
        other = await page.context.new_page()
        for address in ("/standard", "/golden"):
            await other.goto(address)
            await expect(other.get_by_role("link", name=question).first).to_be_visible()
        had = await other.get_by_role("link", name=question).count()
        await page.get_by_role("button", name="Undo").click()
        await expect(page).to_have_url(re.compile(f"/item/{review}$"))  # it waits again
        await other.goto("/standard")
        await expect(other.get_by_role("heading", level=1)).to_be_visible()
        await expect(other.get_by_role("link", name=question)).to_have_count(0)
        await other.goto("/golden")
        assert await other.get_by_role("link", name=question).count() == had - 1


async def test_the_second_reviewer_is_told_who_is_on_it_and_who_was_first(site: Site) -> None:
    """The claim is shown, also in the queue; who resolves second reads who decided what, and keeps what was written."""
    review = await _waiting(site)
    async with (
        site.visitor("reviewer") as one,
        site.visitor("reviewer", name="second") as other,
    ):
        await one.page.goto(f"/item/{review}")
        await other.page.goto("/queue")
        await expect(other.page.locator(f"[data-review='{review}']")).to_contain_text("Reviewer is on it")
        await other.page.goto(f"/item/{review}")
        await expect(other.page.get_by_role("main")).to_contain_text("Reviewer is on it")
        assert await faults(other.page) == []
        await one.page.get_by_label("No fault").check()
        async with one.page.expect_navigation():
            await one.page.keyboard.press("Control+Enter")
        await other.page.get_by_label("Note").fill("I see it otherwise.")
        await other.page.get_by_label("Good example").check()
        await other.page.get_by_role("button", name="Resolve", exact=True).click()
        await expect(other.page.get_by_role("status").last).to_contain_text("Reviewer")
        await expect(other.page.get_by_label("Note")).to_have_value("I see it otherwise.")
        other.problems.clear()


async def test_only_ten_passages_stand_open(site: Site) -> None:
    """The others, which hardly anybody needs, unfold; and what a field is called is its label alone."""
    async with site.visitor("reviewer") as visit:
        page = visit.page
        await page.goto(f"/item/{await _waiting(site)}")
        shown = page.locator("[data-number]")
        assert await shown.count() > 10
        await expect(shown.nth(9)).to_be_visible()
        await expect(shown.nth(10)).to_be_hidden()
        await page.get_by_text("more, ranked lower").click()
        await expect(shown.nth(10)).to_be_visible()
        await expect(page.get_by_label("What it should say", exact=True)).to_have_accessible_description(
            re.compile("^Markdown")
        )
