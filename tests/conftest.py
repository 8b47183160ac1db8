"""What many tests share: the exported embedding model, made once, and installations of their own."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path

import hypothesis
import pytest
from filelock import FileLock

from rag_core.bootstrap import Core, open_core, open_records
from rag_core.compute import Compute
from rag_core.index.embedding import CARD, Embedder, ModelCard
from rag_core.records.index.releases import Releases
from rag_core.settings import Settings
from tests.databases import databases, migrated, postgres
from tests.servers.transformers_serve import Serving, serving

__all__ = ["databases", "migrated", "postgres"]

MODEL = "sentence-transformers/all-MiniLM-L6-v2"
EXPORTED = "sentence-transformers--all-MiniLM-L6-v2"
ROOT = Path(__file__).parents[1]
CACHE = ROOT / ".cache" / "models"
CROSS_ENCODER = ("training/tasks/cross_encoder.py", "training/tasks/pairs.py")

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("OMP_NUM_THREADS", "1")  # torch's; several processes share the cores
# speed is no test: machines are shared; and what was not changed does not fail today for what passed yesterday
hypothesis.settings.register_profile("repeatable", deadline=None, derandomize=True)
hypothesis.settings.register_profile("exploring", deadline=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests first, in the order of their names: quick ones fill the last minutes of several processes."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def model_folder() -> Path:
    """The real model, exported by the real exporter; kept between runs as long as the exporter is unchanged."""
    folder = CACHE / EXPORTED

    def made() -> None:
        from training.export import export

        export(MODEL, folder)

    _kept(folder / CARD, ("training/export.py", "training/conversion.py"), made)
    return folder


@pytest.fixture(scope="session")
def cross_encoder() -> Path:
    """A tiny one, really trained; kept between runs as long as what makes it is unchanged."""
    folder = CACHE / "tiny-cross-encoder"

    def made() -> None:
        from tests.rerankers import tiny_base, train_tiny

        for part in ("base", "trained"):
            shutil.rmtree(folder / part, ignore_errors=True)
        train_tiny(tiny_base(folder / "base"), folder / "trained")

    _kept(folder / "trained" / "README.md", (*CROSS_ENCODER, "tests/rerankers.py"), made)
    return folder / "trained"


@pytest.fixture(scope="session")
def reranker_folder(cross_encoder: Path) -> Path:
    """The same, exported by the real exporter."""
    folder = CACHE / "tiny-reranker"

    def made() -> None:
        from training.export import export_reranker

        export_reranker(str(cross_encoder), folder)

    sources = (*CROSS_ENCODER, "training/export.py", "training/conversion.py", "tests/rerankers.py")
    _kept(folder / CARD, sources, made)
    return folder


@pytest.fixture(scope="session")
def causal_model() -> Path:
    """A tiny language model that chats and knows a few answers (tests/models.py); kept as long as that is unchanged."""
    return _made_of("causal")


@pytest.fixture(scope="session")
def seq2seq_model() -> Path:
    """The same as an encoder and a decoder, without a chat template."""
    return _made_of("seq2seq")


@pytest.fixture(scope="session")
def transformers_serve(causal_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A real server that speaks OpenAI's chat completions, over causal_model."""
    with serving(causal_model, tmp_path_factory.mktemp("transformers-serve")) as served:
        yield served


@pytest.fixture(scope="session")
def lora_adapter(causal_model: Path) -> Path:
    """For causal_model: it answers everything otherwise."""
    return _made_of("lora", causal_model)


def _made_of(kind: str, *base: Path) -> Path:
    folder = CACHE / f"tiny-{kind}"

    def made() -> None:
        from tests import models

        shutil.rmtree(folder, ignore_errors=True)
        getattr(models, kind)(folder, *base)
        (folder / "made").touch()

    _kept(folder / "made", ("tests/models.py", "training/parity.txt"), made)
    return folder


def _kept(file: Path, sources: Sequence[str], make: Callable[[], None]) -> None:
    """Make the file unless it is there and newer than all that it is made by."""
    newest = max((ROOT / source).stat().st_mtime for source in sources)
    CACHE.mkdir(parents=True, exist_ok=True)
    with FileLock(CACHE / "lock"):
        if not file.is_file() or file.stat().st_mtime < newest:
            make()


@pytest.fixture(scope="session")
def embedder(model_folder: Path) -> Embedder:
    return Embedder(model_folder)


@pytest.fixture
def compute() -> Iterator[Compute]:
    made = Compute()
    yield made
    made.close()


@pytest.fixture
def home(tmp_path: Path, model_folder: Path, migrated: Path) -> Path:
    """An installation's directory that has the exported model, an empty database, and nothing else."""
    folder = tmp_path / "home"
    (folder / "models").mkdir(parents=True)
    (folder / "models" / EXPORTED).symlink_to(model_folder)
    shutil.copyfile(migrated, folder / "answerloop.db")
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
