"""No request brings a page down: each address is asked with what nobody's browser sends, on both databases."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest_asyncio
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.bootstrap import open_records
from rag_core.records.database import transaction
from rag_core.records.tables import metadata
from rag_core.settings import Settings
from rag_core.settings.connections import Database
from tests.bots.admin.conftest import SOURCES, Pages, opened
from tests.bots.admin.hostile import ODD, ODDEST, hostile, operations
from tests.bots.admin.month import Month, few, known_in
from tests.rag_core.records.conftest import address

__all__ = ["address", "few"]

SLOW = ("/golden/check", "/gaps/search", "/gaps/{id}/check", "/releases/{id}/promote")
"""With what exists these begin work that goes on; they are tried with what does not."""


@pytest_asyncio.fixture
async def kept(address: str, few: Month, tmp_path: Path) -> AsyncIterator[Pages]:
    """The pages over either database, with something on each."""
    home = tmp_path / "copy"
    shutil.copytree(few.home, home, symlinks=True)
    settings = Settings(home=home, sources=SOURCES)
    if address.startswith("postgresql"):
        there = Settings(home=home, sources=SOURCES, database=Database(url=address))
        async with open_records(settings) as old, open_records(there) as new:
            await moved(old, new)
        settings = there
    async with AsyncExitStack() as stack:
        yield await opened(settings, stack)


async def moved(old: AsyncEngine, new: AsyncEngine) -> None:
    """All rows, from SQLite to PostgreSQL."""
    async with transaction(old) as source, transaction(new) as target:
        for table in reversed(metadata.sorted_tables):
            await target.execute(table.delete())
        for table in metadata.sorted_tables:
            if rows := (await source.execute(select(table))).mappings().all():
                aware = [{name: _aware(value) for name, value in row.items()} for row in rows]
                await target.execute(table.insert(), aware)
            if (counted := table.autoincrement_column) is not None:
                sequence = func.pg_get_serial_sequence(table.name, counted.name)
                following = func.coalesce(func.max(counted), 0) + 1
                await target.execute(select(func.setval(sequence, following, False)))


def _aware(value: Any) -> Any:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value


async def test_no_request_brings_a_page_down(kept: Pages, few: Month) -> None:
    """Whatever stands in its address or its form, the answer is a page, a file or a refusal."""
    known = await known_in(kept, few)
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
