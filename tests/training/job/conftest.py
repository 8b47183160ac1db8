"""Runs need records alone, or a whole installation."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.records.database import open_database
from tests.training.job.installation import installation

__all__ = ["database", "installation"]


@pytest.fixture
async def database(tmp_path: Path, migrated: Path) -> AsyncIterator[AsyncEngine]:
    """Records with their tables made."""
    file = tmp_path / "records" / "answerloop.db"
    file.parent.mkdir()
    shutil.copyfile(migrated, file)
    engine = await open_database(f"sqlite+aiosqlite:///{file}")
    yield engine
    await engine.dispose()
