"""What a reviewer reads: quotes in passages, differences, marks, and what the asker might read."""

from __future__ import annotations

import pytest

from rag_core.review.resolving.differing import MOST_WORDS, difference
from rag_core.review.resolving.evidence import highlighted, quoted
from rag_core.review.resolving.marks import cited_numbers, unmarked
from rag_core.review.resolving.previewing import readable


def test_a_quote_is_found_whatever_white_space_lies_between_its_words() -> None:
    """Each of its parts for itself; the text is whole and in order."""
    text = "One two\n  three four. Five six."
    pieces = highlighted(text, ["two three … six."])
    assert "".join(piece.text for piece in pieces) == text
    assert [piece.text for piece in pieces if piece.quoted] == ["two\n  three", "six."]
    assert quoted(text, "seven") == quoted(text, "") == []
    assert highlighted("", ["x"]) == []


def test_marks_of_patterns_are_only_text() -> None:
    """A quote is no expression."""
    assert quoted("a (b.*) c", "(b.*)") == [(2, 7)]


def test_what_stays_is_gone_or_new_makes_up_both_texts() -> None:
    """Word by word."""
    before, after = "Refunds take 30 days.", "All refunds take 60 days. "
    changes = difference(before, after)
    assert "".join(one.text for one in changes if one.kind != "new").split() == before.split()
    assert "".join(one.text for one in changes if one.kind != "gone").split() == after.split()
    assert [one.text.strip() for one in changes if one.kind == "gone"] == ["Refunds", "30"]
    assert difference("", "") == []


def test_of_very_long_texts_the_rest_is_gone_and_new() -> None:
    """So that the time stays bounded."""
    long = "word " * (MOST_WORDS + 5)
    changes = difference(long, long)
    assert [one.kind for one in changes] == ["same", "gone", "new"]
    assert len(changes[1].text.split()) == 5


@pytest.mark.parametrize(
    ("text", "without"),
    [
        ("It is ten [1]. It is two.", ["It is two."]),
        ("It is ten. [1]\nThat is all of it", ["That is all of it"]),
        ("See version 1.2.3 of it [2].", []),
        ("# Heading\n\n- one item here\n- another one here [3]", ["one item here"]),
        ("`code that is long enough.` Yes.", []),
        ("", []),
    ],
)
def test_sentences_without_a_mark(text: str, without: list[str]) -> None:
    """Those of three words or more."""
    assert unmarked(text) == without


def test_numbers_that_are_cited() -> None:
    """In reading order, each once; links and code have none."""
    assert cited_numbers("b [2] a [1], [2]; a[3] [4](https://x) `[5]`") == [2, 1]


def test_what_an_asker_might_read() -> None:
    """Without the names of files that stand beside the scopes."""
    assert readable(None).scopes is None
    assert readable(["public", "hr"]) == readable(("hr", "public"))
    assert (readable(["public", "@f1"]).scopes, readable(["public", "@f1"]).files) == (
        frozenset({"public"}),
        True,
    )
    assert (readable(["@everything", "@f1"]).scopes, readable(["@everything", "@f1"]).files) == (None, True)
