"""A dataset in files, and what becomes of it when a person is forgotten."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from rag_core.errors import DocumentError, NotFound
from rag_core.records.database import open_database
from rag_core.records.exchange.removing import remove_from_files
from rag_core.records.people.pseudonyms import Pseudonyms
from tests.training.dataset.toys import example
from training.dataset.drops import Dropped
from training.dataset.files import (
    Dataset,
    datasets_folder,
    fingerprint,
    read,
    read_parts,
    write,
    write_parts,
)

MADE = Dataset(
    (
        example("How long?", "d/a#0", wrong=["d/b#0"], answer="Ten [1].\u2028\ud83d\ude42", scopes=None),
        example("Where?", "d/b#0", part="validation", by="discord:otto"),
        example("Who?", "d/c#0", part="test", by=""),
    ),
    (example("The general rule", "d/g#0", source="heading", part="test"),),
    (Dropped("a reason", example("Dropped?", by="web:dora")),),
    ("A note.",),
    ("d/b",),
    7,
)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """All of it, and nobody else can read it."""
    folder = write(tmp_path, "run1", MADE)
    assert folder == tmp_path / "datasets" / "run1"
    assert read(folder) == MADE
    files = sorted(folder.iterdir())
    assert [file.name for file in files] == [
        "dropped.jsonl", "general.jsonl", "manifest.json", "test.jsonl", "train.jsonl", "validation.jsonl",
    ]  # fmt: skip
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_manifest_counts_and_holds_nobodys_words(tmp_path: Path) -> None:
    """Forgetting reads the lines of *.jsonl alone."""
    file = write(tmp_path, "run1", MADE) / "manifest.json"
    manifest = json.loads(file.read_text())
    assert manifest["counts"]["train.review"] == manifest["counts"]["general"] == 1
    assert (manifest["dropped"], manifest["fingerprint"]) == ({"a reason": 1}, fingerprint(MADE))
    assert not any(words in file.read_text() for words in ("How long", "Dropped?", "rita", "dora"))


def test_the_same_rows_have_the_same_fingerprint(tmp_path: Path) -> None:
    """Also after they were read."""
    assert fingerprint(read(write(tmp_path, "run1", MADE))) == fingerprint(MADE)
    assert fingerprint(Dataset(MADE.examples[:2])) != fingerprint(MADE)


def test_a_dataset_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    """What fails on its way leaves the one before."""
    write(tmp_path, "run1", MADE)
    with pytest.raises(TypeError):
        write(tmp_path, "run1", Dataset((example("x", answer=object()),)))
    assert read(datasets_folder(tmp_path) / "run1") == MADE
    assert [path.name for path in datasets_folder(tmp_path).iterdir()] == ["run1"]


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    """With its file; so is what is missing."""
    folder = write(tmp_path, "run1", MADE)
    for damage in (
        "{",
        "[]",
        '{"question": "x"}',
        '{"question": "x", "origin": {"source": "gossip", "id": "1"}}',
    ):
        with (folder / "train.jsonl").open("a") as file:
            file.write(damage + "\n")
        with pytest.raises(DocumentError, match=r"train\.jsonl, line 2 is no row"):
            read(folder)
        write(tmp_path, "run1", MADE)
    (folder / "general.jsonl").unlink()
    with pytest.raises(NotFound, match=r"general\.jsonl"):
        read(folder)
    (folder / "manifest.json").write_text("{}")
    with pytest.raises(DocumentError, match="anew"):
        read(folder)
    with pytest.raises(NotFound):
        read(tmp_path / "nowhere")


def test_parts_are_kept_by_hashes(tmp_path: Path) -> None:
    """A damaged file is refused: a question that was measured on could be learned from."""
    assert read_parts(tmp_path) == {}
    write_parts(tmp_path, {"b" * 32: "test", "a" * 32: "train"})
    assert read_parts(tmp_path) == {"a" * 32: "train", "b" * 32: "test"}
    file = datasets_folder(tmp_path) / "parts.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    for damage in ("{", "[]", '{"a": "exam"}'):
        file.write_text(damage)
        with pytest.raises(DocumentError, match="restore"):
            read_parts(tmp_path)


async def test_whoever_is_forgotten_is_found_in_every_row(home: Path) -> None:
    """As asker, reviewer, or person whose words were dropped; the others' rows stay."""
    folder = write(home, "run1", MADE)
    database = await open_database(f"sqlite+aiosqlite:///{home}/answerloop.db")
    names = await Pseudonyms.of(database)
    left = {}
    for platform, user in (("discord", "otto"), ("web", "dora"), ("web", "rita"), ("slack", "U1")):
        await remove_from_files(database, home, platform, user, names)
        found = read(folder)
        left[user] = [one.question for one in found.examples], len(found.dropped), len(found.general)
    await database.dispose()
    assert left == {
        "otto": (["How long?", "Who?"], 1, 1),
        "dora": (["How long?", "Who?"], 0, 1),
        "rita": (["Who?"], 0, 0),
        "U1": ([], 0, 0),
    }
