"""The rules by which a decision is settled."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from rag_core.errors import InvalidEntry
from rag_core.records.reviews.items import GivenAnswer
from rag_core.review.resolving.resolving import Decision, settled
from rag_core.types import Citation

GIVEN = GivenAnswer(
    "a1", datetime(2026, 1, 1, tzinfo=UTC), "slack", "T1", "C1", "U1", "", "How long?", "Ten days [1].", False, 0.9,
    (Citation(1, "Handbook", "https://x.example", "Ten days", "h#1"),), ({"passage": "h#1"}, {"passage": "h#2"}),
    ("public",), "r1", 1, {}, "", "extractive", "", (), None, None, False, "", (), 1.0, "w",
)  # fmt: skip


def test_a_good_example_takes_what_it_cites_as_right() -> None:
    """Unless it was said to be stale; wrong it cannot be."""
    assert settled(Decision("good_example"), GIVEN).right == ("h#1",)
    assert settled(Decision("good_example", stale=("h#1",)), GIVEN).right == ()
    with pytest.raises(InvalidEntry, match="wrong"):
        settled(Decision("good_example", wrong=("h#1",)), GIVEN)


def test_a_right_passage_says_more_than_a_wrong_one() -> None:
    """Both together are right_passage."""
    assert (
        settled(Decision("wrong_passage", right=("h#2",), wrong=("h#1",)), GIVEN).resolution
        == "right_passage"
    )
    assert settled(Decision("wrong_passage", wrong=("h#1",)), GIVEN).resolution == "wrong_passage"


def test_a_correction_cites_what_it_marks_and_no_more() -> None:
    """And that is right, unless it was judged otherwise."""
    decision = Decision(
        "corrected_answer", correction="Twelve [2].", cites={1: "h#1", 2: "h#2"}, wrong=("h#1",)
    )
    made = settled(decision, GIVEN)
    assert (dict(made.cites), made.right, made.wrong) == ({2: "h#2"}, ("h#2",), ("h#1",))
    with pytest.raises(InvalidEntry, match="says what the answer says"):
        settled(Decision("corrected_answer", correction=" Ten days [1]. "), GIVEN)


def test_no_passage_is_judged_twice() -> None:
    """Whatever the resolution."""
    for twice in (
        {"right": ("x",), "wrong": ("x",)},
        {"right": ("x",), "stale": ("x",)},
        {"wrong": ("x",), "stale": ("x",)},
    ):
        with pytest.raises(InvalidEntry, match="twice"):
            settled(Decision("right_passage", **{"right": ("y",), **twice}), GIVEN)


def test_where_a_passage_answers_no_document_is_missing() -> None:
    """Wrong ones may be named, and what is missing must be."""
    assert settled(Decision("missing_document", note=" fees "), GIVEN).note == "fees"
    for wrong in (Decision("missing_document"), Decision("missing_document", note="fees", right=("h#2",))):
        with pytest.raises(InvalidEntry):
            settled(wrong, GIVEN)


def test_with_no_fault_nothing_is_judged() -> None:
    """There is nothing to learn from it."""
    with pytest.raises(InvalidEntry, match="unmark"):
        settled(Decision("no_fault", wrong=("h#1",)), GIVEN)


def test_an_abstention_that_was_right_can_be_golden() -> None:
    """Then every release must abstain; an answer that was given can not without passages."""
    abstained = replace(GIVEN, abstained=True, citations=())
    assert settled(Decision("no_fault", golden=True), abstained).golden
    with pytest.raises(InvalidEntry, match="golden"):
        settled(Decision("no_fault", golden=True), GIVEN)
    with pytest.raises(InvalidEntry, match="standard"):
        settled(Decision("good_example", standard=True), abstained)
