"""What opening an installation promises, and that closing leaves nothing behind."""

from __future__ import annotations

import asyncio
import gc
import shutil
import threading
from pathlib import Path

import psutil
import pytest

from rag_core.bootstrap import Core, make_assistant, open_core, open_library, open_records
from rag_core.errors import Busy, NotReady, Unavailable
from rag_core.index.embedding import ModelCard
from rag_core.records.index.releases import Releases
from rag_core.settings import FolderSource, Settings
from rag_core.types import Principal, Question
from tests.conftest import EXPORTED


async def with_release(settings: Settings, model_folder: Path) -> None:
    async with open_records(settings) as database:
        releases = Releases(database)
        release = await releases.add(EXPORTED, ModelCard.read(model_folder))
        await releases.activate(release.id)


def compute_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("compute")]


async def test_a_new_home_has_nothing_to_answer_from(tmp_path: Path) -> None:
    """Without a release the message names the command to begin with; the home is made all the same."""
    with pytest.raises(NotReady, match="answerloop ingest FOLDER"):
        async with open_core(Settings(home=tmp_path / "deep" / "home")):
            pass
    assert (tmp_path / "deep" / "home").is_dir()
    assert compute_threads() == []


async def test_a_release_whose_model_is_gone_names_its_folder(settings: Settings, model_folder: Path) -> None:
    """A model deleted by hand is NotReady, and nothing stays open."""
    await with_release(settings, model_folder)
    shutil.rmtree(settings.home / "models")
    with pytest.raises(NotReady, match=f"{EXPORTED} holds no exported embedding model"):
        async with open_core(settings):
            pass
    assert compute_threads() == []


async def test_a_damaged_index_is_not_ready(settings: Settings, model_folder: Path) -> None:
    """It names the remedy, and nothing stays open."""
    await with_release(settings, model_folder)
    async with open_core(settings):
        pass
    for path in (settings.home / "index").glob("*.lance/_versions/*"):
        path.write_bytes(b"garbage" * 100)
    with pytest.raises(NotReady, match="answerloop ingest --rebuild"):
        async with open_core(settings):
            pass
    assert compute_threads() == []


async def test_a_home_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    """A path below a file is told with its name, as is one that the system refuses."""
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Unavailable, match=r"home directory .*file/home cannot be made"):
        async with open_records(Settings(home=tmp_path / "file" / "home")):
            pass
    with pytest.raises(Unavailable, match=r"/proc/answerloop"):
        async with open_records(Settings(home=Path("/proc/answerloop"))):
            pass


async def test_a_database_that_is_none_is_unavailable(tmp_path: Path) -> None:
    """A file that is no database is told, not overwritten."""
    (tmp_path / "answerloop.db").write_bytes(b"something else entirely" * 100)
    with pytest.raises(Unavailable, match="cannot be opened"):
        async with open_records(Settings(home=tmp_path)):
            pass
    assert (tmp_path / "answerloop.db").read_bytes().startswith(b"something else")


async def test_one_library_at_a_time(core: Core) -> None:
    """A second one is refused at once; the first one's end makes room."""
    async with open_library(core):
        with pytest.raises(Busy, match="Another process is synchronising"):
            async with open_library(core):
                pass
    async with open_library(core):
        pass


async def test_a_library_that_fails_makes_room_too(core: Core) -> None:
    """An error within releases the lock."""
    with pytest.raises(ZeroDivisionError):
        async with open_library(core):
            raise ZeroDivisionError
    async with open_library(core):
        pass


async def test_everything_is_closed(settings: Settings, model_folder: Path, tmp_path: Path) -> None:
    """After use no thread, task, process or open file of ours is left."""
    await with_release(settings, model_folder)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_text("# A\n\nThe office opens at nine.\n")
    source = FolderSource(name="docs", path=tmp_path / "docs")
    process = psutil.Process()
    before = {child.pid for child in process.children(recursive=True)}

    async def use() -> None:
        async with open_core(settings) as core:
            async with open_library(core) as library:
                await library.add(source)
                assert (await library.sync(source)).added == 1
            answer = await make_assistant(core).ask(
                Question("When does the office open?", Principal("console", "me"))
            )
            assert "nine" in answer.text
            assert compute_threads()

    await use()
    gc.collect()
    assert compute_threads() == []
    assert len(asyncio.all_tasks()) == 1
    left = {
        child.pid: child.cmdline() for child in process.children(recursive=True) if child.pid not in before
    }
    assert [c for c in left.values() if "resource_tracker" not in " ".join(c)] == []
    # A database's reader may close a moment after its connection.
    for _ in range(50):
        ours = [f.path for f in process.open_files() if f.path.startswith(str(settings.home))]
        if not ours:
            break
        await asyncio.sleep(0.02)
    assert ours == []


async def test_a_core_can_be_opened_beside_another(core: Core, settings: Settings) -> None:
    """A bot answers while an ingest of the same home has everything open."""
    async with open_core(settings) as other:
        assert other.release == core.release
        assert (await other.store.state()) == (await core.store.state())


async def test_another_release_than_the_active_one_can_be_opened(core: Core, settings: Settings) -> None:
    """A release that is being built has an index of its own, and is not yet the one that answers."""
    releases = Releases(core.database)
    candidate = await releases.add(EXPORTED, core.release.card)
    async with open_core(settings, candidate) as other:
        assert other.release.index_name != core.release.index_name
    assert (await releases.active()) == core.release
