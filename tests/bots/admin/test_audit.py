"""The audit log of the admin pages."""

from __future__ import annotations

import csv
import io

from bs4 import BeautifulSoup
from sqlalchemy import insert

from rag_core.records.audit import ITSELF, Audit, note
from rag_core.records.database import transaction
from rag_core.records.tables import audit_log
from tests.bots.admin.conftest import Pages


def shown(text: str) -> list[str]:
    """Actor and action of each row."""
    rows = BeautifulSoup(text, "lxml").select(".audit tbody tr")
    return [f"{row.th.get_text()} {row.select('td')[2].get_text()}" for row in rows]  # type: ignore[union-attr]


async def noted(pages: Pages) -> None:
    await pages.user("reviewer", "ada")
    async with transaction(pages.database) as connection:
        await connection.execute(audit_log.delete())
        await note(connection, "local:ada", "review.resolve", "review:r1", resolution="no_fault")
        await note(connection, ITSELF, "release.activate", "release:r2")
        await note(
            connection, "slack:U1", "user.add", "user:<b>x</b>", role="=1+1", was={"a": "b"}, of=[1, 2]
        )


async def test_the_log_says_who_did_what(pages: Pages) -> None:
    """The latest first, by the names of accounts; what it was done to leads there; what can be, is taken back there."""
    await noted(pages)
    browser = await pages.signed_in("admin")
    page = await browser.get("/audit")
    assert shown(page.text) == ["slack:U1 user.add", "by itself release.activate", "Ada review.resolve"]
    soup = BeautifulSoup(page.text, "lxml")
    assert [link["href"] for link in soup.select(".audit a")] == ["/item/r1"]
    assert len(soup.select(".audit form")) == 1
    assert "user:<b>x</b>" in soup.text


async def test_the_log_is_filtered_and_turned(pages: Pages) -> None:
    """By person, kind and day; fifty on a page."""
    await noted(pages)
    browser = await pages.signed_in("admin")
    for filters, expected in (
        ("who=local:ada", ["Ada review.resolve"]),
        ("kind=release", ["by itself release.activate"]),
        ("kind=rel%25", []),
        ("until=2020-01-01", []),
        ("since=2020-01-01&kind=user", ["slack:U1 user.add"]),
        ("since=nonsense&kind=user", ["slack:U1 user.add"]),
    ):
        assert shown((await browser.get(f"/audit?{filters}")).text) == expected, filters
    async with transaction(pages.database) as connection:
        for number in range(60):
            await note(connection, "local:ada", "gap.note", f"gap:{number}")
    first = await browser.get("/audit?kind=gap")
    link = BeautifulSoup(first.text, "lxml").select_one(".pager a[rel=next]")
    assert link is not None
    assert (len(shown(first.text)), len(shown((await browser.get(str(link["href"]))).text))) == (50, 10)


async def test_the_log_is_exported_as_csv(pages: Pages) -> None:
    """All of what is filtered, however long; nothing in it is a formula to a spreadsheet."""
    await noted(pages)
    async with transaction(pages.database) as connection:
        await connection.execute(
            insert(audit_log),
            [
                {"at": (await Audit(pages.database).latest(1))[0].at, "actor": "=cmd", "action": "gap.note",
                 "subject": f"gap:{number}", "detail": {}}
                for number in range(1_200)
            ],
        )  # fmt: skip
    browser = await pages.signed_in("admin")
    answer = await browser.get("/audit.csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert answer.headers["content-type"].startswith("text/csv")
    assert len(rows) == 1_203
    assert (rows[-1]["actor"], rows[-1]["name"], rows[-1]["detail"]) == (
        "local:ada",
        "Ada",
        '{"resolution": "no_fault"}',
    )
    assert rows[0]["actor"] == "'=cmd"
    assert len((await browser.get("/audit.csv?kind=user")).text.splitlines()) == 2


async def test_the_log_is_for_admins(pages: Pages) -> None:
    """It names what everybody did."""
    browser = await pages.signed_in("reviewer")
    assert (await browser.get("/audit")).status_code == 403
    assert (await browser.get("/audit.csv")).status_code == 403
