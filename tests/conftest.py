"""What many tests share: the exported embedding model, made once, and installations of their own."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from rag_core.bootstrap import Core, open_core, open_records
from rag_core.compute import Compute
from rag_core.index.embedding import CARD, Embedder, ModelCard
from rag_core.records.releases import Releases
from rag_core.settings import Settings

MODEL = "sentence-transformers/all-MiniLM-L6-v2"
EXPORTED = "sentence-transformers--all-MiniLM-L6-v2"
CACHE = Path(__file__).parents[1] / ".cache" / "models"

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


@pytest.fixture(scope="session")
def model_folder() -> Path:
    """The real model, exported by the real exporter; kept between runs as long as the exporter is unchanged."""
    folder = CACHE / EXPORTED
    source = Path(__file__).parents[1] / "training" / "export.py"
    CACHE.mkdir(parents=True, exist_ok=True)
    with FileLock(CACHE / "lock"):
        if not (folder / CARD).is_file() or (folder / CARD).stat().st_mtime < source.stat().st_mtime:
            from training.export import export

            export(MODEL, folder)
    return folder


@pytest.fixture(scope="session")
def embedder(model_folder: Path) -> Embedder:
    return Embedder(model_folder)


@pytest.fixture
def compute() -> Iterator[Compute]:
    made = Compute()
    yield made
    made.close()


@pytest.fixture
def home(tmp_path: Path, model_folder: Path) -> Path:
    """An installation's directory that has the exported model, and nothing else."""
    folder = tmp_path / "home"
    shutil.copytree(model_folder, folder / "models" / EXPORTED)
    return folder


@pytest.fixture
def settings(home: Path) -> Settings:
    return Settings(home=home)


@pytest.fixture
async def core(settings: Settings, model_folder: Path) -> AsyncIterator[Core]:
    """The open resources of an installation with an empty index."""
    async with open_records(settings) as database:
        releases = Releases(database)
        release = await releases.add(EXPORTED, ModelCard.read(model_folder))
        await releases.activate(release.id)
    async with open_core(settings) as opened:
        yield opened
