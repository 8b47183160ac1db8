"""Votes that do not count, and people, on the admin pages."""

from __future__ import annotations

import json
import re
from dataclasses import replace

from rag_core.records.audit import Audit
from rag_core.records.feedback.flags import Flags
from rag_core.records.reviews.reviews import Reviews
from rag_core.settings import Votes
from tests.bots.admin.conftest import Pages
from tests.fakes import an_answer

PAYLOAD = "<img src=x onerror=alert(1)>"


async def flagged(pages: Pages, count: int = 20) -> str:
    """Eve voted down so many answers at once; the id of the flag."""
    for n in range(count):
        cited = replace(an_answer().citations[0], passage=f"docs/d{n}#0")
        await pages.answered(f"a{n}", f"{PAYLOAD} {n}?", citations=(cited,))
        await pages.voted(f"a{n}", -1, "eve")
    (flag,) = await Flags(pages.database, Votes()).open()
    return flag.id


async def test_a_reviewer_decides_on_a_flag_and_takes_it_back(pages: Pages) -> None:
    """The votes are shown, with questions as plain text; nothing of it counts until it is dismissed."""
    id = await flagged(pages)
    browser = await pages.signed_in("reviewer")
    page = (await browser.get("/votes")).text
    assert "20 votes at once" in page
    assert "slack:eve" in page
    assert PAYLOAD not in page
    assert page.count("?</td>") == 20
    assert await Reviews(pages.database).count_pending() == 0
    done = await browser.post(f"/votes/{id}/decide", data={"decision": "dismissed"})
    assert (done.status_code, done.headers["location"]) == (303, "/votes")
    assert await Reviews(pages.database).count_pending() == 20
    assert "dismissed" in (await browser.get("/votes")).text
    assert (await browser.post(f"/votes/{id}/decide", data={"decision": "upheld"})).status_code == 409
    assert (await browser.post(f"/votes/{id}/undo")).status_code == 303
    assert await Reviews(pages.database).count_pending() == 0
    assert (await browser.post(f"/votes/{id}/decide", data={"decision": "upheld"})).status_code == 303
    actions = [(entry.actor, entry.action) for entry in await Audit(pages.database).latest(3)]
    who = "local:reviewer"
    assert actions == [(who, "flag.uphold"), (who, "flag.reopen"), (who, "flag.dismiss")]
    for wrong in ("/votes/none/undo", "/votes/none/decide"):
        assert (await browser.post(wrong, data={"decision": "upheld"})).status_code == 404
    assert (await browser.post(f"/votes/{id}/decide", data={"decision": "open"})).status_code == 422


async def test_nothing_to_decide_says_so(pages: Pages) -> None:
    page = (await (await pages.signed_in("reviewer")).get("/votes")).text
    assert "Nothing waits." in page
    assert "Nobody." in page


async def test_a_viewer_sees_no_votes_and_a_reviewer_no_people(pages: Pages) -> None:
    assert (await (await pages.signed_in("viewer")).get("/votes")).status_code == 403
    reviewer = await pages.signed_in("reviewer")
    assert (await reviewer.get("/people")).status_code == 403
    assert (await reviewer.post("/people/data", data={"person": "slack:U1"})).status_code == 403


async def test_an_admin_looks_a_person_up_and_gives_them_what_is_kept(pages: Pages) -> None:
    """As a file; that it was done is in the audit log, without the id."""
    await pages.answered("a1", "How long?", "U0ADA12345")
    admin = await pages.signed_in()
    assert "U0ADA12345" not in (await admin.get("/people")).text
    found = (await admin.post("/people", data={"person": " slack:U0ADA12345 "})).text
    assert re.search(r"<dt>questions</dt><dd>1</dd>", found)
    file = await admin.post("/people/data", data={"person": "slack:U0ADA12345"})
    assert file.headers["content-disposition"].startswith("attachment")
    assert json.loads(file.content)["questions"][0]["question"] == "How long?"
    (entry,) = await Audit(pages.database).latest(1, action="person.export")
    assert "U0ADA12345" not in entry.subject
    wrong = await admin.post("/people", data={"person": PAYLOAD})
    assert wrong.status_code == 422
    assert PAYLOAD not in wrong.text


async def test_an_admin_has_a_person_forgotten_when_sure(pages: Pages) -> None:
    """The id must be written once more."""
    await pages.answered("a1", "How long?", "U0ADA12345")
    admin = await pages.signed_in()
    person = {"person": "slack:U0ADA12345"}
    assert (await admin.post("/people/forget", data=person)).status_code == 422
    assert (await admin.post("/people/forget", data={**person, "sure": "slack:U1"})).status_code == 422
    done = await admin.post("/people/forget", data={**person, "sure": "slack:U0ADA12345"})
    assert done.status_code == 200
    assert "<dt>questions</dt><dd>1</dd>" in done.text
    assert "U0ADA12345" not in done.text
    again = (await admin.post("/people", data=person)).text
    assert "No rows are theirs." in again
