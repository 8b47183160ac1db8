"""An installation with documents read into it, for the tests of a module."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.place import Place, made


@pytest.fixture(scope="session")
def ingested(tmp_path_factory: pytest.TempPathFactory, model_folder: Path) -> Place:
    """After the first ingest; only ever copied."""
    place = made(tmp_path_factory.mktemp("ingested"), model_folder)
    done = place.run("ingest", "handbook")
    assert done.returncode == 0, done.stderr
    return place


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, ingested: Place) -> Place:
    """After the first ingest; shared by the tests that change nothing."""
    return copy_of(ingested, tmp_path_factory.mktemp("installed") / "copy")


@pytest.fixture
def copied(tmp_path: Path, ingested: Place) -> Place:
    """An installation of one's own."""
    return copy_of(ingested, tmp_path / "copy")


def copy_of(place: Place, folder: Path) -> Place:
    """A copy of the directory is all it takes; its source is still read from where it was."""
    return Place(Path(shutil.copytree(place.path, folder, symlinks=True)))
