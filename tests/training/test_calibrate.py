"""How the numbers in calibration.json are fitted, on toy rows."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from rag_core.generation.signals import SIGNALS
from training.calibrate import SIGNS, _fit, _fit_signed

NAMES = ("a", "b", "c")
TRUE = np.array([2.0, -1.0, 0.0])


def drawn(rows: int, intercept: float = -0.5) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rows of three values on scales of their own, and outcomes drawn from a known logistic model over them."""
    rng = np.random.default_rng(0)
    x = rng.normal([0.0, 5.0, -1.0], [1.0, 2.0, 0.1], (rows, 3))
    p = 1 / (1 + np.exp(-(intercept + x @ TRUE)))
    return x, (rng.random(rows) < p).astype(float)


def test_a_known_model_is_recovered() -> None:
    """Weights and intercept, on the scales of the values themselves."""
    x, y = drawn(50_000, intercept=4.5)
    model = _fit(x, y, np.zeros(3), penalty=np.full(3, 1.0), names=NAMES)
    assert model.weights["a"] == pytest.approx(2.0, abs=0.1)
    assert model.weights["b"] == pytest.approx(-1.0, abs=0.1)
    assert model.weights["c"] == pytest.approx(0.0, abs=0.4)
    assert model.intercept == pytest.approx(4.5, abs=0.5)


def test_the_fit_predicts_the_share_of_each_outcome() -> None:
    """Calibrated on the whole: the mean probability is the share of ones."""
    x, y = drawn(2_000, intercept=4.5)
    model = _fit(x, y, np.zeros(3), penalty=np.full(3, 5.0), names=NAMES)
    p = [model.probability(dict(zip(NAMES, row, strict=True))) for row in x]
    assert np.mean(p) == pytest.approx(y.mean(), abs=1e-6)


def test_a_value_that_never_varies_keeps_its_prior() -> None:
    """Where the sets have too little of a kind to learn from, the weight is what was believed before."""
    x, y = drawn(500)
    x[:, 2] = 0.0
    model = _fit(x, y, np.array([0.0, 0.0, -3.0]), penalty=np.full(3, 5.0), names=NAMES)
    assert model.weights["c"] == pytest.approx(-3.0)


def test_rows_that_can_be_told_apart_exactly_have_finite_weights() -> None:
    """The penalty holds them; without one they would grow without bound."""
    x = np.array([[-1.0, 0, 0], [-2.0, 0, 0], [1.0, 0, 0], [2.0, 0, 0]])
    model = _fit(x, np.array([0.0, 0, 1, 1]), np.zeros(3), penalty=np.full(3, 1.0), names=NAMES)
    assert 0 < model.weights["a"] < 10
    assert abs(model.intercept) < 1e-6


def test_a_stronger_penalty_draws_nearer_to_the_prior() -> None:
    """Which is how much the prior is trusted."""
    x, y = drawn(300, intercept=4.5)
    prior = np.array([0.5, 0.0, 0.0])
    distances = [
        abs(_fit(x, y, prior, np.full(3, penalty), NAMES).weights["a"] - 0.5) for penalty in (0.1, 10, 1e6)
    ]
    assert distances == sorted(distances, reverse=True)
    assert distances[-1] == pytest.approx(0, abs=1e-2)


# --- the signals of confidence -----------------------------------------------------------------------------------


def asked_rows(rows: int = 4_000) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Signals of which one speaks for right answers as it should, and one as it should not."""
    rng = np.random.default_rng(1)
    x = rng.normal(0, 1, (rows, len(SIGNALS)))
    score = x[:, SIGNALS.index("unit_cosine")] - x[:, SIGNALS.index("agreement")]
    return x, (rng.random(rows) < 1 / (1 + np.exp(-score))).astype(float)


def test_each_signal_has_a_direction() -> None:
    assert set(SIGNS) == set(SIGNALS)
    assert set(SIGNS.values()) == {-1, 1}


def test_a_signal_that_the_sets_turn_round_is_left_out() -> None:
    """The others are fitted without it."""
    x, y = asked_rows()
    model = _fit_signed(x, y, np.ones(len(x)))
    assert model.weights["agreement"] == 0.0
    assert model.weights["unit_cosine"] > 0.5
    assert all(model.weights[name] * SIGNS[name] >= 0 for name in SIGNALS)


def test_what_is_left_is_calibrated() -> None:
    """The mean probability is the share of right answers, also with a signal left out."""
    x, y = asked_rows()
    model = _fit_signed(x, y, np.ones(len(x)))
    p = [model.probability(dict(zip(SIGNALS, row, strict=True))) for row in x]
    assert np.mean(p) == pytest.approx(y.mean(), abs=1e-3)
