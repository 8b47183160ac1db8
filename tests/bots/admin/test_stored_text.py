"""What people and documents hold is text on every page, file and toast, and in no address and no log."""

from __future__ import annotations

import csv
import io
import json
import logging
import re
import shutil
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from bs4 import BeautifulSoup, Tag

from bots.admin.app import HEADERS
from rag_core.settings import Settings
from tests.bots.admin.conftest import SOURCES, Pages, opened
from tests.bots.admin.hostile import operations
from tests.bots.admin.month import Month, few, known_in
from tests.bots.admin.payloads import EVERYTHING, MARK, assert_inert
from tests.bots.admin.poisoning import poison

__all__ = ["few"]

PER_ROUTE = 6
"""Addresses of one route that are opened: they show the same kinds of things."""
SAID = {
    "/preview": {"question": EVERYTHING[:3_000]},
    "/search": {"text": EVERYTHING[:3_000], "question": EVERYTHING[:3_000]},
    "/rendered": {"correction": EVERYTHING[:20_000]},
    "/difference": {"left": "given", "right": "now", "now": EVERYTHING[:20_000]},
    "/sign-in": {"name": EVERYTHING[:190], "password": "x", "next": "//x"},
    "/people": {"person": f"slack:<img src=x onerror={MARK}>"},
    "/queue": {"text": EVERYTHING[:400]},
    "/users": {"who": f"<img src=x onerror={MARK}>", "role": "viewer"},
    "/golden": {"question": EVERYTHING[:3_000], "answer": EVERYTHING[:3_000]},
    "/standard/{id}": {"answer": EVERYTHING[:3_000], "match": "pattern", "pattern": "((" + MARK + "<b>"},
}
"""Forms whose answer shows what was sent, by the end of their path."""


async def test_no_text_of_anybody_is_more_than_text(
    few: Month, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Wherever the database keeps text; on every page that is linked, whole and in part, and in every answer to a form."""
    caplog.set_level(logging.INFO)
    shutil.copytree(few.home, tmp_path / "home", symlinks=True)
    async with AsyncExitStack() as stack:
        pages = await opened(Settings(home=tmp_path / "home", sources=SOURCES), stack)
        await shown_as_text(pages, await known_in(pages, few), caplog)


async def shown_as_text(
    pages: Pages, known: dict[str, tuple[str, ...]], caplog: pytest.LogCaptureFixture
) -> None:
    assert await poison(pages.database) > 200
    browser = await pages.signed_in("admin")
    caplog.clear()
    asked = await crawled(pages, browser, known)
    routes = {one.path for one in operations(pages.app) if one.method == "GET"}
    left_out = {"/sign-in/{provider}", "/sign-in/{provider}/callback"}
    assert {route for route, _ in asked} >= routes - left_out
    for operation in operations(pages.app):
        for ending, form in SAID.items():
            if operation.method == "POST" and operation.path.endswith(ending):
                address = filled(operation.path, known)
                check(address, await browser.post(address, data=form, headers={"hx-request": "true"}))
    ours = [record for record in caplog.records if not record.name.startswith(("aiosqlite", "sqlalchemy"))]
    assert not [record for record in ours if MARK in record.getMessage()]


async def crawled(
    pages: Pages, browser: httpx.AsyncClient, known: dict[str, tuple[str, ...]]
) -> set[tuple[str, str]]:
    """Routes and addresses that were opened, from each route with what exists, on by the links of the pages."""
    routes = [one.path for one in operations(pages.app) if one.method == "GET"]
    left = [filled(route, known) for route in routes if "{provider}" not in route]
    opened: set[tuple[str, str]] = set()
    while left:
        address = left.pop()
        route = next((one for one in routes if matches(one, urlsplit(address).path)), "")
        alike = [one for one in opened if one[0] == route]
        if not route or (route, address) in opened or len(alike) >= PER_ROUTE:
            continue
        opened.add((route, address))
        for headers in ({}, {"hx-request": "true"}):
            answer = await browser.get(address, headers=headers)
            check(address, answer)
            if "html" in answer.headers.get("content-type", ""):
                left += links(answer.text)
    return opened


def filled(route: str, known: dict[str, tuple[str, ...]]) -> str:
    id = next((ids[0] for start, ids in known.items() if route.startswith(start)), "nothing")
    return re.sub(r"\{\w+(?::\w+)?\}", id, route)


def matches(route: str, path: str) -> bool:
    return (
        re.fullmatch(
            re.sub(r"\{\w+(?::\w+)?\}", "[^/]+", re.escape(route).replace(r"\{", "{").replace(r"\}", "}")),
            path,
        )
        is not None
    )


def links(html: str) -> list[str]:
    """Addresses of ours that a page leads to."""
    page = BeautifulSoup(html, "lxml")
    found = []
    for element in page.find_all(True):
        assert isinstance(element, Tag)
        for name in ("href", "hx-get"):
            value = str(element.get(name) or "")
            if value.startswith("/") and not value.startswith(("//", "/static")):
                found.append(value.partition("#")[0])
    return found


def check(address: str, answer: httpx.Response) -> None:
    """The answer runs nothing, says so, and is kept by nobody."""
    kind = answer.headers.get("content-type", "")
    assert answer.status_code < 500, (address, answer.text[-500:])
    for name, value in HEADERS.items():
        assert answer.headers.get(name) == value, (address, name)
    assert answer.headers["cache-control"] == "no-store", address
    assert MARK not in answer.headers.get("location", "") + answer.headers.get("content-disposition", "")
    if said := answer.headers.get("hx-trigger"):
        assert said.isascii()
        json.loads(said)
    if "html" in kind:
        try:
            assert_inert(answer.text)
        except AssertionError as error:
            raise AssertionError(f"{address}: {error}") from None
    elif "csv" in kind:
        assert "attachment" in answer.headers["content-disposition"]
        for row in csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))):
            for cell in row:
                assert not cell.lstrip(" ").startswith(("=", "+", "@", "\t", "\r")), (address, cell[:80])
                assert not re.match(r"\s*-[^\d.]", cell), (address, cell[:80])
