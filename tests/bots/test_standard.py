"""`answerloop standard`, as a person runs it: in a process of its own, on an installation of its own."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from bots.cli import app
from rag_core.errors import AnswerloopError
from tests.place import Place, with_model


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Before anything is indexed: curating needs no model."""
    return Place(tmp_path)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, model_folder: Path) -> Place:
    """With a small handbook read, and a source of another scope."""
    path = tmp_path_factory.mktemp("installed")
    with_model(Place(path), model_folder)
    for folder, text in {
        "open": "You have 30 days of leave a year.",
        "closed": "Salaries are paid on the 25th.",
    }.items():
        (path / folder).mkdir()
        (path / folder / "page.md").write_text(f"# Page\n\n{text}\n", encoding="utf-8")
    (path / "answerloop.toml").write_text(
        '[[sources]]\nkind = "folder"\nname = "open"\npath = "open"\n'
        '[[sources]]\nkind = "folder"\nname = "closed"\npath = "closed"\nscope = "hr"\n'
        '[[access.rules]]\nplatform = "slack"\nuser = "U1"\nscopes = ["hr"]\n'
    )
    done = Place(path).run("ingest")
    assert done.returncode == 0, done.stderr
    return Place(path)


def test_one_is_added_shown_edited_and_removed(place: Place) -> None:
    """Each step tells what came of it, and who sees the answer."""
    added = place.said(
        "standard", "add", "--question", "VPN?", "--answer", "See [the page](https://x.example)."
    )
    id = added.split()[1].strip(":")
    assert added == f"Added {id}: for everybody, in all channels.\n"
    shown = place.said("standard", "show", id)
    assert "See the page [1]." in shown
    assert "[1] the page https://x.example" in shown
    assert "Given 0 times." in shown
    edited = place.object(
        "standard", "edit", id, "--platform", "slack", "--channel", "C1", "--scope", "hr", "--disable"
    )
    assert (edited["channels"], edited["scopes"], edited["enabled"]) == (["C1"], ["hr"], False)
    assert (edited["questions"], edited["answer"]) == (["VPN?"], "See [the page](https://x.example).")
    emptied = place.object(
        "standard", "edit", id, "--channel", "", "--platform", "", "--scope", "", "--enable"
    )
    assert (emptied["channels"], emptied["platform"], emptied["scopes"], emptied["enabled"]) == (
        [],
        "",
        [],
        True,
    )
    assert re.search(rf"{id} +│ VPN\? +│ exact +│ all channels", place.said("standard", "list"))
    assert place.said("standard", "remove", id) == f"Removed {id}.\n"
    assert place.said("standard", "list").startswith("There are no standard answers")
    assert "There is no standard answer" in place.refused("standard", "show", id)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--answer", "x"], "questions: there is none"),
        (["--question", "q"], "answer: it is missing"),
        (
            ["--question", "q", "--answer", "[x](javascript:y)"],
            "answer: the link to javascript:y cannot be shown",
        ),
        (["--pattern", "*", "--answer", "x"], "pattern: '*' has no word"),
        (["--question", "q", "--answer", "x", "--threshold", "0.5"], "threshold: 0.5 is not between"),
        (["--question", "q", "--answer", "x", "--channel", "C1"], "platform: channels are named"),
        (["--question", "q", "--answer-file", "missing.md"], "missing.md cannot be read: No such file"),
        (["--from-answer", "unknown"], "There is no answer 'unknown'"),
    ],
)
def test_what_is_wrong_is_a_sentence(tmp_path: Path, arguments: list[str], why: str) -> None:
    """It names the field; nothing is kept. In this process, as only the error is looked at."""

    def run(*words: str) -> Result:
        return CliRunner().invoke(app, ["--home", str(tmp_path / "home"), "standard", *words])

    refused = run("add", *arguments).exception
    assert isinstance(refused, AnswerloopError)
    assert why in str(refused)
    assert json.loads(run("list", "--json").stdout) == {"standard_answers": []}


def test_exported_and_imported_they_are_the_same(
    place: Place, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Into another installation; a mistake on one line imports none."""
    place.said(
        "standard",
        "add",
        "--question",
        "é?",
        "--answer",
        "Oui\u2028oui.\x85",
        "--match",
        "semantic",
        "--threshold",
        ".9",
    )
    place.said("standard", "add", "--pattern", "* vpn *", "--answer", "x", "--scope", "hr", "--author", "ada")
    exported = place.said("standard", "export")
    place.said("standard", "export", "all.jsonl")
    file = place.path / "all.jsonl"
    assert file.read_text(encoding="utf-8") == exported
    other = Place(tmp_path_factory.mktemp("other"))
    (other.path / "bad.jsonl").write_text(exported + '{"answer": "x"}\n', encoding="utf-8")
    assert other.refused("standard", "import", "bad.jsonl").startswith("Line 3: questions: there is none")
    assert other.said("standard", "export") == ""
    assert other.said("standard", "import", str(file)) == f"Imported 2 from {file}.\n"
    assert other.said("standard", "export") == exported


def test_an_answer_becomes_a_standard_answer_by_one_command(installed: Place) -> None:
    """With its question, its citations and the scope of what it cites; when that changes, the list says so."""
    for question, scope in (
        ("How many days of leave are there?", "public"),
        ("When are salaries paid?", "hr"),
    ):
        asked = installed.object("ask", question)
        assert not asked["abstained"]
        made = installed.object("standard", "add", "--from-answer", asked["answer_id"])
        assert (made["questions"], made["scopes"]) == ([question], [scope])
        assert (made["answer"], made["from_answer"]) == (asked["answer"], asked["answer_id"])
        assert made["source_changed"] == []
    (installed.path / "closed" / "page.md").write_text("# Page\n\nSalaries are paid on the 26th.\n")
    assert installed.run("ingest").returncode == 0
    listed = installed.said("standard", "list")
    assert [("source changed" in line) for line in listed.splitlines() if "?" in line] == [False, True]
    assert "Source changed: Page: what was quoted" in installed.said("standard", "show", made["id"])


def test_a_question_can_be_tried(installed: Place) -> None:
    """Which would be given, where and to whom; what is like it is told with the reason why it is not."""
    added = [
        installed.object("standard", "add", *more, "--answer", "x")["id"]
        for more in (
            ["--question", "How do I reset the router?", "--match", "semantic"],
            ["--pattern", "* reset * router *", "--scope", "hr", "--platform", "slack", "--channel", "C1"],
        )
    ]
    asked = "Hi, how can I reset the router?"
    told = installed.object("standard", "test", asked)
    assert told["given"] == added[0]
    assert [each["kind"] for each in told["alike"]] == ["pattern", "semantic"]
    assert told["alike"][0]["not_given"] == ["it holds in slack C1"]
    assert 0.85 <= told["alike"][1]["cosine"] < 1
    there = installed.object(
        "standard", "test", asked, "--platform", "slack", "--channel", "C1", "--user", "U1"
    )
    assert (there["given"], there["alike"][0]["not_given"]) == (added[0], ["it needs hr"])
    installed.said("standard", "edit", added[1], "--channel", "")
    alone = installed.said("standard", "test", asked, "--platform", "slack", "--user", "U1")
    assert alone.startswith(f"Given: {added[1]}\n")
    assert f"{added[1]} goes before it" in alone
    assert installed.said("standard", "test", "What else?") == "No standard answer is given.\n"
