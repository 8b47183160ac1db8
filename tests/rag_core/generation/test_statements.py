"""What a text states, as far as words tell."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_core.generation.statements import Statement


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1,000 days", "1000 days"),
        ("three days", "3 days"),
        ("007", "7"),
        ("companies", "company"),
        ("don't", "do not"),
    ],
)
def test_the_same_is_read_the_same(one: str, other: str) -> None:
    """Numbers in figures and words, forms of a word, contractions."""
    assert Statement.of(one).stems == Statement.of(other).stems


def test_what_is_denied() -> None:
    """The next term behind the word that denies; 'not only' denies nothing."""
    assert Statement.of("You must not delete the file.").denied == {"delet"}
    assert Statement.of("Works without any password.").denied == {"password"}
    assert Statement.of("It is not only fast.").denied == frozenset()


def test_names_are_capitalised_words_within_a_sentence() -> None:
    """The first word has a capital anyway."""
    assert Statement.of("Offices in Porto and Lisbon. Salaries are paid.").names == {"porto", "lisbon"}


@given(st.text(max_size=300) | st.sampled_from(["n't", "do n't", "'s", "’", "١٢٣ ½ ²", "\x00"]))
def test_any_text_is_read(text: str) -> None:
    """A stem for each word, whatever the text; stray contractions too."""
    assert len(Statement.of(text).stems) == len(Statement.of(text).words)
