"""How sure a difference on the same questions is, when questions come in groups."""

from __future__ import annotations

import math

import numpy as np
import pytest

from training.significance import bootstrap, difference, relative_change, share_change, sign_flip


def paired(before: list[float], after: list[float]) -> np.ndarray:
    return np.column_stack([before, after, np.ones(len(before))])


def alone(n: int) -> list[str]:
    return [str(i) for i in range(n)]


def test_the_estimate_is_the_difference_of_the_means() -> None:
    """And the bounds lie on its two sides."""
    found = bootstrap(paired([0.0, 0.5, 1.0], [0.5, 0.5, 1.0]), alone(3), difference, 0.9)
    assert found.estimate == pytest.approx(1 / 6)
    assert found.low <= found.estimate <= found.high


def test_bounds_are_those_of_the_normal_distribution_where_questions_are_many() -> None:
    """400 independent ones: estimate less 1.96 standard errors."""
    change = np.random.default_rng(0).normal(0.02, 0.2, 400)
    found = bootstrap(paired([0.0] * 400, change.tolist()), alone(400), difference, 0.975)
    error = change.std() / math.sqrt(400)
    assert found.low == pytest.approx(change.mean() - 1.96 * error, abs=0.1 * error)
    assert found.high == pytest.approx(change.mean() + 1.96 * error, abs=0.1 * error)


def test_questions_that_rise_and_fall_together_say_less() -> None:
    """Ten groups of ten equal changes are ten observations, not a hundred."""
    change = np.repeat(np.random.default_rng(1).normal(0.1, 0.2, 10), 10).tolist()
    rows, groups = paired([0.0] * 100, change), [str(i // 10) for i in range(100)]
    together, apart = (bootstrap(rows, by, difference, 0.975) for by in (groups, alone(100)))
    assert together.estimate == pytest.approx(apart.estimate)
    assert 2.5 < (together.high - together.low) / (apart.high - apart.low) < 3.8
    assert sign_flip(np.array(change), groups) > sign_flip(np.array(change), alone(100))


def test_one_group_says_nothing_of_others() -> None:
    """However many questions it has."""
    found = bootstrap(paired([0.0] * 50, [1.0] * 50), ["all"] * 50, difference, 0.975)
    assert (found.estimate, found.low, found.high) == (1.0, -math.inf, math.inf)


def test_a_relative_change_is_of_the_mean() -> None:
    """From .5 to .55 is a tenth more."""
    found = bootstrap(paired([0.5] * 9, [0.55] * 9), alone(9), relative_change, 0.9)
    assert (found.estimate, found.low, found.high) == pytest.approx((0.1, 0.1, 0.1))


def test_a_share_may_have_another_whole_after_than_before() -> None:
    """Precision: 3 of 4 abstentions were right, and then 3 of 6."""
    rows = np.array([[1, 1, 1, 1]] * 3 + [[0, 1, 0, 1]] + [[0, 0, 0, 1]] * 2, float)
    found = bootstrap(rows, alone(6), share_change, 0.9)
    assert found.estimate == pytest.approx(-0.25)
    assert math.isfinite(found.low)


def test_what_does_not_exist_has_no_bounds() -> None:
    """Nothing was right before, so that nothing can be relative to it."""
    found = bootstrap(paired([0.0, 0.0], [0.5, 0.5]), alone(2), relative_change, 0.9)
    assert (found.low, found.high) == (-math.inf, math.inf)


def test_sign_flips_count_how_often_chance_does_as_well() -> None:
    """Five gains and no loss: one of the 32 ways in which the signs may fall; what does not change has no say."""
    assert sign_flip(np.array([0.1] * 5 + [0.0] * 20), alone(25)) == pytest.approx(1 / 32, abs=0.005)
    assert sign_flip(np.zeros(20), alone(20)) == 1.0
    assert sign_flip(np.full(5, -0.1), alone(5)) == pytest.approx(1.0, abs=1e-3)


def test_no_better_is_called_better_no_more_often_than_chance_may() -> None:
    """Of 300 null candidates, 12 groups of five questions each, most unchanged: bootstrap and flips together."""
    rng, called = np.random.default_rng(2), 0
    groups = [str(i // 5) for i in range(60)]
    for _ in range(300):
        change = rng.choice([-0.4, 0.0, 0.0, 0.4], 60)
        low = bootstrap(paired([0.5] * 60, (0.5 + change).tolist()), groups, difference, 0.975, 400).low
        called += low > 0 and sign_flip(change, groups, 400) <= 0.025
    assert called / 300 <= 0.04


def test_the_same_input_gives_the_same_bounds() -> None:
    """Of the same seed."""
    rows = paired(np.random.default_rng(3).random(40).tolist(), np.random.default_rng(4).random(40).tolist())
    assert bootstrap(rows, alone(40), difference, 0.9) == bootstrap(rows, alone(40), difference, 0.9)
    assert bootstrap(rows, alone(40), difference, 0.9) != bootstrap(rows, alone(40), difference, 0.9, seed=1)


def test_each_question_has_a_group() -> None:
    """And there is a question."""
    with pytest.raises(ValueError, match="groups"):
        bootstrap(paired([0.0], [1.0]), ["a", "b"], difference, 0.9)
    with pytest.raises(ValueError, match="groups"):
        bootstrap(np.zeros((0, 3)), [], difference, 0.9)
