"""An installation with a month of questions behind it, made once for all processes of a run."""

from __future__ import annotations

import json
import shutil
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import select

from rag_core.index.embedding import ModelCard
from rag_core.records.database import transaction
from rag_core.records.tables import gaps, standard_answers, vote_flags
from rag_core.settings import Settings
from tests.bots.admin.conftest import SOURCES, Pages, opened, shared
from tests.bots.admin.furnishing import Furnished, furnish
from tests.bots.admin.seeding import Seeded, seed

__all__ = ["Month", "few", "known_in", "month"]


@dataclass(frozen=True, slots=True)
class Month:
    """A home directory with a month of questions, and what is in it."""

    home: Path
    seeded: Seeded
    furnished: Furnished


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def month(installation: Path, model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Month:
    """To be copied by who changes something."""
    with shared(tmp_path_factory, "month") as folder:
        return await _kept(folder, installation, ModelCard.read(model_folder), many=60)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def few(installation: Path, model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Month:
    """The same with a fifth of the questions, for who opens pages by the hundred."""
    with shared(tmp_path_factory, "few") as folder:
        return await _kept(folder, installation, ModelCard.read(model_folder), many=12)


async def _kept(folder: Path, installation: Path, card: ModelCard, many: int) -> Month:
    """Made by the first who asks."""
    home, told = folder / "home", folder / "told.json"
    if not told.exists():
        shutil.copytree(installation, home, symlinks=True)
        async with AsyncExitStack() as stack:
            pages = await opened(Settings(home=home, sources=SOURCES), stack)
            made = await seed(pages.database, pages.assistant, many=many), await furnish(pages.database, card)
        told.write_text(json.dumps([asdict(one) for one in made]))
    seeded, furnished = json.loads(told.read_text())
    return Month(home, _seeded(seeded), Furnished(**furnished))


def _seeded(told: dict[str, Any]) -> Seeded:
    return Seeded(**{name: tuple(ids) for name, ids in told.items()})


async def known_in(pages: Pages, month: Month) -> dict[str, tuple[str, ...]]:
    """What exists of the month in a copy of it, by where in the addresses it stands."""
    some: dict[str, tuple[str, ...]] = {}
    async with transaction(pages.database) as connection:
        for start, table in (("/gaps/", gaps), ("/votes/", vote_flags), ("/standard/", standard_answers)):
            some[start] = tuple((await connection.scalars(select(table.c.id).limit(1))).all()) or ("nothing",)
    return some | {
        "/item/": (month.seeded.pending[0],),
        "/answer/": (month.seeded.answers[0],),
        "/compare/": (month.furnished.comparison,),
        "/runs/": (month.furnished.ended,),
        "/golden/": (month.furnished.golden,),
        "/releases/": (month.furnished.release,),
        "/sources/": ("examples",),
        "/undo/": ("999999",),
        "/sign-in/": ("oidc",),
        "/users/": ((await pages.user("viewer")).id,),
        "/analytics/": ("time",),
    }
