"""A database to keep standard answers in; tests/rag_core/records has those of both kinds."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.records.database import open_database


@pytest.fixture
async def database(tmp_path: Path, migrated: Path) -> AsyncIterator[AsyncEngine]:
    (tmp_path / "records").mkdir()
    shutil.copyfile(migrated, tmp_path / "records" / "answerloop.db")
    engine = await open_database(f"sqlite+aiosqlite:///{tmp_path}/records/answerloop.db")
    yield engine
    await engine.dispose()
