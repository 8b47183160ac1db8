"""`answerloop feedback` and `answerloop forget`."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bots.cli import app
from rag_core.bootstrap import open_records
from rag_core.errors import InvalidEntry
from rag_core.records.feedback.recording import Feedback
from rag_core.settings import Settings
from rag_core.types import Principal, Question, Vote
from tests.fakes import an_answer

ADA = "U0ADA12345"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An installation with an answer and a vote."""
    asyncio.run(_filled(tmp_path / "home"))
    return tmp_path / "home"


async def _filled(home: Path) -> None:
    async with open_records(Settings(home=home)) as database:
        feedback = Feedback(database)
        asked = Question("How long?", Principal("slack", ADA, "T1", "C1"))
        await feedback.record_answer(asked, an_answer(), passages=[], scopes=None, generation=1)
        await feedback.record_vote(Vote("a1", "slack", "U0BOB12345", -1))


def run(home: Path, *words: str, input: str | None = None) -> str:
    done = CliRunner().invoke(app, ["--home", str(home), *words], input=input)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.stdout


def test_what_is_exported_can_be_imported_elsewhere(home: Path, tmp_path: Path) -> None:
    """With a summary of what was done."""
    file = tmp_path / "feedback.jsonl"
    assert "1 answers, 1 votes, 1 reviews" in run(home, "feedback", "export", str(file))
    said = json.loads(run(tmp_path / "other", "feedback", "import", str(file), "--json"))
    assert said == {"added": {"answer": 1, "vote": 1, "review": 1}, "skipped": 0, "conflicts": 0, "named": []}
    assert "Added 0 rows; 3 were there already." in run(home, "feedback", "import", str(file))
    said = json.loads(
        run(home, "feedback", "export", str(file), "--what", "votes", "--since", "30d", "--json")
    )
    assert said["rows"] == {"vote": 1}
    run(home, "feedback", "export", str(file), "--anonymous")
    assert ADA not in file.read_text()


@pytest.mark.parametrize("words", [("--what", "vots"), ("--since", "yesterday")])
def test_what_cannot_be_exported_is_told(home: Path, tmp_path: Path, words: tuple[str, str]) -> None:
    with pytest.raises(InvalidEntry, match=words[0]):
        run(home, "feedback", "export", str(tmp_path / "f.jsonl"), *words)


def test_what_is_past_its_time_is_counted_and_removed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSWERLOOP_RETENTION__ANSWERS", "1d")
    assert json.loads(run(home, "feedback", "expire", "--dry-run", "--json"))["removed"]["answers"] == 0
    assert "answers: 0" in run(home, "feedback", "expire")


def test_a_person_is_forgotten_when_it_is_meant(home: Path, tmp_path: Path) -> None:
    """In the database and in what was exported; a trial changes nothing."""
    file = tmp_path / "feedback.jsonl"
    run(home, "feedback", "export", str(file))
    trial = json.loads(run(home, "forget", f"slack:{ADA}", "--dry-run", "--json"))
    assert (trial["rows"]["questions"], trial["files"][0]["rows"]) == (1, 3)
    assert ADA in file.read_text()
    run(home, "forget", f"slack:{ADA}", input="n\n")
    assert ADA in file.read_text()
    said = run(home, "forget", f"slack:{ADA}", "--yes")
    assert "database: questions" in said
    assert file.read_text() == ""
    assert "Nothing is kept" in run(home, "forget", f"slack:{ADA}", "--yes")
    with pytest.raises(InvalidEntry, match="names nobody"):
        run(home, "forget", ADA, "--yes")
