"""Votes -> a correction of the confidence, on drawn installations of which the truth is known."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from rag_core.errors import Unavailable
from rag_core.generation.calibration import Calibration, Scale, logit
from training.calibrate_feedback import (
    ENOUGH,
    PER_PERSON,
    Judged,
    Row,
    calibrate_on,
    fit_scale,
    judged,
    write_scale,
)


def drawn(count: int, slope: float = 1.0, intercept: float = 0.0, seed: int = 0) -> list[Judged]:
    """Answers of an installation whose confidence has to be corrected by these two numbers to be true."""
    rng = np.random.default_rng(seed)
    confidences = 1 / (1 + np.exp(-rng.normal(0, 1.2, count)))
    true = Scale(slope, intercept)
    return [
        Judged(f"question {seed} {n}", float(c), float(rng.random() < true.corrected(float(c))), 1.0)
        for n, c in enumerate(confidences)
    ]


def vote(answer: str, person: str, value: int, confidence: float = 0.5, version: str = "") -> Row:
    return Row(answer, f"about {answer}", confidence, version, person, value)


def test_an_answers_votes_are_averaged() -> None:
    """Two for, one against; each answer counts once, however many voted."""
    one, other = judged([vote("a", "ada", 1), vote("a", "ben", 1), vote("a", "cy", -1), vote("b", "ada", -1)])
    assert one.right == pytest.approx(2 / 3)
    assert (one.weight, other.right, other.weight) == (1.0, 0.0, 1.0)


def test_one_persons_many_votes_count_as_a_bounded_number() -> None:
    """Nobody turns the correction alone by voting on everything."""
    many = judged([vote(f"a{n}", "ada", -1) for n in range(10 * PER_PERSON)])
    assert sum(v.weight for v in many) == pytest.approx(PER_PERSON)
    assert judged([vote("a", "ada", -1), vote("a", "ben", 1)])[0].right == 0.5


def test_a_confidence_is_taken_back_to_what_it_was_before_a_correction() -> None:
    """Votes from before and after a calibration are learned from together."""
    scale = Scale(1.3, -0.4)
    shown = scale.corrected(0.7)
    (one,) = judged([vote("a", "ada", 1, shown, f"0123abcd{scale.mark}")])
    assert one.confidence == pytest.approx(0.7, abs=1e-3)


def test_few_votes_move_little_and_many_find_the_truth() -> None:
    """The prior is that nothing is to be corrected."""
    few = fit_scale(drawn(8, 0.6, 1.0))
    many = fit_scale(drawn(4_000, 0.6, 1.0))
    assert abs(few.intercept) < 0.6
    assert many.slope == pytest.approx(0.6, abs=0.1)
    assert many.intercept == pytest.approx(1.0, abs=0.1)
    assert fit_scale([]) == Scale()


def test_the_order_of_answers_stays_whatever_the_votes_say() -> None:
    """Also where the sure answers are the ones voted down."""
    upside_down = [Judged(f"q{n}", n / 200, float(n < 100), 1.0) for n in range(1, 200)]
    assert fit_scale(upside_down).slope > 0


def test_a_correction_that_helps_is_kept() -> None:
    """An installation where answers are right much more often than the confidence says."""
    outcome = calibrate_on(drawn(200, 0.8, 1.5))
    assert outcome.kept
    assert outcome.scale.intercept > 0.8
    assert outcome.log_loss_after < outcome.log_loss_before
    assert outcome.error_after < outcome.error_before
    assert "helps" in outcome.reason


def test_where_the_confidence_is_right_already_it_is_left_alone() -> None:
    """Of twenty installations, at most a few are corrected by chance."""
    assert sum(calibrate_on(drawn(150, seed=seed)).kept for seed in range(20)) <= 3


def test_the_gain_is_measured_on_votes_that_were_not_learned_from() -> None:
    """All answers to one question are held out together: else a question asked often would vouch for itself."""
    repeated = [Judged(f"q{n % 5}", 0.5, float(n % 5 < 2), 1.0) for n in range(200)]
    assert set(calibrate_on(repeated).held_out) != {0.5}
    folds = {q: {p for v, p in zip(repeated, calibrate_on(repeated).held_out, strict=True) if v.question == q}
             for q in ("q0", "q1", "q2")}  # fmt: skip
    assert all(len(values) == 1 for values in folds.values())


@pytest.mark.parametrize(
    "votes",
    [[], drawn(ENOUGH - 1), [Judged(f"q{n}", 0.5, 1.0, 1.0) for n in range(100)]],
    ids=["none", "few", "all of one kind"],
)
def test_too_few_votes_are_refused_with_a_reason(votes: list[Judged]) -> None:
    outcome = calibrate_on(votes)
    assert not outcome.kept
    assert outcome.scale == Scale()
    assert f"too few votes: {len(votes)} answers" in outcome.reason


def test_what_is_written_is_what_answers_are_corrected_by(tmp_path: Path) -> None:
    """Nothing is left beside it; where it is not there, nothing is corrected."""
    path = tmp_path / "calibration.json"
    assert Calibration.read(own=path).scale == Scale()
    outcome = calibrate_on(drawn(200, 0.8, 1.5))
    write_scale(outcome, path)
    assert Calibration.read(own=path).scale == outcome.scale
    assert json.loads(path.read_text(encoding="utf-8"))["answers"] == 200
    assert [p.name for p in tmp_path.iterdir()] == ["calibration.json"]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="cannot be written"):
        write_scale(calibrate_on([]), tmp_path / "missing" / "calibration.json")


def test_a_marked_version_tells_its_correction_exactly() -> None:
    """To the three decimals that a fit has."""
    scale = fit_scale(drawn(100, 1.4, -0.7))
    assert Scale.marked(f"5f3c0a{scale.mark}") == scale
    assert Scale.marked("5f3c0a") == Scale.marked("") == Scale()
    assert logit(scale.uncorrected(scale.corrected(0.3))) == pytest.approx(logit(0.3))
