"""Whether a confidence holds what it says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rag_core.errors import NotReady
from training.reliability import (
    Bin,
    calibration_error,
    coverage_at_precision,
    log_loss,
    reliability_bins,
    reliability_plot,
)


def test_a_bin_tells_how_sure_and_how_right_its_answers_are() -> None:
    """Bins of equal width; those without an answer are left out; a confidence of one is in the last."""
    bins = reliability_bins([0.02, 0.04, 0.55, 1.0], [0, 1, 1, 1])
    assert bins[0] == Bin(0.0, 0.1, 2, pytest.approx(0.03), 0.5)
    assert [(b.low, b.count, b.right) for b in bins[1:]] == [(0.5, 1, 1.0), (0.9, 1, 1.0)]


def test_the_calibration_error_weighs_each_bin_by_its_answers() -> None:
    """Three answers that are off by .25 and one by .5."""
    assert calibration_error([0.75] * 3 + [0.5], [1, 1, 1, 1]) == pytest.approx((3 * 0.25 + 0.5) / 4)
    assert calibration_error([], []) == 0.0


def test_a_confidence_that_is_the_share_of_right_answers_has_no_error() -> None:
    """Drawn from it: what remains is chance."""
    rng = np.random.default_rng(0)
    p = rng.random(20_000)
    assert calibration_error(p.tolist(), (rng.random(20_000) < p).tolist()) < 0.02


def test_coverage_is_the_most_that_can_be_answered_at_a_precision() -> None:
    """The surest first, also past a wrong one, as long as the share of right ones recovers."""
    confidences = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4]
    right = [1, 0, 1, 1, 1, 0]
    assert coverage_at_precision(confidences, right, 0.8) == pytest.approx(5 / 6)
    assert coverage_at_precision(confidences, right, 0.9) == pytest.approx(1 / 6)
    assert coverage_at_precision(confidences, [0] * 6, 0.5) == 0.0
    assert coverage_at_precision([], [], 0.8) == 0.0


def test_questions_of_one_confidence_are_answered_together() -> None:
    """Their order in the file is no knowledge."""
    assert coverage_at_precision([0.5, 0.5], [1, 0], 0.8) == 0.0
    assert coverage_at_precision([0.5, 0.5], [0, 1], 0.5) == 1.0


def test_log_loss_is_finite_for_who_is_wholly_sure_and_wrong() -> None:
    assert log_loss([0.5], [1]) == pytest.approx(np.log(2))
    assert 10 < log_loss([1.0], [0]) < 20
    assert log_loss([0.5, 1.0], [1, 0], [1, 0]) == pytest.approx(np.log(2))


def test_each_answer_has_an_outcome() -> None:
    with pytest.raises(ValueError, match="2 confidences, but 1 outcomes"):
        calibration_error([0.1, 0.2], [1])


@pytest.mark.parametrize("suffix", ["svg", "png"])
def test_a_plot_is_written(tmp_path: Path, suffix: str) -> None:
    """Also where all answers are right, or there is but one."""
    path = tmp_path / "plots" / f"one.{suffix}"
    reliability_plot([0.4], [1], path)
    reliability_plot([0.4, 0.9], [1, 1], path, before=[0.2, 0.8])
    head = path.read_bytes()[:300]
    assert b"<svg" in path.read_bytes() if suffix == "svg" else head.startswith(b"\x89PNG")


def test_a_plot_of_the_same_answers_is_the_same(tmp_path: Path) -> None:
    """So that a changed file tells of a changed result."""
    one, other = tmp_path / "one.svg", tmp_path / "other.svg"
    reliability_plot([0.2, 0.7], [0, 1], one)
    reliability_plot([0.2, 0.7], [0, 1], other)
    assert one.read_bytes() == other.read_bytes()


def test_nothing_to_draw_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotReady, match="no answer to draw"):
        reliability_plot([], [], tmp_path / "none.svg")
