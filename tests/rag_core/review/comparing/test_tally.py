"""What people said of two releases' answers, added up."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from rag_core.records.evaluation.comparisons import Item, Judgement, Preference, Shown
from rag_core.review.comparing.tally import majority, result

NOW = datetime(2026, 11, 23, tzinfo=UTC)
SHORT: dict[str, Preference] = {"c": "candidate", "b": "baseline", "t": "tie", "s": "skipped"}


def item(number: int, same: bool = False, platform: str = "slack") -> Item:
    shown = Shown("old", (), False)
    return Item("x", number, None, platform, "q?", None, shown, shown if same else Shown("new", (), False))


def judged(*words: str) -> tuple[list[Item], list[Judgement]]:
    """A word for each question, a letter for each rater, '.' where there is no judgement; '=': answered alike."""
    items = [item(n, word == "=", "web" if n % 2 else "slack") for n, word in enumerate(words, 1)]
    said = [
        Judgement(number, f"local:{rater}", SHORT[letter], NOW)
        for number, word in enumerate(words, 1)
        for rater, letter in enumerate(word)
        if letter in SHORT
    ]
    return items, said


@pytest.mark.parametrize(
    ("word", "outcome"),
    [("c", "candidate"), ("cb", "tie"), ("ct", "tie"), ("ccb", "candidate"), ("ccbb", "tie"), ("bbt", "baseline"),
     ("ctt", "tie"), ("cbt", "tie")],
)  # fmt: skip
def test_a_question_goes_to_what_most_of_its_raters_prefer(word: str, outcome: str) -> None:
    assert majority({str(n): SHORT[letter] for n, letter in enumerate(word)}) == outcome


def test_questions_are_counted_not_judgements() -> None:
    """What is answered alike is a tie; what was skipped, or nobody judged, is nothing."""
    found = result(*judged("cc", "cb", "bb", "=", "s.", "..", "c."))
    assert (found.count.wins, found.count.losses, found.count.ties) == (2, 1, 2)
    assert (found.identical, found.unjudged, found.judgements, found.raters) == (1, 2, 7, 2)
    assert found.missing == 2 + 2 + 1
    assert found.count.rate is not None
    assert found.count.rate.value == pytest.approx(2 / 3)
    assert found.count.rate_with_ties is not None
    assert found.count.rate_with_ties.value == pytest.approx(3 / 5)


def test_the_interval_is_wilsons() -> None:
    """15 of 20, as worked out by hand: .531 to .888."""
    count = result(*judged(*["c"] * 15, *["b"] * 5)).count
    assert count.rate is not None
    assert (round(count.rate.low, 3), round(count.rate.high, 3)) == (0.531, 0.888)


def test_platforms_are_told_apart() -> None:
    found = result(*judged("c", "b", "c", "=", "."))
    assert {name: (c.wins, c.ties, c.losses) for name, c in found.platforms.items()} == {
        "slack": (0, 1, 1),
        "web": (2, 0, 0),
    }


def test_what_raters_disagree_on_most_comes_first() -> None:
    """One release against the other is worse than either against a tie."""
    found = result(*judged("cc.", "ct.", "cb.", "cbb", "s.c"))
    assert found.disputed == (3, 4, 2)


def test_cohens_kappa_is_that_of_two_raters_alone() -> None:
    two, three = result(*judged("cc", "bb", "cb")), result(*judged("ccc", "bbb", "cbt"))
    assert two.cohen is not None
    assert three.cohen is None
    assert three.fleiss is not None
    assert three.alpha is not None


def test_before_anybody_judged_nothing_is_known() -> None:
    for found in (result([], []), result(*judged(".", "."))):
        assert (found.count.judged, found.count.rate, found.alpha, found.agreement) == (0, None, None, None)
        assert found.p == 1
