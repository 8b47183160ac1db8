"""How far people who judge the same things agree, beyond chance; and whether a preference is more than chance. Pure.

Ratings are given as one mapping for each thing that was judged: rater -> category. Raters may be missing anywhere.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import combinations, permutations

__all__ = [
    "Ratings",
    "cohen_kappa",
    "fleiss_kappa",
    "in_words",
    "krippendorff_alpha",
    "observed_agreement",
    "sign_test",
]

Ratings = Sequence[Mapping[str, str]]


def observed_agreement(ratings: Ratings) -> float | None:
    """The share of all pairs of ratings of the same thing that are equal; None: nothing has two ratings."""
    pairs = [a == b for one in ratings for a, b in combinations(one.values(), 2)]
    return sum(pairs) / len(pairs) if pairs else None


def cohen_kappa(ratings: Ratings, one: str, other: str) -> float | None:
    """Of two raters, over what both judged: (p_o - p_e) / (1 - p_e), with p_e from each rater's own shares
    (J. Cohen, A coefficient of agreement for nominal scales, Educational and Psychological Measurement 20 (1960), 37-46).

    None: they judged nothing together, or both said the same of everything, so that there is no chance to correct for.
    """
    pairs = [(rated[one], rated[other]) for rated in ratings if one in rated and other in rated]
    if not pairs:
        return None
    n = len(pairs)
    first, second = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    chance = sum(first[category] * second[category] for category in first) / n**2
    return _beyond(sum(a == b for a, b in pairs) / n, chance)


def fleiss_kappa(ratings: Ratings) -> float | None:
    """Of several raters, not always the same ones: the mean over the things of the share of pairs that agree, corrected by
    the categories' shares over all ratings (J. L. Fleiss, Measuring nominal scale agreement among many raters,
    Psychological Bulletin 76 (1971), 378-382). Where their number of ratings n_i differs each thing has its own, as K. L.
    Gwet, Handbook of Inter-Rater Reliability (2014), 2.6, extends it; things with a single rating are left out.

    None: nothing has two ratings, or all ratings are equal.
    """
    counts = [Counter(one.values()) for one in ratings if len(one) > 1]
    if not counts:
        return None
    total = sum(count.total() for count in counts)
    shares = (sum(count[category] for count in counts) / total for category in _categories(counts))
    return _beyond(
        sum(map(_agreeing, counts)) / len(counts),
        sum(share**2 for share in shares),
    )


def krippendorff_alpha(ratings: Ratings) -> float | None:
    """For any number of raters with ratings missing, nominal: 1 - D_o / D_e from the matrix of coincidences
    (K. Krippendorff, Computing Krippendorff's alpha-reliability, University of Pennsylvania, 2011, part C and D).

    None: nothing has two ratings, or all ratings are equal.
    """
    together: defaultdict[tuple[str, str], float] = defaultdict(float)
    for one in ratings:
        for pair in permutations(one.values(), 2):  # none where there is a single rating
            together[pair] += 1 / (len(one) - 1)
    of: defaultdict[str, float] = defaultdict(float)
    for (category, _), value in together.items():
        of[category] += value
    n = sum(of.values())
    expected = n**2 - sum(count**2 for count in of.values())
    if not n or expected < 1e-9:
        return None
    apart = sum(value for (a, b), value in together.items() if a != b)
    return 1 - (n - 1) * apart / expected


def in_words(value: float | None) -> str:
    """The usual reading of a kappa or alpha: J. R. Landis and G. G. Koch, The measurement of observer agreement for
    categorical data, Biometrics 33 (1977), 159-174. (Krippendorff asks for .8, and for .667 where conclusions may be
    tentative.)"""
    if value is None:
        return "not known yet"
    if value < 0:
        return "less than chance"
    steps = ((0.2, "slight"), (0.4, "fair"), (0.6, "moderate"), (0.8, "substantial"))
    return next((word for limit, word in steps if value <= limit), "almost perfect")


def sign_test(wins: int, losses: int) -> float:
    """The probability that chance alone gives a difference as great as this or greater: the exact two-sided binomial test
    of one half, ties left out (W. J. Dixon and A. M. Mood, The statistical sign test, JASA 41 (1946), 557-566)."""
    n = wins + losses
    tail = sum(math.comb(n, k) for k in range(min(wins, losses) + 1))
    return float(min(Fraction(1), Fraction(2 * tail, 1 << n)))


def _beyond(observed: float, chance: float) -> float | None:
    return None if chance > 1 - 1e-12 else (observed - chance) / (1 - chance)


def _agreeing(count: Counter[str]) -> float:
    n = count.total()
    return sum(k * (k - 1) for k in count.values()) / (n * (n - 1))


def _categories(counts: Sequence[Counter[str]]) -> set[str]:
    return {category for count in counts for category in count}
