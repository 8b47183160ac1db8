"""A damaged index is found, named, and built anew from the sources by one command."""

from __future__ import annotations

import asyncio
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from rag_core.errors import AnswerloopError
from rag_core.index.stores import Row, VectorStore
from rag_core.index.stores.opening import open_lance
from rag_core.types import Passage, Place
from tests.place import COMMAND, HANDBOOK, made
from tests.place import Place as Installation

DIMENSION = 16
REBUILD = "`answerloop ingest --rebuild`"
LEAVE = "How many days of leave do I have?"


# --- the embedded store ------------------------------------------------------------------------------------------


def row(document: str, scope: str) -> Row:
    direction = np.random.default_rng(len(document)).normal(size=DIMENSION).astype(np.float32)
    text = f"beetle {document} words"
    passage = Passage(
        f"{document}#0", document, "source", scope, "Title", (), text, "https://e.example", Place()
    )
    return Row(passage, "Title", direction / np.linalg.norm(direction))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table with every kind of file: data, deletions, an index of each kind, versions."""
    folder = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("rag_core.index.stores.lance.INDEX_FROM", 300)
        asyncio.run(filled(folder))
    return folder


async def filled(folder: Path) -> None:
    async with open_lance(folder, "passages", DIMENSION) as store:
        for part in range(3):
            names = [f"{part}-{n}" for n in range(120)]
            await store.replace(names, [row(name, ("public", "hr")[len(name) % 2]) for name in names])
        await store.replace(["0-1", "1-2"], [])
        await store.optimize()
        await store.replace(["late"], [row("late", "public")])
        await store.replace(["2-3", "2-4"], [])


DAMAGE = {
    "deleted": lambda file: file.unlink(),
    "emptied": lambda file: file.write_bytes(b""),
    "zeroed": lambda file: file.write_bytes(bytes(file.stat().st_size)),
    "truncated": lambda file: file.write_bytes(file.read_bytes()[: file.stat().st_size // 2]),
}
KINDS = ("data/*.lance", "_deletions/*", "_indices/*/*.lance", "_indices/*/*.idx", "_versions/*.manifest")


async def read_through(folder: Path) -> int:
    """As `answerloop doctor` does: opening, both searches with and without scopes, and every row."""
    question = np.eye(DIMENSION, dtype=np.float32)[0]
    async with open_lance(folder, "passages", DIMENSION) as store:
        for scopes in (None, frozenset({"public"})):
            await store.fetch(await store.search(question, "beetle words", scopes, 50), scopes)
        return sum([len(page.rows) async for page in store.scan()])


async def test_an_index_that_is_whole_can_be_read_through(whole: Path) -> None:
    """The tests below can fail."""
    assert await read_through(whole) == 357
    assert all(list((whole / "passages.lance").glob(kind)) for kind in KINDS)


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("kind", KINDS)
async def test_damage_is_named_with_the_folder_and_the_command(
    whole: Path, tmp_path: Path, kind: str, damage: str
) -> None:
    """Whatever file it is, and however it was damaged: an error of ours, one sentence."""
    folder = tmp_path / "index"
    shutil.copytree(whole, folder)
    for file in (folder / "passages.lance").glob(kind):
        DAMAGE[damage](file)
    with pytest.raises(AnswerloopError) as caught:
        await read_through(folder)
    said = str(caught.value)
    assert str(folder) in said
    assert REBUILD in said
    assert "\n" not in said


async def test_writing_to_a_damaged_index_is_no_other_error(whole: Path, tmp_path: Path) -> None:
    """Nor is tidying it."""
    folder = tmp_path / "index"
    shutil.copytree(whole, folder)
    for file in (folder / "passages.lance").glob("data/*.lance"):
        DAMAGE["zeroed"](file)
    async with open_lance(folder, "passages", DIMENSION) as store:
        for work in (_replace, _optimize):
            with pytest.raises(AnswerloopError, match="--rebuild"):
                await work(store)


async def _replace(store: VectorStore) -> None:
    await store.replace(["0-5"], [row("0-5", "public")])


async def _optimize(store: VectorStore) -> None:
    await store.optimize()


# --- an installation ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ingested(tmp_path_factory: pytest.TempPathFactory, model_folder: Path) -> tuple[Installation, Path]:
    """After the first ingest; and how it was then."""
    installation = made(tmp_path_factory.mktemp("place"), model_folder)
    assert installation.run("ingest", "handbook").returncode == 0
    kept = tmp_path_factory.mktemp("kept") / "place"
    shutil.copytree(installation.path, kept, symlinks=True)
    return installation, kept


@pytest.fixture
def place(ingested: tuple[Installation, Path]) -> Installation:
    """The same directory for each test, as it was after the first ingest: its sources are known by their paths."""
    installation, kept = ingested
    shutil.rmtree(installation.path)
    shutil.copytree(kept, installation.path, symlinks=True)
    return installation


def tables(place: Installation) -> list[Path]:
    return sorted((place.home / "index").glob("*.lance"), key=lambda path: path.stat().st_ctime)


def destroy(place: Installation, how: str) -> None:
    (table,) = tables(place)
    if how == "removed":
        shutil.rmtree(table)
        return
    for file in table.glob(how):
        DAMAGE["zeroed"](file)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["data/*.lance", "removed"])
def test_every_command_names_it_and_one_repairs_it(place: Installation, how: str) -> None:
    """ask, doctor and ingest fail with the folder and the remedy, and without a traceback; the remedy works."""
    destroy(place, how)
    asked, checked, ingested = place.run("ask", LEAVE), place.run("doctor"), place.run("ingest")
    for done in (asked, checked):
        assert done.returncode == 1, done.stdout
        assert ".answerloop/index" in done.stdout + done.stderr
        assert REBUILD in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
    assert "Traceback" not in ingested.stderr
    assert place.run("ingest", "--rebuild").returncode == 0
    assert "30 days" in place.run("ask", LEAVE).stdout
    assert place.run("doctor").returncode == 0


@pytest.mark.slow
def test_an_index_that_went_back_in_time_is_found(place: Installation) -> None:
    """Without its newest version the store reads the one before: what was removed since would be answered from."""
    (place.path / "handbook" / "office.md").unlink()
    assert place.run("ingest").returncode == 0
    (table,) = tables(place)
    manifests = sorted((table / "_versions").glob("*.manifest"), key=lambda path: path.stat().st_mtime_ns)
    for manifest in manifests[2:]:
        manifest.unlink()
    done = place.run("doctor")
    assert done.returncode == 1, done.stdout
    assert re.search(r"index: .*(documents are missing or outdated|is empty)", done.stdout)


@pytest.mark.slow
def test_indexes_of_releases_before_the_previous_one_are_removed(place: Installation) -> None:
    """After a rebuild that succeeded; the previous one's stays."""
    first = tables(place)
    for _ in range(2):
        assert place.run("ingest", "--rebuild").returncode == 0
    assert len(tables(place)) == 2
    assert first[0] not in tables(place)
    (place.path / "handbook").rename(place.path / "away")
    kept = tables(place)
    assert place.run("ingest", "--rebuild").returncode == 1
    assert set(kept) <= set(tables(place))
    (place.path / "away").rename(place.path / "handbook")
    assert place.run("ingest", "--rebuild").returncode == 0
    assert len(tables(place)) == 2
    assert kept[-1] in tables(place)


@pytest.fixture
def address(place: Installation) -> Iterator[str]:
    with subprocess.Popen(
        [*COMMAND, "serve", "--only", "web", "--port", "0"], cwd=place.path, env=place.environment(), text=True,
        stdout=subprocess.PIPE, stderr=(place.path / "log").open("w"),
    ) as process:  # fmt: skip
        assert process.stdout is not None
        match = re.search(r"http://\S+", process.stdout.readline())
        assert match
        yield match[0]
        process.send_signal(signal.SIGTERM)


@pytest.mark.slow
def test_a_running_process_changes_over_to_the_rebuilt_index(place: Installation, address: str) -> None:
    """The index is damaged under it: askers are told that something went wrong, the log says what; after the rebuild it
    answers again, without a restart."""

    def ask(question: str = LEAVE) -> httpx.Response:
        return httpx.post(f"{address}/api/ask", json={"question": question}, timeout=20)

    assert "30 days" in ask().text
    destroy(place, "**/*.*")
    changed = place.path / "handbook" / "leave.md"
    changed.write_text(HANDBOOK["leave.md"].replace("30", "31"))
    assert place.run("ingest", "--rebuild").returncode == 0
    end = time.monotonic() + 60
    while "31 days" not in ask().text:
        assert time.monotonic() < end
        time.sleep(0.5)
    assert "Traceback" not in ask("Where is the office?").text
