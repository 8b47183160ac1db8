"""What it is worth that a reviewer looks at an answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from rag_core.records.reviews.value import Grounds, split, value

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def worth(since: datetime = NOW, **grounds: object) -> float:
    return value(Grounds(**grounds), since)  # type: ignore[arg-type]


def test_the_strongest_ground_decides() -> None:
    """From a correction that needs a yes or no down to one vote that says nothing."""
    ranked = [
        worth(correction=True),
        worth(escalated=True),
        worth(wanted=True),
        worth(against=1_000),
        worth(against=2),
        worth(unanswered=True, askers=3),
        worth(in_favour=9, against=0, disagreed=True),
        worth(against=1, in_words=True),
        worth(against=1),
        worth(),
    ]
    assert ranked == sorted(ranked, reverse=True)
    assert len(set(ranked)) == len(ranked)


def test_several_people_count_more_and_always_less() -> None:
    """Each doubling adds the same, and there is a most."""
    two, four, eight = (worth(against=n) for n in (2, 4, 8))
    assert four - two == pytest.approx(eight - four)
    assert worth(against=10**6) == worth(against=10**9) < worth(escalated=True)
    three, six = (worth(unanswered=True, askers=n) for n in (3, 6))
    assert six > three
    assert worth(askers=10**6) - worth() == pytest.approx(6)


def test_one_asker_without_an_answer_is_no_ground() -> None:
    """Somebody always asks what no document says."""
    assert worth(unanswered=True) == worth()


def test_the_other_grounds_add_a_little() -> None:
    """So that of two corrections the one is first that several also voted down."""
    assert worth(correction=True, against=5) > worth(correction=True, against=1) > worth(correction=True)


def test_what_waits_rises_slowly_and_needs_no_new_computation() -> None:
    """A day is worth a fifth: a vote that says nothing passes a disagreement of today after ten weeks."""
    assert worth(NOW - timedelta(days=1)) - worth() == pytest.approx(0.2)
    fresh = worth(in_favour=2, against=0, disagreed=True)
    assert worth(NOW - timedelta(weeks=9), against=1) < fresh < worth(NOW - timedelta(weeks=11), against=1)


@pytest.mark.parametrize(
    ("votes", "expected"),
    [
        ((0, 5), False),
        ((1, 1), True),
        ((2, 1), True),
        ((1, 3), False),
        ((2, 98), True),
        ((1, 2), True),
        ((0, 0), False),
    ],
)
def test_people_disagree_where_neither_side_is_one_among_many(votes: tuple[int, int], expected: bool) -> None:
    """Two people on each side, or a third of all."""
    assert split(*votes) is expected
