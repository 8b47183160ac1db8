"""The databases that records are kept in: SQLite in a file, and on a PostgreSQL server of our own (tests/databases.py)."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.records.database import open_database
from tests.databases import Databases


@pytest.fixture(params=["sqlite", "postgresql"])
async def address(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The address of a database of each kind, its tables made and nothing in them."""
    if request.param == "sqlite":
        file = tmp_path / "home" / "answerloop.db"
        file.parent.mkdir(exist_ok=True)
        shutil.copyfile(request.getfixturevalue("migrated"), file)
        yield f"sqlite+aiosqlite:///{file}"
        return
    databases: Databases = request.getfixturevalue("databases")
    async with databases.migrated() as made:
        yield made


@pytest.fixture(params=["sqlite", "postgresql"])
async def empty_address(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The address of a database of each kind in which nothing was made."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path}/home/answerloop.db"
        return
    databases: Databases = request.getfixturevalue("databases")
    async with databases.empty() as made:
        yield made


@pytest.fixture
async def database(address: str) -> AsyncIterator[AsyncEngine]:
    """An open database of each kind, its tables made."""
    engine = await open_database(address)
    yield engine
    await engine.dispose()
