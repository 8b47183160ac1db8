"""Whether a drop in the helpful rate is more than chance, looked at after every vote."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rag_core.review.releasing.sequential import dropped, p_of_drop

LEVEL = 0.05


def first_decision(before: float, after: float, old: int, votes: int, seed: int) -> int | None:
    """The vote on the new release at which it is rolled back; None: never. Looks after each."""
    rng = np.random.default_rng(seed)
    good_before = int(rng.binomial(old, before))
    good = np.cumsum(rng.random(votes) < after)
    for n, is_good in enumerate(good.tolist(), start=1):
        if dropped(good_before, old - good_before, is_good, n - is_good, LEVEL).decided:
            return n
    return None


@pytest.mark.parametrize(("rate", "old"), [(0.8, 200), (0.5, 60), (0.95, 1000)])
def test_a_release_that_is_no_worse_stays_however_often_it_is_looked_at(rate: float, old: int) -> None:
    """Of 150, looked at after each of 600 votes, no larger share is rolled back than the level allows."""
    rolled_back = [first_decision(rate, rate, old, 600, seed) is not None for seed in range(150)]
    assert np.mean(rolled_back) <= LEVEL


def test_votes_on_the_old_release_may_come_late() -> None:
    """Both grow vote by vote, as during a canary, and the level still holds."""
    rolled_back = 0
    for seed in range(150):
        good = np.cumsum(np.random.default_rng(seed).random((2, 500)) < 0.8, axis=1)
        looks = ((int(good[0, n]), n + 1, int(good[1, n])) for n in range(500))
        rolled_back += any(dropped(old, n - old, new, n - new, LEVEL).decided for old, n, new in looks)
    assert rolled_back / 150 <= LEVEL


def test_a_drop_from_four_in_five_to_three_in_five_is_seen_within_a_few_hundred_votes() -> None:
    """In nine of ten runs, with 300 votes on the release before."""
    seen = [first_decision(0.8, 0.6, 300, 400, seed) for seed in range(100)]
    assert sum(n is not None for n in seen) >= 90
    assert np.median([n or 400 for n in seen]) < 200


def test_a_release_that_fails_outright_is_back_within_a_few_dozen_votes() -> None:
    """Nobody finds it helpful."""
    assert (first_decision(0.8, 0.0, 200, 100, 0) or 100) <= 15


def test_a_better_release_is_never_called_worse() -> None:
    """Whatever the evidence that the rates differ."""
    found = dropped(100, 100, 190, 10, LEVEL)
    assert not found.decided
    assert found.evidence < 1


def test_few_old_votes_leave_the_old_rate_unknown() -> None:
    """A drop against ten votes is less sure than the same against three hundred."""
    assert not dropped(8, 2, 60, 40, LEVEL).decided
    assert dropped(240, 60, 55, 45, LEVEL).decided


def test_without_votes_there_is_nothing_to_decide() -> None:
    """On either side."""
    nothing = dropped(0, 0, 0, 0, LEVEL)
    assert (nothing.decided, nothing.evidence, nothing.before, nothing.after) == (False, 1.0, None, None)
    assert not dropped(0, 0, 0, 50, LEVEL).decided
    assert not dropped(50, 0, 0, 0, LEVEL).decided


def test_the_evidence_is_the_mixture_over_the_greatest_likelihood_without_a_drop() -> None:
    """Reckoned by hand: (1/2)(1/2) for one good and then one bad vote over uniform rates, against (1/2)^2."""
    found = dropped(1, 0, 0, 1, 0.05)
    assert found.evidence == pytest.approx(0.25 / 0.25)
    assert found.needed == pytest.approx(20)
    assert (found.before, found.after) == (1.0, 0.0)


def test_a_stricter_level_needs_more() -> None:
    """The evidence is the same; what it is held against is not."""
    votes = (240, 60, 55, 45)
    assert dropped(*votes, 0.05).evidence == dropped(*votes, 1e-9).evidence
    assert not dropped(*votes, 1e-9).decided


def test_a_hundred_thousand_votes_overflow_nothing() -> None:
    """The evidence is capped, not infinite."""
    found = dropped(90_000, 10_000, 10_000, 90_000, 0.01)
    assert found.decided
    assert math.isfinite(found.evidence)


def test_what_cannot_be_counted_is_refused() -> None:
    """Negative votes, and a level that is none."""
    with pytest.raises(ValueError, match="from 0"):
        dropped(-1, 0, 0, 0, LEVEL)
    with pytest.raises(ValueError, match="level"):
        dropped(1, 0, 0, 0, 1.0)


def test_one_planned_look_is_fishers_exact_test() -> None:
    """The lady tasting tea: 1 of 4 good ones where 3 of 4 were: p = 17/70; and 0 of 4 against 4 of 4: 1/70."""
    assert p_of_drop(3, 1, 1, 3) == pytest.approx(17 / 70)
    assert p_of_drop(4, 0, 0, 4) == pytest.approx(1 / 70)
    assert p_of_drop(0, 0, 0, 0) == pytest.approx(1.0)
    assert p_of_drop(30, 20, 50, 0) == pytest.approx(1.0)
