"""When two questions are worded alike."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_core.standard.wording import normalised


@pytest.mark.parametrize(
    "other",
    [
        "how do I reset my password",
        "How do I reset my password???",
        "  how do i\nreset  my password. ",
        "“How do I reset my password?”",
        "HOW DO I RESET MY PASSWORD!",
        "How do I reset my pass\u00adword?",
        "Ｈow do I reset my password？",
        "How do I reset — my password …",
        "*How* do I reset `my` password :)",
    ],
)
def test_case_punctuation_white_space_and_unicode_do_not_count(other: str) -> None:
    """The same words in the same order are the same wording."""
    assert normalised(other) == normalised("How do I reset my password?")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("C", "C++"),
        ("C", "C#"),
        ("-v", "-V"),
        ("-1", "1"),
        ("1.5", "15"),
        ("1.5", "1 5"),
        ("node.js", "nodejs"),
        (".env", "env"),
        ("5%", "5"),
        ("a/b", "ab"),
        ("/etc", "etc"),
        ("resume", "résumé"),
        ("for man", "form an"),
        ("is it on", "it is on"),
        ("a + b", "a - b"),
    ],
)
def test_what_means_something_counts(one: str, other: str) -> None:
    """Symbols, marks within a word, options, accents, order."""
    assert normalised(one) != normalised(other)


def test_composed_and_decomposed_letters_are_the_same() -> None:
    """A Mac writes é as two characters."""
    assert normalised("caf\u00e9") == normalised("cafe\u0301")


def test_a_text_without_words_has_no_wording() -> None:
    """It equals no question."""
    assert [normalised(text) for text in ("", " ", "?!", "…", "\u200b")] == [""] * 5


@given(st.text())
def test_a_normalised_wording_stays_as_it_is(text: str) -> None:
    """Whatever was typed."""
    once = normalised(text)
    assert normalised(once) == once
