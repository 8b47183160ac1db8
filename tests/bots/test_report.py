"""`answerloop report`, as a person runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.place import HANDBOOK, Place, made
from tests.training.evaluate.conftest import write
from tests.training.report.made import LOST, a_run, begun


@pytest.fixture
def place(tmp_path: Path, model_folder: Path) -> Place:
    return made(tmp_path, model_folder)


def test_the_last_run_is_reported_unless_one_is_named(place: Place) -> None:
    """For a reader, and as JSON; `show` may be left out."""
    first = a_run(place.home, lost=(LOST,))
    last = begun(place.home, "r7")
    ids = sorted((first.id, last.id))
    assert place.object("report")["run"] == ids[-1]
    for words in (["report", first.id], ["report", "show", first.id]):
        said = place.said(*words)
        for shown in ("Nothing was promoted; r1 goes on answering.", "The gate", "nDCG@10", "near duplicate"):
            assert shown in said
        assert LOST not in said
    facts = place.object("report", first.id)
    assert (facts["state"], facts["base"], facts["release"]) == ("refused", "r1", "r2")
    assert [check["name"] for check in facts["checks"] if not check["passed"]] == ["golden"]


def test_a_plot_is_drawn_into_a_file(place: Place) -> None:
    """And a name that says no format is a mistake."""
    run = a_run(place.home)
    place.said("report", run.id, "--plot", "new/figures.svg")
    assert "nDCG@10" in (place.path / "new" / "figures.svg").read_text()
    done = place.run("report", "--plot", "figures.gif")
    assert done.returncode == 2
    assert "its name must end in .svg, .png, .pdf" in " ".join(done.stderr.replace("│", " ").split())


def test_what_is_not_there_is_said(place: Place) -> None:
    """With the names of what is."""
    assert "answerloop train" in place.refused("report")
    run = begun(place.home)
    assert f"the last ones are {run.id}" in place.refused("report", "20200101-000000-abcd")
    assert "There is nothing to draw" in place.refused("report", "--plot", "figures.svg")


def test_four_systems_are_compared_on_a_set(place: Place) -> None:
    """What cannot be run is said; a plot beside it; nothing is written to the installation but its models."""
    folder = place.path / "judged"
    (folder / "qrels").mkdir(parents=True)
    write(folder / "corpus.jsonl", [{"_id": n, "title": "", "text": t} for n, t in HANDBOOK.items()])
    write(folder / "queries.jsonl", [{"_id": "q1", "text": "How much leave is there?"}])
    write(folder / "answers.jsonl", [{"query_id": "q1", "answers": ["30 days"]}])
    (folder / "qrels" / "dev.tsv").write_text("q1\tleave.md\t1\n")
    done = place.run("report", "compare", "judged", "--split", "dev", "--plot", "four.svg")
    assert done.returncode == 0, done.stderr
    for shown in (
        "base model only",
        "retrieval only",
        "fine-tuning only",
        "both",
        "nDCG@10",
        "Nothing was trained",
    ):
        assert shown in done.stdout
    assert "No language model is configured" in " ".join(done.stdout.split())
    assert "retrieval only" in (place.path / "four.svg").read_text()
    found = place.json("report", "compare", "judged", "--split", "dev")["sets"][0]
    assert (found["set"], found["questions"], found["answered"]) == ("judged", 1, 1)
    assert [one["name"] for one in found["systems"] if one["measures"]] == [
        "base model only",
        "retrieval only",
    ]
    assert found["systems"][1]["measures"]["F1"]["low"] is None


def test_without_a_set_the_installations_own_questions_are_asked(place: Place) -> None:
    assert "No run has kept questions for testing yet" in place.refused("report", "compare")
