"""The pages of figures, over the same made-up answers, and the files of them."""

from __future__ import annotations

import csv
import io
import json
import re
from html import unescape

from benchmarks.feedback_data import Shape, fill
from rag_core.records.audit import Audit
from tests.bots.admin.conftest import Pages

PAGES = ("", "/platform", "/channel", "/release", "/confidence", "/documents")
QUERIES = ("", "?days=365", "?platform=slack", "?channel=C000&release=r4", "?from=2026-01-01&to=2026-01-31")
FILES = (
    "time",
    "platform",
    "channel",
    "release",
    "confidence",
    "documents",
    "stale-documents",
    "stale-sources",
)
NO_DAYS = (
    *("days=0", "days=-1", "days=x", "days=99999"),
    *("from=2026-02-30", "from=2026-02-02&to=2026-01-01", "to=0001-01-01"),
)


def rows_of(text: str) -> list[dict[str, str]]:
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


async def test_every_page_of_figures_opens_with_and_without_answers(pages: Pages) -> None:
    """And with each filter; nothing found says so."""
    browser = await pages.signed_in("viewer")
    for page in PAGES:
        assert (await browser.get(f"/analytics{page}")).status_code == 200, page
    await fill(pages.database, Shape.small(200))
    for page in PAGES:
        for query in QUERIES:
            answer = await browser.get(f"/analytics{page}{query}")
            assert answer.status_code == 200, (page, query, answer.text)


async def test_a_chart_carries_its_numbers_as_data_and_as_a_table(pages: Pages) -> None:
    """So that nothing is lost where no script runs, or nobody sees it."""
    await fill(pages.database, Shape.small(200))
    text = (await (await pages.signed_in("viewer")).get("/analytics?days=60")).text
    charts = [json.loads(unescape(spec)) for spec in re.findall(r'data-chart="([^"]+)"', text)]
    questions, helpful = charts[0], charts[1]
    asked = questions["series"][0]["values"]
    assert len(charts) == 6
    assert len(questions["labels"]) == len(asked) == 60
    series = helpful["series"][0]
    intervals = zip(series["low"], series["values"], series["high"], strict=True)
    assert all(low <= value <= high for low, value, high in intervals if value is not None)
    assert text.count("<summary>As a table</summary>") == 6
    sheet = rows_of((await (await pages.signed_in("viewer")).get("/analytics/time.csv?days=60")).text)
    assert [int(row["questions"]) for row in sheet] == asked


async def test_every_chart_and_table_is_a_file(pages: Pages) -> None:
    """With a header, and the same filters as its page."""
    await fill(pages.database, Shape.small(400))
    browser = await pages.signed_in("viewer")
    for name in FILES:
        answer = await browser.get(f"/analytics/{name}.csv?days=365")
        assert answer.headers["content-type"] == "text/csv; charset=utf-8", name
        assert f'filename="{name}.csv"' in answer.headers["content-disposition"]
        assert rows_of(answer.text), name
    assert (await browser.get("/analytics/passwords.csv")).status_code == 404


async def test_what_people_wrote_is_for_reviewers_and_noted(pages: Pages) -> None:
    """Viewers see figures, not words; who fetched the words stands in the audit log."""
    await pages.answered("a1", "Where is the badge office?")
    await pages.voted("a1", -1, comment="moved long ago")
    for name in ("answers", "votes"):
        assert (await (await pages.signed_in("viewer")).get(f"/analytics/{name}.csv")).status_code == 403
        answer = await (await pages.signed_in("reviewer")).get(f"/analytics/{name}.csv")
        assert [row["question"] for row in rows_of(answer.text)] == ["Where is the badge office?"]
    noted = await Audit(pages.database).latest(5, action="analytics.export")
    assert [entry.subject for entry in noted] == ["file:votes", "file:answers"]


async def test_no_cell_is_a_formula(pages: Pages) -> None:
    """What begins like one gets an apostrophe; spreadsheets would run it."""
    asked = ("=HYPERLINK(1)", "+1+1", "-2+3", "@SUM(1)", "\tx", "  =1+1", "Why -1?")
    for n, text in enumerate(asked):
        await pages.answered(f"a{n}", text, thread=f"{n}")
    answer = await (await pages.signed_in("reviewer")).get("/analytics/answers.csv")
    found = [row["question"] for row in rows_of(answer.text)]
    assert sorted(found) == sorted(["Why -1?", *(f"'{text}" for text in asked[:-1])])


async def test_days_that_are_none_are_refused(pages: Pages) -> None:
    """With a sentence that names what to change, as 422."""
    browser = await pages.signed_in("viewer")
    for query in NO_DAYS:
        answer = await browser.get(f"/analytics?{query}")
        assert answer.status_code == 422, query
        assert re.search(r"(days|from|to)[:,]", answer.text), query


async def test_a_filter_is_text_and_nothing_else(pages: Pages) -> None:
    """Whatever a link asks for, it stays text on the page."""
    evil = '"><script>alert(1)</script>'
    answer = await (await pages.signed_in("viewer")).get("/analytics", params={"platform": evil})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
