"""An installation with documents read into it, for the tests of a module."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.bots.test_cli import Place, made


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, model_folder: Path) -> Place:
    """After the first ingest; shared by the tests that change nothing."""
    place = made(tmp_path_factory.mktemp("installed"), model_folder)
    done = place.run("ingest", "handbook")
    assert done.returncode == 0, done.stderr
    return place


@pytest.fixture
def copied(tmp_path: Path, installed: Place) -> Place:
    """An installation of one's own: a copy of the directory is all it takes."""
    shutil.copytree(installed.path, tmp_path / "copy")
    return Place(tmp_path / "copy")
