"""The page of one answer: what it shows, and that nothing it shows becomes markup."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from bs4 import BeautifulSoup
from sqlalchemy import func, select, update

from bots.admin.routes.item.showing import RESOLUTIONS
from rag_core.index.stores.protocol import Row
from rag_core.records.database import transaction
from rag_core.records.reviews.queue import Queue
from rag_core.records.reviews.reviews import RESOLUTIONS as DECIDED
from rag_core.records.reviews.reviews import Reviews
from rag_core.records.tables import answers, audit_log, documents, votes
from rag_core.review.resolving.resolving import NAMES
from rag_core.review.resolving.similar import similar_questions
from rag_core.types import Citation, Passage, Place
from tests.bots.admin.conftest import Pages
from tests.bots.admin.payloads import EVERYTHING, PAYLOADS, assert_inert

HTMX = {"hx-request": "true"}
REFUNDS = "By when do I have to hand in my travel claim?"


async def _indexed(pages: Pages, id: str = "evil/doc#0", scope: str = "public", **fields: object) -> Passage:
    """A passage of its own, put into the index."""
    passage = Passage(id, id.partition("#")[0], "evil", scope, "Title", (), "Some text.", "", Place(line=1))
    passage = replace(passage, **fields)  # type: ignore[arg-type]
    async with pages.assistant.core() as core:
        vector = core.embedder.embed_query(passage.text)
        unit = np.rint(vector * 127).astype(np.int8).tobytes()
        passage = replace(passage, units=((0, len(passage.text)),), unit_vectors=unit)
        await core.store.replace([passage.document], [Row(passage, passage.title, vector)])
    return passage


async def _found(pages: Pages, question: str = REFUNDS) -> list[Passage]:
    ranked = await pages.assistant.search(question, frozenset({"public"}), 5)
    return [one.passage for one in ranked]


async def _review(pages: Pages, answer: str = "a1") -> str:
    """The one that is pending."""
    return next(one.id for one in await Reviews(pages.database).pending(100) if one.answer_id == answer)


async def test_every_resolution_has_a_name_and_a_place_in_the_form() -> None:
    """What can be decided, what it is called, and what the form offers are the same."""
    assert tuple(NAMES) == DECIDED
    assert {value for value, _, _ in RESOLUTIONS} == set(DECIDED)


async def test_the_page_shows_what_produced_the_answer(pages: Pages) -> None:
    """Question, answer, votes with what was said, passages with the quoted words marked, scopes and timings."""
    passage = (await _found(pages))[0]
    quote = " ".join(passage.text.split()[:6])
    cited = Citation(1, passage.title, passage.location, quote, passage.id)
    await pages.answered(asked=REFUNDS, passages=(passage.id, "gone/x#0"), citations=(cited,))
    await pages.voted("a1", reason="wrong", comment="No longer true", correction="Within **60** days.")
    async with transaction(pages.database) as connection:
        await connection.execute(update(votes).values(excluded="cap"))
    await Reviews(pages.database).propose("a1", "person")
    browser = await pages.signed_in("reviewer")
    answer = await browser.get(f"/item/{await _review(pages)}")
    assert answer.status_code == 200, answer.text
    page = BeautifulSoup(answer.text, "lxml")
    words = " ".join(page.get_text(" ").split())
    for expected in (
        REFUNDS,
        "No longer true",
        "does not count: cap",
        "public",
        "3.5 ms",
        "not in the index any more",
    ):
        assert expected in words
    assert [mark.get_text() for mark in page.select(".passage.cited mark")] == [quote]
    assert page.select_one("#resolve input[name=csrf]") is not None
    assert "As it was given" in words
    assert_inert(answer.text)


async def test_the_conversation_is_shown_before_and_after(pages: Pages) -> None:
    """Of the same thread in the same channel, in order; of no other."""
    for number, (id, channel) in enumerate((("a1", "C1"), ("a2", "C1"), ("a3", "C1"), ("a4", "C2"))):
        await pages.answered(id, f"Question number {id}?", channel=channel)
        async with transaction(pages.database) as connection:
            at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=number)
            await connection.execute(update(answers).where(answers.c.id == id).values(created_at=at))
    page = BeautifulSoup((await (await pages.signed_in("reviewer")).get("/answer/a2")).text, "lxml")
    turns = {id: page.select_one(f"section[aria-labelledby={id}-title]") for id in ("before", "after")}
    assert turns["before"] is not None
    assert turns["after"] is not None
    assert "Question number a1?" in turns["before"].get_text()
    assert "Question number a3?" in turns["after"].get_text()
    assert "Question number a4?" not in page.get_text()


async def test_a_document_that_was_read_again_is_marked(pages: Pages) -> None:
    """Its passages may say something else than they did."""
    passage = (await _found(pages))[0]
    await pages.answered(asked=REFUNDS, passages=(passage.id,))
    browser = await pages.signed_in("reviewer")
    assert "changed since" not in (await browser.get("/answer/a1")).text
    async with transaction(pages.database) as connection:
        later = datetime.now(UTC) + timedelta(minutes=1)
        await connection.execute(update(documents).values(synced_at=later))
    assert "changed since" in (await browser.get("/answer/a1")).text


async def test_opening_claims_and_another_takes_over(pages: Pages) -> None:
    """The second reviewer is told who is on it, and may take it over."""
    await pages.answered()
    await pages.voted("a1")
    review = await _review(pages)
    ada, bob = await pages.signed_in("reviewer", "ada"), await pages.signed_in("reviewer", "bob")
    assert "is on it" not in (await ada.get(f"/item/{review}")).text
    seen = (await bob.get(f"/item/{review}")).text
    assert "Ada" in seen
    assert "is on it" in seen
    assert (await bob.post(f"/item/{review}/claim")).headers["location"] == f"/item/{review}"
    assert "Bob" in (await ada.get(f"/item/{review}")).text
    claim = await Queue(pages.database).claim(review, "local:ada")
    assert claim is not None
    assert claim.by == "local:bob"


async def test_an_answer_is_put_in_the_queue_once(pages: Pages) -> None:
    """By hand, from its page; where a review waits already, that one is opened."""
    await pages.answered()
    browser = await pages.signed_in("reviewer")
    first = await browser.post("/answer/a1/review")
    again = await browser.post("/answer/a1/review")
    assert first.headers["location"] == again.headers["location"] == f"/item/{await _review(pages)}"
    async with transaction(pages.database) as connection:
        actions = list(await connection.scalars(select(audit_log.c.action)))
    assert actions.count("review.add") == 1


async def test_what_is_not_there_says_so(pages: Pages) -> None:
    """A page of 404, whatever was asked for."""
    browser = await pages.signed_in("reviewer")
    for address in ("/item/none", "/answer/none", "/answer/none/similar"):
        assert (await browser.get(address)).status_code == 404
    for address in ("preview", "search", "difference", "rendered"):
        assert (await browser.post(f"/answer/none/{address}", data={"right": "x"})).status_code == 404


async def test_a_preview_reads_what_the_asker_may_and_is_recorded_nowhere(pages: Pages) -> None:
    """The reviewer may read more; the preview does not."""
    secret = "The zanzibar vault code is kept by the quartermaster of the zanzibar office."
    await _indexed(pages, scope="secret", text=secret, title="Zanzibar")
    await pages.answered("a1", "Where is the zanzibar vault code kept?", scopes=frozenset({"public"}))
    await pages.answered(
        "a2", "Where is the zanzibar vault code kept?", scopes=frozenset({"public", "secret"})
    )
    browser = await pages.signed_in("admin")
    hidden = (await browser.post("/answer/a1/preview", headers=HTMX)).text
    open_ = (await browser.post("/answer/a2/preview", headers=HTMX)).text
    assert "quartermaster" not in hidden
    assert "quartermaster" in open_
    async with transaction(pages.database) as connection:
        assert await connection.scalar(select(func.count()).select_from(answers)) == 2
    # Nor does it answer the next person who asks the same.
    async with pages.assistant.core() as core:
        assert core.caching.state()


async def test_a_preview_says_that_files_are_gone(pages: Pages) -> None:
    """What was made with a file of the chat cannot be made again."""
    await pages.answered(scopes=frozenset({"public", "@slack-F1"}))
    said = (await (await pages.signed_in("reviewer")).post("/answer/a1/preview", headers=HTMX)).text
    assert "files given in the chat" in said
    assert "@slack-F1" not in (await (await pages.signed_in("reviewer")).get("/answer/a1")).text


async def test_a_preview_of_no_question_says_why(pages: Pages) -> None:
    """A sentence, and no failure."""
    await pages.answered()
    browser = await pages.signed_in("reviewer")
    said = await browser.post("/answer/a1/preview", headers=HTMX, data={"question": "?!"})
    assert said.status_code == 200
    assert "ask a question in words" in said.text


async def test_searching_finds_what_the_asker_may_read_or_everything_with_a_warning(pages: Pages) -> None:
    """What lies beyond the asker's scopes comes only when it is asked for, and is marked."""
    await _indexed(pages, scope="secret", text="The zanzibar vault code.", title="Zanzibar")
    await pages.answered(scopes=frozenset({"public"}))
    browser = await pages.signed_in("reviewer")
    address, asked = "/answer/a1/search", {"text": "zanzibar vault code"}
    assert "zanzibar" not in (await browser.post(address, data=asked, headers=HTMX)).text.lower()
    everything = (await browser.post(address, data={**asked, "everything": "1"}, headers=HTMX)).text
    assert "The zanzibar vault code." in everything
    assert "the asker may not read secret" in everything
    assert 'name="right" value="evil/doc#0"' in everything


async def test_similar_questions_come_with_how_they_were_resolved(pages: Pages) -> None:
    """Of those that were decided, the nearest first; never the same answer."""
    await pages.answered("a1", "How long do refunds take?")
    await pages.answered("a2", "How many days does a refund take?")
    await pages.answered("a3", "What colour is the moon?")
    for id in ("a1", "a2", "a3"):
        await Reviews(pages.database).propose(id, "person")
        if id != "a1":
            review = await _review(pages, id)
            await Reviews(pages.database).decide(review, "corrected_answer", "local:ada", "Ten days.")
    async with pages.assistant.core() as core:
        similar = similar_questions(core, pages.database)
        assert await similar.backfill() == 3
        assert await similar.backfill() == 0
        found = await similar.to("How long do refunds take?", but="a1")
    assert [one.resolved.answer_id for one in found] == ["a2"]
    assert 0.6 <= found[0].cosine <= 1
    page = (await (await pages.signed_in("reviewer")).get("/answer/a1/similar", headers=HTMX)).text
    assert "How many days does a refund take?" in page
    assert "Ten days." in page
    assert "moon" not in page


async def test_two_versions_are_compared_word_by_word(pages: Pages) -> None:
    """What is gone and what is new stands where it was and is."""
    await pages.answered(text="Refunds take 30 days [1].")
    await pages.voted("a1", correction="Refunds take 60 days [1].")
    browser = await pages.signed_in("reviewer")
    chosen = {"left": "given", "right": "proposed"}
    page = BeautifulSoup(
        (await browser.post("/answer/a1/difference", data=chosen, headers=HTMX)).text, "lxml"
    )
    assert [one.get_text().strip() for one in page.select("del")] == ["30"]
    assert [one.get_text().strip() for one in page.select("ins")] == ["60"]
    now = {"left": "given", "right": "now", "now": "Refunds <b>take</b> 30 days [1]."}
    shown = (await browser.post("/answer/a1/difference", data=now, headers=HTMX)).text
    assert "&lt;b&gt;take&lt;/b&gt;" in shown
    assert (await browser.post("/answer/a1/difference", data={"right": "none"})).status_code == 422


async def test_without_scripts_the_answer_of_now_is_compared_too(pages: Pages) -> None:
    """It is asked for anew, as no preview has brought it."""
    await pages.answered(text="Refunds took half a year, formerly.")
    browser = await pages.signed_in("reviewer")
    answer = await browser.post("/answer/a1/difference", data={"left": "given", "right": "now"})
    assert answer.status_code == 200
    page = BeautifulSoup(answer.text, "lxml")
    assert "formerly" in " ".join(one.get_text() for one in page.select("del"))
    assert page.select("ins")


async def test_a_correction_is_shown_as_readers_see_it(pages: Pages) -> None:
    """With the sentences that cite nothing."""
    await pages.answered()
    text = "Refunds take **60** days [1]. They are paid in euros."
    browser = await pages.signed_in("reviewer")
    shown = (await browser.post("/answer/a1/rendered", data={"correction": text}, headers=HTMX)).text
    assert "<strong>60</strong>" in shown
    assert "One sentence cites nothing" in shown
    assert '<li dir="auto">They are paid in euros.</li>' in shown


GROUPS = [list(PAYLOADS[at::8]) for at in range(8)]


@pytest.mark.parametrize("group", [*GROUPS, [EVERYTHING]], ids=range(9))
async def test_nothing_that_is_shown_becomes_markup(pages: Pages, group: list[str]) -> None:
    """Question, answer, correction, comment, names, documents: text on the page and on each of its parts."""
    said = "\n\n".join(group)
    payload, named, place, title, url = (group[at % len(group)] for at in range(5))
    await _indexed(pages, title=title, headings=(payload, title), text=said, url=url)
    cited = Citation(1, title, url, said[:50], "evil/doc#0", place)
    where = {"user": named[:190], "channel": place, "workspace": place}
    fields = {
        "text": said,
        "citations": (cited,),
        "nearest": (cited,),
        "standalone": said,
        "generator": title[:190],
    }
    await pages.answered("a1", said, passages=("evil/doc#0", place[:150]), **where, **fields)  # type: ignore[arg-type]
    await pages.answered("a2", said, **where, **fields)  # type: ignore[arg-type]
    await pages.voted("a1", user=named[:190], reason=payload[:30], comment=said, correction=said)
    await Reviews(pages.database).propose("a2", "person", said, named[:190])
    await Reviews(pages.database).decide(
        await _review(pages, "a2"), "corrected_answer", title[:190], said, said
    )
    async with pages.assistant.core() as core:
        await similar_questions(core, pages.database).backfill()
    browser = await pages.signed_in("reviewer", named.replace("\0", "")[:80])
    review = await _review(pages)
    for address in (f"/item/{review}", "/answer/a1", "/answer/a2", "/answer/a1/similar"):
        shown = await browser.get(address)
        assert shown.status_code == 200, shown.text[-500:]
        assert_inert(shown.text)
    typed = said.replace("\0", "")  # which a form that is not text would be refused for
    posted = {
        "preview": {"question": typed[:3900]},
        "search": {"text": typed[:3900], "everything": "1"},
        "difference": {"left": "given", "right": "now", "now": typed},
        "rendered": {"correction": typed},
    }
    for part, form in posted.items():
        shown = await browser.post(f"/answer/a1/{part}", data=form, headers=HTMX)
        assert shown.status_code == 200, shown.text[-500:]
        assert_inert(shown.text)
