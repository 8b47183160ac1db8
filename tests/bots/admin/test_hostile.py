"""No request brings a page down: each address is asked with what nobody's browser sends, on both databases."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest_asyncio
from sqlalchemy import select

from rag_core.index.embedding import ModelCard
from rag_core.records.database import transaction
from rag_core.records.tables import gaps, standard_answers, vote_flags
from rag_core.settings import Settings
from rag_core.settings.connections import Database
from tests.bots.admin.conftest import SOURCES, Pages, _ingest, opened
from tests.bots.admin.furnishing import furnish
from tests.bots.admin.hostile import ODD, ODDEST, hostile, operations
from tests.bots.admin.seeding import seed
from tests.conftest import EXPORTED
from tests.rag_core.records.conftest import address, postgres

__all__ = ["address", "postgres"]

SLOW = ("/golden/check", "/gaps/search", "/gaps/{id}/check", "/releases/{id}/promote")
"""With what exists these begin work that goes on; they are tried with what does not."""


@pytest_asyncio.fixture
async def kept(address: str, model_folder: Path, tmp_path: Path) -> AsyncIterator[Pages]:
    """The pages over either database, with something on each."""
    home = tmp_path / "home"
    (home / "models").mkdir(parents=True, exist_ok=True)
    (home / "models" / EXPORTED).symlink_to(model_folder)
    settings = Settings(home=home, sources=SOURCES, database=Database(url=address))
    await _ingest(settings, model_folder)
    async with AsyncExitStack() as stack:
        yield await opened(settings, stack)


async def known_in(pages: Pages, card: ModelCard) -> dict[str, tuple[str, ...]]:
    """What exists, by where in the addresses it stands."""
    seeded = await seed(pages.database, pages.assistant, many=12)
    made = await furnish(pages.database, card)
    some: dict[str, tuple[str, ...]] = {}
    async with transaction(pages.database) as connection:
        for start, table in (("/gaps/", gaps), ("/votes/", vote_flags), ("/standard/", standard_answers)):
            some[start] = tuple((await connection.scalars(select(table.c.id).limit(1))).all()) or ("nothing",)
    return some | {
        "/item/": (seeded.pending[0],),
        "/answer/": (seeded.answers[0],),
        "/compare/": (made.comparison,),
        "/runs/": (made.ended,),
        "/golden/": (made.golden,),
        "/releases/": (made.release,),
        "/sources/": ("examples",),
        "/undo/": ("999999",),
        "/sign-in/": ("oidc",),
        "/users/": ((await pages.user("viewer")).id,),
        "/analytics/": ("time",),
    }


async def test_no_request_brings_a_page_down(kept: Pages, model_folder: Path) -> None:
    """Whatever stands in its address or its form, the answer is a page, a file or a refusal."""
    known = await known_in(kept, ModelCard.read(model_folder))
    odd = ODD if os.environ.get("HYPOTHESIS_PROFILE") == "exploring" else ODDEST
    broken, browser = [], await kept.signed_in("admin")
    for operation in operations(kept.app):
        for method, path, form in hostile(operation, {} if operation.path in SLOW else known, odd):
            answer = await asked(browser, method, path, form)
            if answer.status_code >= 500:
                broken.append((method, path[:100], [pair for pair in form if pair[1]], told_by(answer)))
            if "/sign-in" in answer.headers.get("location", ""):  # it was an act on oneself
                browser = await kept.signed_in("admin", f"admin{len(kept.users)}")
    assert broken == []


def told_by(answer: httpx.Response) -> str:
    """The sentence of an error page."""
    found = re.search(r"data-sentence>(.*?)</p>", answer.text, re.DOTALL)
    return found[1] if found else answer.text[-300:]


async def asked(
    browser: httpx.AsyncClient, method: str, path: str, form: list[tuple[str, str]]
) -> httpx.Response:
    try:
        return await browser.request(method, path, data=dict(form) if form else None)
    except Exception as error:  # what no handler has made a page of
        return httpx.Response(599, text=repr(error))
