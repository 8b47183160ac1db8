"""`answerloop evaluate answers`, as a person runs it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.place import HANDBOOK, Place, made
from tests.servers.language_model import LanguageServer
from tests.servers.language_model import Reply as Answered
from tests.training.evaluate.conftest import write

KEYS = {
    "exact_match", "f1", "rouge_l", "bleu", "answer_in_reply", "citation_precision",
    "abstention_precision", "abstention_recall", "coverage_at_80_precision", "coverage_at_90_precision",
}  # fmt: skip
"""The issue names these."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, model_folder: Path) -> Place:
    """A home with nothing but the model; shared, since measuring changes nothing."""
    return made(tmp_path_factory.mktemp("evaluating"), model_folder)


@pytest.fixture
def judged(tmp_path: Path) -> Path:
    """The handbook with two answered questions and two to decline."""
    folder = tmp_path / "judged"
    (folder / "qrels").mkdir(parents=True)
    write(folder / "corpus.jsonl", [{"_id": n, "title": "", "text": t} for n, t in HANDBOOK.items()])
    write(
        folder / "queries.jsonl",
        [{"_id": "q1", "text": "How much leave is there?"}, {"_id": "q2", "text": "Where in Porto?"}],
    )
    write(
        folder / "answers.jsonl",
        [{"query_id": "q1", "answers": ["30 days"]}, {"query_id": "q2", "answers": ["Rua do Farol 18"]}],
    )
    write(
        folder / "unanswerable.jsonl",
        [{"text": "Which planet has the most moons?"}, {"text": "Who wrote Faust?", "split": "dev"}],
    )
    (folder / "qrels" / "dev.tsv").write_text("q1\tleave.md\t1\nq2\toffice.md\t1\n")
    return folder


def test_evaluate_answers_measures_the_generator_on_a_set(place: Place, judged: Path, tmp_path: Path) -> None:
    """The last line is one object; each answer can be looked at; a plot shows how far to trust them."""
    answers, plot = tmp_path / "new" / "answers.jsonl", tmp_path / "plot.svg"
    result = place.json(
        "evaluate", "answers", str(judged), "--split", "dev", "--answers", str(answers), "--plot", str(plot)
    )
    assert set(result) >= KEYS
    assert (result["answer_in_reply"], result["citation_precision"], result["abstention_recall"]) == (1, 1, 1)
    assert (result["coverage_at_80_precision"], result["area_under_roc"]) == (0.5, 1)
    assert (result["answerable"], result["unanswerable"], result["generator"]) == (2, 2, "extractive")
    assert 0 < result["p50_ms"] <= result["p95_ms"]
    assert (result["tokens"], result["generator_failed"]) == (0, 0)
    rows = [json.loads(line) for line in answers.read_text(encoding="utf-8").splitlines()]
    assert [row["id"] for row in rows] == ["q1", "q2", "unanswerable-1", "unanswerable-2"]
    assert [row["abstained"] for row in rows] == [False, False, True, True]
    assert "80% precision" in plot.read_text(encoding="utf-8")
    assert [path.name for path in place.home.iterdir()] == ["models"]


def test_a_person_reads_a_table_with_every_measure(place: Place, judged: Path) -> None:
    """What the set cannot tell is a dash."""
    (judged / "unanswerable.jsonl").unlink()
    done = place.run("evaluate", "answers", str(judged), "--split", "dev", "--limit", "1")
    assert done.returncode == 0, done.stderr
    shown = dict(
        [cell.strip() for cell in line.strip("│").split("│")]
        for line in done.stdout.splitlines()
        if line.startswith("│")
    )
    assert set(shown) >= KEYS
    assert (shown["answerable"], shown["abstention_recall"], shown["f1"][:2]) == ("1", "–", "0.")


def test_questions_of_another_set_are_asked_as_strangers(place: Place, judged: Path, tmp_path: Path) -> None:
    """They count by themselves. A set of unanswerable questions alone will do."""
    alone = tmp_path / "alone"
    alone.mkdir()
    for name in ("corpus.jsonl", "unanswerable.jsonl"):
        (alone / name).write_bytes((judged / name).read_bytes())
    result = place.json(
        "evaluate", "answers", str(alone), "--split", "dev", "--strangers", str(judged), "--limit", "1"
    )
    assert (result["answerable"], result["unanswerable"], result["strangers"]) == (0, 1, 1)
    assert (result["f1"], result["abstention_recall"], result["abstained_on_strangers"]) == (None, 1, 0)


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--split", "test"], 1, "splits: dev."),
        (["--split", "dev", "--plot", "plot.gif"], 2, "its name must end in .svg, .png, .pdf"),
        (["--split", "dev", "--answers", "handbook"], 2, "handbook is a folder; name a file"),
        (["--split", "dev", "--strangers", "nowhere"], 1, "There is no nowhere/qrels/dev.tsv"),
    ],
)
def test_a_mistake_is_told_before_the_first_question(
    place: Place, judged: Path, options: list[str], code: int, said: str
) -> None:
    """As a sentence on standard error."""
    done = place.run("evaluate", "answers", str(judged), *options)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in " ".join(done.stderr.replace("│", " ").split())
    assert "answering" not in done.stderr


def test_a_set_without_answers_names_the_files_it_wants(place: Place, judged: Path) -> None:
    """And a plot needs to know what is right."""
    (judged / "answers.jsonl").unlink()
    done = place.run("evaluate", "answers", str(judged), "--split", "dev", "--plot", "plot.svg")
    assert done.returncode == 2
    assert "the set has no answers.jsonl" in " ".join(done.stderr.replace("│", " ").split())
    (judged / "unanswerable.jsonl").unlink()
    done = place.run("evaluate", "answers", str(judged), "--split", "dev")
    assert done.returncode == 1
    assert "has neither answers.jsonl nor unanswerable.jsonl" in done.stderr
    assert "Traceback" not in done.stderr


# --- with a language model ---------------------------------------------------------------------------------------


@pytest.fixture
def speaking(place: Place) -> Iterator[LanguageServer]:
    """An endpoint whose model knows one thing; the settings name it."""
    with LanguageServer(
        answering=lambda asked: Answered.text("You have 30 days of leave a year [1].")
    ) as server:
        settings = (
            f'[generator]\nkind = "openai"\nmodel = "scripted"\nbase_url = "{server.url}"\nretries = 0\n'
        )
        (place.path / "answerloop.toml").write_text(settings, encoding="utf-8")
        yield server
    (place.path / "answerloop.toml").unlink()


def test_a_language_model_is_measured_as_it_is_served(
    place: Place, judged: Path, speaking: LanguageServer
) -> None:
    """Its tokens are counted. It is asked every question, and what is not supported does not get through."""
    result = place.json("evaluate", "answers", str(judged), "--split", "dev")
    assert result["generator"] == "openai:scripted"
    assert len(speaking.asked) == 4
    assert result["tokens"] == result["prompt_tokens"] + result["answer_tokens"] > 4 * 9
    assert (result["generator_failed"], result["citation_support"]) == (0, 1)
    assert result["answer_in_reply"] >= 0.5
    assert result["f1"] > 0.2


def test_an_endpoint_that_is_down_is_counted(place: Place, judged: Path, speaking: LanguageServer) -> None:
    """The documents are quoted, and the table says how often."""
    speaking.stop()
    result = place.json("evaluate", "answers", str(judged), "--split", "dev")
    assert result["generator_failed"] == 4
    assert (result["answer_in_reply"], result["tokens"]) == (1, 0)
