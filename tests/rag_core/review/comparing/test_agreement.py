"""Agreement beyond chance: against published examples, and against implementations that follow the definitions."""

from __future__ import annotations

import itertools
import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_core.review.comparing.agreement import (
    cohen_kappa,
    fleiss_kappa,
    in_words,
    krippendorff_alpha,
    observed_agreement,
    sign_test,
)

Columns = list[dict[str, str]]


def rows(*raters: str) -> Columns:
    """A line for each rater, a category for each thing, '.' where it is missing."""
    table = [line.split() for line in raters]
    return [
        {f"rater{r}": line[i] for r, line in enumerate(table) if line[i] != "."} for i in range(len(table[0]))
    ]


def counted(*counts: tuple[int, ...]) -> Columns:
    """A tuple for each thing: how many raters chose each category."""
    return [
        {f"rater{k}": str(c) for k, c in enumerate(c for c, n in enumerate(one) for _ in range(n))}
        for one in counts
    ]


COHEN = [
    *[{"a": "yes", "b": "yes"}] * 20,
    *[{"a": "yes", "b": "no"}] * 5,
    *[{"a": "no", "b": "yes"}] * 10,
    *[{"a": "no", "b": "no"}] * 15,
]
FLEISS = counted(
    (0, 0, 0, 0, 14), (0, 2, 6, 4, 2), (0, 0, 3, 5, 6), (0, 3, 9, 2, 0), (2, 2, 8, 1, 1),
    (7, 7, 0, 0, 0), (3, 2, 6, 3, 0), (2, 5, 3, 2, 2), (6, 5, 2, 1, 0), (0, 2, 2, 3, 7),
)  # fmt: skip
KRIPPENDORFF_A = rows("0 1 0 0 0 0 0 0 1 0", "1 1 1 0 0 1 0 0 0 0")
KRIPPENDORFF_B = rows("a a b b d c c c e d d a", "b a b b b c c c e d d d")
KRIPPENDORFF_C = rows(
    "1 2 3 3 2 1 4 1 2 . . .",
    "1 2 3 3 2 2 4 1 2 5 . 3",
    ". 3 3 3 2 3 4 2 2 5 1 .",
    "1 2 3 3 2 4 4 1 2 5 1 .",
)


def test_cohens_kappa_is_that_of_the_usual_example() -> None:
    """50 applications read by two people, 20, 5, 10 and 15 in the four cells: .4."""
    assert cohen_kappa(COHEN, "a", "b") == pytest.approx(0.4)
    assert observed_agreement(COHEN) == pytest.approx(0.7)


def test_fleiss_kappa_is_that_of_the_usual_example() -> None:
    """10 things, 14 raters, 5 categories: .210."""
    assert fleiss_kappa(FLEISS) == pytest.approx(0.210, abs=5e-4)


@pytest.mark.parametrize(
    ("ratings", "alpha"), [(KRIPPENDORFF_A, 0.095), (KRIPPENDORFF_B, 0.692), (KRIPPENDORFF_C, 0.743)]
)
def test_krippendorffs_alpha_is_that_of_his_own_examples(ratings: Columns, alpha: float) -> None:
    """Computing Krippendorff's alpha-reliability (2011): binary, nominal, and four raters with ratings missing."""
    assert krippendorff_alpha(ratings) == pytest.approx(alpha, abs=5e-4)


def alpha_from_pairs(ratings: Columns) -> float | None:
    """1 - D_o / D_e by its definition: how often two ratings of one thing differ, each thing weighing as its ratings, over
    how often two of all ratings drawn without putting back differ."""
    units = [list(one.values()) for one in ratings if len(one) > 1]
    values = [value for unit in units for value in unit]
    if not values:
        return None
    observed = sum(
        len(unit) * sum(a != b for a, b in itertools.combinations(unit, 2)) / math.comb(len(unit), 2)
        for unit in units
    ) / len(values)
    expected = sum(a != b for a, b in itertools.combinations(values, 2)) / math.comb(len(values), 2)
    return None if not expected else 1 - observed / expected


def kappa_from_pairs(ratings: Columns) -> float | None:
    """Fleiss': the chance that two ratings drawn with putting back are equal stands for chance."""
    units = [list(one.values()) for one in ratings if len(one) > 1]
    values = [value for unit in units for value in unit]
    if not values:
        return None
    equal = [[a == b for a, b in itertools.combinations(unit, 2)] for unit in units]
    observed = sum(sum(one) / len(one) for one in equal) / len(units)
    chance = sum(a == b for a, b in itertools.product(values, repeat=2)) / len(values) ** 2
    return None if chance == 1 else (observed - chance) / (1 - chance)


RATINGS = st.lists(
    st.dictionaries(st.sampled_from("abcde"), st.sampled_from(["candidate", "baseline", "tie"])), max_size=12
)


@given(RATINGS)
def test_they_are_what_their_definitions_say(ratings: Columns) -> None:
    """Worked out from all pairs, on any ratings with any missing."""
    for ours, theirs in (
        (krippendorff_alpha(ratings), alpha_from_pairs(ratings)),
        (fleiss_kappa(ratings), kappa_from_pairs(ratings)),
    ):
        assert ours == (None if theirs is None else pytest.approx(theirs, abs=1e-9))


@given(RATINGS)
def test_cohens_kappa_leaves_out_what_only_one_of_them_rated(ratings: Columns) -> None:
    """And is one where they always agree, unless there is nothing to disagree on."""
    both = [one for one in ratings if "a" in one and "b" in one]
    assert cohen_kappa(ratings, "a", "b") == cohen_kappa(both, "a", "b")
    same = [{"a": one["a"], "b": one["a"]} for one in both]
    kinds = len({one["a"] for one in both})
    assert cohen_kappa(same, "a", "b") == (pytest.approx(1) if kinds > 1 else None)


def test_nothing_to_compare_is_no_agreement_and_no_error() -> None:
    for ratings in ([], [{}], [{"a": "tie"}], [{"a": "tie"}, {"b": "tie"}]):
        assert observed_agreement(ratings) is None
        assert (fleiss_kappa(ratings), krippendorff_alpha(ratings)) == (None, None)
        assert cohen_kappa(ratings, "a", "b") is None


@pytest.mark.parametrize(
    ("wins", "losses", "p"), [(0, 0, 1), (1, 0, 1), (5, 5, 1), (10, 0, 2 / 1024), (7, 3, 0.34375)]
)
def test_the_sign_test_is_exact(wins: int, losses: int, p: float) -> None:
    """7 of 10: 2 (1 + 10 + 45 + 120) / 1024."""
    assert sign_test(wins, losses) == pytest.approx(p)
    assert sign_test(losses, wins) == sign_test(wins, losses)


@given(st.integers(0, 9), st.integers(0, 9))
def test_the_sign_test_counts_outcomes(wins: int, losses: int) -> None:
    """All coin throws that are as far from half as this one or farther."""
    n = wins + losses
    outcomes = Counter(sum(throw) for throw in itertools.product((0, 1), repeat=min(n, 18)))
    if n <= 18:
        far = sum(count for k, count in outcomes.items() if abs(2 * k - n) >= abs(wins - losses))
        assert sign_test(wins, losses) == pytest.approx(far / 2**n)


def test_many_decisions_are_no_trouble() -> None:
    assert 0 <= sign_test(3_000, 2_000) < 1e-40


def test_the_words_are_those_of_landis_and_koch() -> None:
    said = [in_words(value) for value in (None, -0.1, 0.0, 0.2, 0.21, 0.5, 0.8, 0.81, 1.0)]
    assert said == [
        *("not known yet", "less than chance", "slight", "slight", "fair", "moderate", "substantial"),
        *("almost perfect", "almost perfect"),
    ]
