"""`answerloop store copy`, as a person runs it. The Weaviate is our stand-in."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from typer.testing import CliRunner

from bots.cli import app
from rag_core.bootstrap import open_records
from rag_core.errors import Busy, NotReady, SettingsError, Unavailable
from rag_core.index.embedding import ModelCard
from rag_core.index.stores.opening import open_lance, open_store, open_weaviate
from rag_core.records.index.releases import Release, Releases
from rag_core.settings import Settings, Store
from tests import commands
from tests.conformance.rows import DIMENSION, count, found, row
from tests.servers.weaviate_process import WeaviateProcess


@pytest.fixture(scope="module")
def server() -> Iterator[WeaviateProcess]:
    with WeaviateProcess(api_key="right") as started:
        yield started


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


@pytest.fixture
async def release(settings: Settings) -> Release:
    """Active, with an index of three passages."""
    async with open_records(settings) as database:
        made = await Releases(database).add("model", ModelCard(name="model", dimension=DIMENSION, window=256))
        await Releases(database).activate(made.id)
    async with open_store(settings, made) as store:
        await store.replace(["a", "b"], [row("a", 0, "one"), row("a", 1, "two"), row("b", 0, "three")])
    return made


def run(settings: Settings, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    words = ["--home", str(settings.home), "store", "copy", *arguments]
    return commands.run(words, settings.home, variables={"COLUMNS": "300", **variables})


def way_in(server: WeaviateProcess, key: str = "right") -> dict[str, str]:
    return {"ANSWERLOOP_STORE__GRPC_PORT": str(server.grpc_port), "ANSWERLOOP_STORE__API_KEY": key}


def test_the_index_is_copied_to_a_server_and_back(
    settings: Settings, release: Release, server: WeaviateProcess, tmp_path: Path
) -> None:
    """Counts and the next step are told, as JSON or as a sentence; the settings decide as before which store is used."""
    done = run(settings, "--to", server.url, "--json", **way_in(server))
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["passages"], said["resumed"], said["index"]) == (3, False, release.index_name)
    assert f'url = "{server.url}"' in said["next"]
    folder = tmp_path / "elsewhere"
    back = run(settings, "--from", server.url, "--to", str(folder), **way_in(server))
    assert back.returncode == 0, back.stderr
    assert back.stdout.startswith(f"Copied 3 passages to {folder}.")
    assert str(settings.home / "index") in back.stdout
    assert "right" not in done.stdout + done.stderr + back.stdout + back.stderr


async def test_copies_hold_what_the_index_holds(
    settings: Settings, release: Release, server: WeaviateProcess, tmp_path: Path
) -> None:
    """And opening the store by the settings afterwards finds it there."""
    await asyncio.to_thread(within, settings, server.url, way_in(server))
    await asyncio.to_thread(within, settings, str(tmp_path / "folder"), {})
    there = Store(url=server.url, grpc_port=server.grpc_port, api_key="right")
    remote = settings.model_copy(update={"store": there})
    async with open_store(remote, release) as store:
        assert await found(store) == {"a#0": "one", "a#1": "two", "b#0": "three"}
    async with open_lance(tmp_path / "folder", release.index_name, DIMENSION) as store:
        assert await count(store) == 3
    async with open_weaviate(remote, release.index_name, DIMENSION) as store:
        assert await count(store) == 3


@pytest.mark.parametrize(
    ("to", "key", "error", "message"),
    [
        ("{index}", "right", SettingsError, "--to names the store that is copied from"),
        ("ftp://host", "right", SettingsError, "expected the address of a server"),
        ("http://u:secret1@host", "right", SettingsError, "secrets come from the environment"),
        ("{server}", "wrong", SettingsError, "ANSWERLOOP_STORE__API_KEY"),
        ("http://127.0.0.1:9", "right", Unavailable, "http://127.0.0.1:9"),
    ],
)
def test_mistakes_are_told(
    settings: Settings,
    release: Release,
    server: WeaviateProcess,
    to: str,
    key: str,
    error: type,
    message: str,
) -> None:
    """The same place twice, a wrong address, a wrong key, no server."""
    with pytest.raises(error, match=re.escape(message)):
        within(settings, to.format(index=settings.home / "index", server=server.url), way_in(server, key))


def test_a_folder_to_copy_from_must_be_there(settings: Settings, release: Release, tmp_path: Path) -> None:
    """And is not made by asking for it."""
    arguments = [
        "--home",
        str(settings.home),
        "store",
        "copy",
        "--from",
        str(tmp_path / "x"),
        "--to",
        str(tmp_path / "y"),
    ]
    with pytest.raises(SettingsError, match="is no folder"):
        CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert not (tmp_path / "x").exists()


def test_one_copies_while_nobody_writes(
    settings: Settings, release: Release, server: WeaviateProcess
) -> None:
    """An ingest that runs is waited for by the person, not by the command."""
    with (
        FileLock(settings.home / "ingest.lock"),
        pytest.raises(Busy, match="Another process is synchronising"),
    ):
        within(settings, server.url, way_in(server))


def test_without_a_release_there_is_nothing_to_copy(tmp_path: Path) -> None:
    """The message says what comes first."""
    with pytest.raises(NotReady, match="answerloop ingest"):
        within(Settings(home=tmp_path), "http://127.0.0.1:9", {})


def within(settings: Settings, to: str, variables: dict[str, str]) -> None:
    """The command within this process."""
    arguments = ["--home", str(settings.home), "store", "copy", "--to", to]
    CliRunner().invoke(app, arguments, env=variables, catch_exceptions=False)
