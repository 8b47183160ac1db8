"""`answerloop golden`, as a person runs it: in a process of its own, on an installation of its own."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.place import Place, made

QUESTION = "How many vacation days are there?"


@pytest.fixture
def place(tmp_path: Path, model_folder: Path) -> Place:
    """Whose documents may be changed."""
    return made(tmp_path, model_folder)


def test_golden_questions_are_added_checked_and_removed(place: Place) -> None:
    """A passage is chosen by its rank; the active release must keep what it passed, exit code 1 tells that it did not."""
    assert place.run("ingest", "handbook").returncode == 0
    offered = place.run("golden", "add", QUESTION)
    assert (offered.returncode, " 1  " in offered.stderr, "choose with --rank" in offered.stderr) == (
        1,
        True,
        True,
    )
    id = place.json("golden", "add", QUESTION, "--rank", "1")["id"]
    other = place.json("golden", "add", "Who painted the Mona Lisa?", "--abstain")["id"]
    checked = place.run("golden", "check", "--json")
    assert checked.returncode == 0, checked.stderr
    told = json.loads(checked.stdout)
    assert (told["release"], told["passed"], told["failed"], told["lost"]) == ("r1", 2, 0, [])
    listed = place.json("golden", "list")["golden_questions"]
    assert [(one["id"], bool(one["expected"])) for one in listed] == [(id, True), (other, False)]
    (place.path / "handbook" / "leave.md").write_text("Nothing at all.\n")
    assert place.run("ingest").returncode == 0
    lost = place.run("golden", "check")
    assert (lost.returncode, "1 of 2 passed, 1 lost" in lost.stdout) == (1, True), lost.stdout + lost.stderr
    assert place.run("golden", "check").returncode == 0  # it is not lost again
    assert place.json("golden", "remove", id) == {"removed": id}


def test_an_index_that_loses_one_is_built_and_not_put_in_force(place: Place) -> None:
    """What it loses is named. Once the active release passes that no more, the index is promoted as it was built."""
    assert place.run("ingest", "handbook").returncode == 0
    id = place.json("golden", "add", QUESTION, "--rank", "1")["id"]
    document = place.path / "handbook" / "leave.md"
    kept = document.read_text(encoding="utf-8")
    document.write_text("Nothing at all.\n", encoding="utf-8")
    refused = place.run("ingest", "--rebuild")
    assert refused.returncode == 1
    for said in (
        "r2 was built and does not answer: it loses golden questions that r1 passes",
        f"{QUESTION} ({id})",
        "`answerloop releases promote r2`",
    ):
        assert said in refused.stderr
    assert _active(place) == "r1"
    assert place.run("releases", "promote", "r2").returncode == 1
    assert place.run("ingest").returncode == 0  # now r1 has lost it, too
    assert place.run("releases", "promote", "r2").returncode == 0
    assert _active(place) == "r2"
    document.write_text(kept, encoding="utf-8")
    rebuilt = place.run("ingest", "--rebuild")
    assert (rebuilt.returncode, _active(place)) == (0, "r3"), rebuilt.stderr


def _active(place: Place) -> str:
    [active] = [one["release"] for one in place.json("releases", "list")["releases"] if one["active"]]
    return str(active)


def test_what_is_exported_is_imported_elsewhere(copied: Place) -> None:
    """The same bytes come out again; a wrong line is named, and nothing is imported."""
    copied.json("golden", "add", QUESTION, "--rank", "1", "--scope", "public", "--answer", "27")
    copied.json("golden", "add", "Who painted the Mona Lisa?", "--abstain")
    assert copied.run("golden", "export", "golden.jsonl").returncode == 0
    kept = (copied.path / "golden.jsonl").read_text(encoding="utf-8")
    assert len(kept.splitlines()) == 2
    assert copied.json("golden", "import", "golden.jsonl") == {"imported": 2, "new": 0}
    elsewhere = {"ANSWERLOOP_HOME": str(copied.path / "elsewhere")}
    assert copied.json("golden", "import", "golden.jsonl", **elsewhere) == {"imported": 2, "new": 2}
    assert copied.run("golden", "export", **elsewhere).stdout == kept
    (copied.path / "golden.jsonl").write_text(kept + '{"question": "x?"}\n', encoding="utf-8")
    refused = copied.run("golden", "import", "golden.jsonl", ANSWERLOOP_HOME=str(copied.path / "third"))
    assert (refused.returncode, refused.stderr) == (1, "Line 3: expected: it is missing.\n")


def test_a_release_or_an_answer_that_is_not_there_is_named(copied: Place) -> None:
    for arguments, said in (
        (("check", "--release", "r9"), "There is no release r9; there are r1."),
        (("add", "--from-answer", "zzz"), "There is no answer zzz."),
        (("add", QUESTION, "--rank", "99"), "rank: 99 is none of the"),
        (("add", QUESTION, "--rank", "1", "--abstain"), "give one of"),
        (("remove", "zzz"), "There is no golden question zzz; see the list"),
    ):
        done = copied.run("golden", *arguments)
        assert (done.returncode, said in done.stderr) == (1, True), done.stderr


def test_a_recorded_answer_becomes_a_golden_question(copied: Place) -> None:
    """With its question, what it cites, and what its asker might read."""
    assert copied.run("ask", QUESTION).returncode == 0
    with closing(sqlite3.connect(copied.home / "answerloop.db")) as database:
        [(answer,)] = database.execute("SELECT id FROM answers").fetchall()
    copied.json("golden", "add", "--from-answer", answer)
    [entry] = copied.json("golden", "list")["golden_questions"]
    assert (entry["question"], entry["scopes"], entry["from_answer"]) == (QUESTION, None, answer)
    assert entry["expected"]
