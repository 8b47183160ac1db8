"""`answerloop calibrate`, on votes that were recorded as the bot records them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from bots.cli import app
from rag_core.bootstrap import open_records
from rag_core.generation.calibration import Calibration, Scale
from rag_core.generation.opening import CALIBRATION
from rag_core.records.feedback.recording import Feedback
from rag_core.settings import Settings
from rag_core.types import Principal, Question, Vote
from tests.fakes import an_answer

Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """run(*words): what the command prints, with a home of its own."""
    monkeypatch.chdir(tmp_path)

    def invoke(*words: str) -> str:
        result = CliRunner().invoke(
            app, ["--home", str(tmp_path / "home"), "calibrate", *words], catch_exceptions=False
        )
        assert result.exit_code == 0
        return result.stdout

    return invoke


def voted(
    home: Path,
    count: int,
    scale: Scale,
    generator: str = "extractive",
    version: str = "7c1f",
    start: int = 0,
    abstained: bool = False,
) -> None:
    """So many answers with a vote each, right as often as their confidence says once it is corrected by the scale."""

    async def record() -> None:
        rng = np.random.default_rng(start)
        async with open_records(Settings(home=home)) as database:
            feedback = Feedback(database)
            for n in range(start, start + count):
                confidence = float(rng.uniform(0.1, 0.9))
                asked = Question(f"Question {n}?", Principal("web", "ada"))
                answer = an_answer(f"a{n}", confidence=confidence, generator=generator, abstained=abstained)
                await feedback.record_answer(
                    asked, answer, passages=[], scopes=None, generation=1, generator_version=version
                )
                value = 1 if rng.random() < scale.corrected(confidence) else -1
                await feedback.record_vote(Vote(answer.id, "web", f"voter {n % 40}", value))

    asyncio.run(record())


def test_votes_become_a_correction_that_answers_are_given_with(run: Run, tmp_path: Path) -> None:
    """The table tells how sure and how right before and after; a plot shows it; the file is what serving reads."""
    voted(tmp_path / "home", 200, Scale(1.0, 1.5))
    said = run("--plot", "votes.svg")
    assert "held to be right" in said
    assert "It helps" in said
    assert "started again" in said
    assert b"<svg" in (tmp_path / "votes.svg").read_bytes()
    scale = Calibration.read(own=tmp_path / "home" / CALIBRATION).scale
    assert scale.intercept > 0.7


def test_a_trial_changes_nothing(run: Run, tmp_path: Path) -> None:
    voted(tmp_path / "home", 200, Scale(1.0, 1.5))
    told = json.loads(run("--dry-run", "--json"))
    assert (told["helps"], told["kept"], told["answers"]) == (True, False, 200)
    assert told["log_loss_after"] < told["log_loss_before"]
    assert not (tmp_path / "home" / CALIBRATION).exists()
    assert "this was a trial" in run("--dry-run")


def test_too_few_votes_are_said_and_change_nothing(run: Run, tmp_path: Path) -> None:
    """Which is no failure. A correction that is there stays."""
    voted(tmp_path / "home", 10, Scale())
    own = tmp_path / "home" / CALIBRATION
    own.write_text('{"slope": 1.1, "intercept": 0.2}', encoding="utf-8")
    assert "too few votes: 10 answers" in run()
    assert json.loads(run("--json"))["kept"] is False
    assert Calibration.read(own=own).scale == Scale(1.1, 0.2)


def test_a_correction_can_be_removed(run: Run, tmp_path: Path) -> None:
    """Also one that cannot be read."""
    own = tmp_path / "home" / CALIBRATION
    own.parent.mkdir()
    own.write_text("{", encoding="utf-8")
    assert "Removed" in run("--reset")
    assert not own.exists()
    assert json.loads(run("--reset", "--json")) == {"removed": False}


def test_only_votes_on_the_generator_in_use_are_learned_from(run: Run, tmp_path: Path) -> None:
    """What a language model wrote is right and wrong in other ways."""
    voted(tmp_path / "home", 40, Scale(), generator="openai:gpt")
    voted(tmp_path / "home", 3, Scale(), start=40)
    assert json.loads(run("--json"))["answers"] == 3


def test_votes_on_abstentions_are_left_out(run: Run, tmp_path: Path) -> None:
    """They do not say whether there was an answer to be found."""
    voted(tmp_path / "home", 40, Scale(), abstained=True)
    assert json.loads(run("--json"))["answers"] == 0


def test_votes_from_before_and_after_a_correction_are_one(run: Run, tmp_path: Path) -> None:
    """Confidences that were shown corrected are taken back first, so that calibrating again corrects nothing twice."""
    home, truth = tmp_path / "home", Scale(1.0, 1.2)
    voted(home, 300, truth)
    first = json.loads(run("--json"))
    mark = Scale(first["slope"], first["intercept"]).mark
    left = Scale(1.0, truth.intercept - first["intercept"])
    voted(home, 300, left, version=f"7c1f{mark}", start=300)
    again = json.loads(run("--json"))
    assert again["answers"] == 600
    assert again["intercept"] == pytest.approx(truth.intercept, abs=0.35)
