"""The pages of standard answers: what is kept, and how it is changed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from rag_core.records.database import transaction
from rag_core.records.standard import StandardRecords
from rag_core.records.tables import audit_log
from rag_core.standard.answer import StandardAnswer
from rag_core.standard.answers import StandardAnswers
from rag_core.types import Citation, Principal, Question
from tests.bots.admin.conftest import Pages
from tests.bots.admin.payloads import EVERYTHING, PAYLOADS, assert_inert

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ASKED = Question("Who feeds the office cat?", Principal("slack", "U1", "T1", "C1", direct=True))


async def _kept(pages: Pages, **fields: object) -> StandardAnswer:
    values = {"answer": "Ada does, at noon.", "questions": (ASKED.text,), "author": "local:ada", **fields}
    async with pages.assistant.core() as core:
        return (await core.standard.save(StandardAnswer(**values)))[0]  # type: ignore[arg-type]


def _form(page: str) -> dict[str, str]:
    """What the form for changes holds."""
    form = BeautifulSoup(page, "lxml").select_one("form.form")
    assert form is not None
    fields = {str(one["name"]): str(one.get("value", "")) for one in form.select("input")}
    fields |= {str(one["name"]): one.get_text().lstrip("\n") for one in form.select("textarea")}
    return fields | {
        str(one["name"]): str(one.select("option[selected]")[0]["value"]) for one in form.select("select")
    }


async def test_all_are_listed_with_where_they_hold_and_whether_sources_changed(pages: Pages) -> None:
    """To reviewers: a viewer sees nothing that people wrote."""
    gone = Citation(1, "Handbook", "https://docs.example.com", "No longer there", "gone/x#0")
    one = await _kept(
        pages, answer="Ada does [1].", citations=(gone,), platform="slack", scopes=frozenset({"staff"})
    )
    viewer, browser = await pages.signed_in("viewer"), await pages.signed_in("reviewer")
    listed = (await browser.get("/standard")).text
    for expected in (ASKED.text, "slack", "staff", "source changed", f"/standard/{one.id}"):
        assert expected in listed
    shown = (await browser.get(f"/standard/{one.id}")).text
    assert "does not stand there any more" in shown
    for address in ("/standard", f"/standard/{one.id}"):
        assert (await viewer.get(address)).status_code == 403
    for address in ("", "/switch", "/remove"):
        assert (await viewer.post(f"/standard/{one.id}{address}")).status_code == 403


async def test_the_form_changes_what_it_names_and_nothing_else(pages: Pages) -> None:
    """The next question is answered so; who did it stands in the log, without the text."""
    one = await _kept(pages)
    browser = await pages.signed_in("reviewer")
    form = _form((await browser.get(f"/standard/{one.id}")).text)
    changed = await browser.post(f"/standard/{one.id}", data={**form, "answer": "Bob does, at one."})
    assert changed.status_code == 303, changed.text
    after = await StandardAnswers(pages.database).get(one.id)
    assert after.answer == "Bob does, at one."
    assert (after.questions, after.match, after.author, after.scopes) == (
        one.questions,
        "exact",
        "local:ada",
        one.scopes,
    )
    assert (await pages.assistant.ask(ASKED)).text.startswith("Bob does")
    async with transaction(pages.database) as connection:
        entry = (
            (await connection.execute(select(audit_log).order_by(audit_log.c.number.desc())))
            .mappings()
            .first()
        )
    assert entry is not None
    assert (entry["action"], entry["subject"], entry["detail"]["fields"]) == (
        "standard.edit",
        f"standard:{one.id}",
        ["answer"],
    )


async def test_what_cannot_be_kept_is_said_and_changes_nothing(pages: Pages) -> None:
    """The sentence names the field."""
    one = await _kept(pages)
    browser = await pages.signed_in("reviewer")
    form = _form((await browser.get(f"/standard/{one.id}")).text)
    for wrong, said in (
        ({"answer": " "}, "answer:"),
        ({"questions": ""}, "questions:"),
        ({"match": "magic"}, "match:"),
    ):
        answer = await browser.post(f"/standard/{one.id}", data={**form, **wrong})
        assert answer.status_code == 422
        assert said in answer.text
    assert (await StandardAnswers(pages.database).get(one.id)).answer == one.answer


async def test_one_is_switched_off_and_on_and_removed(pages: Pages) -> None:
    """Off it is kept and not given."""
    one = await _kept(pages)
    browser = await pages.signed_in("reviewer")
    assert (await pages.assistant.ask(ASKED)).generator == f"standard:{one.id}"
    await browser.post(f"/standard/{one.id}/switch")
    assert (await pages.assistant.ask(ASKED)).generator != f"standard:{one.id}"
    await browser.post(f"/standard/{one.id}/switch", data={"on": "1"})
    assert (await pages.assistant.ask(ASKED)).generator == f"standard:{one.id}"
    assert (await browser.post(f"/standard/{one.id}/remove")).headers["location"] == "/standard"
    assert (await browser.get(f"/standard/{one.id}")).status_code == 404
    assert (await browser.post(f"/standard/{one.id}/remove")).status_code == 404
    assert "There are no standard answers" in (await browser.get("/standard")).text


@pytest.mark.parametrize("group", [[*PAYLOADS[at::4]] for at in range(4)] + [[EVERYTHING]], ids=range(5))
async def test_nothing_that_is_kept_becomes_markup(pages: Pages, group: list[str]) -> None:
    """Wordings, answers, authors, what is cited: as the database may hold them, checked or not."""
    said, first, last = "\n\n".join(group), group[0], group[-1]
    cited = Citation(1, first, last, said[:80], "gone/x#0", first)
    entry = StandardAnswer(
        said, (first, last), "exact", author=last[:190], citations=(cited,), id="evil", platform=first[:32],
        channels=(first,), scopes=frozenset({last}), created_at=NOW, updated_at=NOW,
    )  # fmt: skip
    await StandardRecords(pages.database).put([entry])
    browser = await pages.signed_in("reviewer")
    for address in ("/standard", "/standard/evil"):
        shown = await browser.get(address)
        assert shown.status_code == 200, shown.text[-300:]
        assert_inert(shown.text)
