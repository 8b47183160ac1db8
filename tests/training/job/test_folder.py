"""What a run has finished, and which run is gone on with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rag_core.settings import Settings
from training.job.folder import ATTEMPTS, JOB, RESUMES_WITHIN, RunFolder, fingerprint_of, folders, open_run


def test_what_a_step_said_is_there_when_the_folder_is_read_again(tmp_path: Path) -> None:
    begun = RunFolder.begin(tmp_path, "r1", "s")
    begun.finish("data", {"train": 3})
    read = RunFolder.read(begun.path)
    assert read is not None
    assert (read.finished("data"), read.finished("retriever")) == ({"train": 3}, None)
    assert (read.id, read.release, read.ended) == (begun.path.name, "r1", "")


def test_an_interrupted_run_is_gone_on_with(tmp_path: Path) -> None:
    begun = RunFolder.begin(tmp_path, "r1", "s")
    going_on, given_up = open_run(tmp_path, "r1", "s")
    assert (going_on.id, going_on.attempts, given_up) == (begun.id, 2, [])


@pytest.mark.parametrize(
    ("release", "settings", "fresh"), [("r2", "s", False), ("r1", "t", False), ("r1", "s", True)]
)
def test_under_another_release_or_other_settings_or_when_told_so_it_is_given_up(
    tmp_path: Path, release: str, settings: str, fresh: bool
) -> None:
    """What it had finished is of a world that is gone."""
    begun = RunFolder.begin(tmp_path, "r1", "s")
    new, given_up = open_run(tmp_path, release, settings, fresh)
    assert new.id != begun.id
    assert [one.id for one in given_up] == [begun.id]


def test_a_run_that_ended_is_left_alone(tmp_path: Path) -> None:
    begun = RunFolder.begin(tmp_path, "r1", "s")
    begun.end("refused")
    new, given_up = open_run(tmp_path, "r1", "s")
    assert new.id != begun.id
    assert given_up == []


def test_one_that_is_old_or_was_interrupted_again_and_again_is_given_up(tmp_path: Path) -> None:
    """What ends its process may be in it."""
    begun = RunFolder.begin(tmp_path, "r1", "s")
    assert begun.goes_on("r1", "s", datetime.now(UTC))
    assert not begun.goes_on("r1", "s", datetime.now(UTC) + RESUMES_WITHIN + timedelta(minutes=1))
    for _ in range(ATTEMPTS):
        begun.again()
    assert not begun.goes_on("r1", "s", datetime.now(UTC))


def test_what_was_killed_before_it_had_a_state_is_removed_and_what_is_not_ours_is_not(tmp_path: Path) -> None:
    half = tmp_path / "training" / "20260101-000000-abcd"
    other = tmp_path / "training" / "notes"
    damaged = tmp_path / "training" / "20260101-000001-abcd"
    for folder in (half, other, damaged):
        folder.mkdir(parents=True)
    (damaged / JOB).write_text("{")
    assert folders(tmp_path) == []
    open_run(tmp_path, "r1", "s")
    assert [folder.exists() for folder in (half, other, damaged)] == [False, True, True]


def test_settings_that_change_what_is_learned_change_the_fingerprint(tmp_path: Path) -> None:
    """The port of the chat page does not."""
    plain = Settings(home=tmp_path)
    other = plain.model_copy(update={"training": plain.training.model_copy(update={"min_rows": 3})})
    page = plain.model_copy(update={"web": plain.web.model_copy(update={"port": 1})})
    assert fingerprint_of(plain) == fingerprint_of(page) != fingerprint_of(other)
