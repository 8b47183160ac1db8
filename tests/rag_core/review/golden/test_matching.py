"""A passage that was picked once is known again, whatever became of the index."""

from __future__ import annotations

import pytest

from rag_core.records.evaluation.golden import Expected
from rag_core.review.golden.matching import found_at
from rag_core.types import Passage, Place

TEXT = " ".join(f"word{n}" for n in range(40))
HALVES = " ".join(TEXT.split()[:20]), " ".join(TEXT.split()[20:])
OTHER = " ".join(f"other{n}" for n in range(60))
EXPECTED = Expected("docs:leave.md", "docs", "Leave", TEXT)


def passage(
    text: str, document: str = "docs:leave.md", title: str = "Leave", source: str = "docs"
) -> Passage:
    return Passage(f"{document}#1", document, source, "public", title, (), text, "", Place())


def rank(*passages: Passage, expected: Expected = EXPECTED) -> int | None:
    found = found_at([expected], passages)
    return found[0] if found else None


def test_the_same_passage_is_found_at_its_rank() -> None:
    assert rank(passage(OTHER), passage(TEXT)) == 2
    assert found_at([EXPECTED], [passage(TEXT)]) == (1, frozenset({"docs:leave.md"}))


def test_case_spaces_and_punctuation_do_not_count() -> None:
    assert rank(passage(TEXT.upper().replace(" ", ",\n "))) == 1


def test_cut_anew_it_is_found_where_its_parts_complete_it() -> None:
    """Between other text, as a window that begins elsewhere has it; half of it is not enough."""
    first, second = (passage(f"{OTHER} {HALVES[0]}"), passage(f"{HALVES[1]} {OTHER}"))
    assert rank(first, passage(OTHER), second) == 3
    assert rank(first, passage(OTHER)) is None


def test_cut_finer_one_of_its_parts_is_enough() -> None:
    """Unless it is a mere scrap."""
    assert rank(passage(HALVES[0])) == 1
    assert rank(passage(" ".join(TEXT.split()[:9]))) is None


def test_cut_coarser_it_is_found_in_what_holds_it() -> None:
    assert rank(passage(f"{OTHER} {TEXT} {OTHER}")) == 1


@pytest.mark.parametrize(
    ("words", "found"), [(30, 1), (26, 1), (20, None)], ids=["a quarter", "a third", "half"]
)
def test_an_edited_text_is_found_while_most_of_it_stands(words: int, found: int | None) -> None:
    """SAME_DOCUMENT of its runs of five words; what is new at its end is `40 - words` words."""
    assert rank(passage(" ".join(TEXT.split()[:words]) + " " + OTHER)) == found


def test_a_document_that_was_moved_is_known_by_its_title() -> None:
    """In the same source; in another, or renamed as well, by all but all of its words."""
    moved = passage(f"{OTHER} {TEXT}", document="docs:old/leave.md")
    assert rank(moved) == 1
    renamed = {"document": "docs:x.md", "title": "Holidays"}
    assert rank(passage(TEXT, **renamed)) == 1
    assert rank(passage(HALVES[0] + OTHER, **renamed)) is None
    assert rank(passage(TEXT, **renamed, source="wiki")) == 1


def test_the_same_title_elsewhere_is_no_match_without_the_words() -> None:
    assert rank(passage(OTHER)) is None
    assert rank(passage(OTHER), passage(OTHER)) is None


def test_parts_of_two_documents_do_not_add_up() -> None:
    """A sentence here and a sentence there is not the passage."""
    one = passage(f"{OTHER} {HALVES[0]}")
    other = passage(f"{OTHER} {HALVES[1]}", document="docs:b.md", title="B")
    assert rank(one, other) is None


def test_a_text_of_few_words_must_be_there_as_it_is() -> None:
    short = Expected("docs:leave.md", "docs", "Leave", "27 days")
    assert rank(passage(f"{OTHER} You get 27 days."), expected=short) == 1
    assert rank(passage(f"{OTHER} You get 27 hours."), expected=short) is None
    assert rank(passage(""), expected=short) is None


def test_of_several_the_first_that_is_found_counts() -> None:
    other = Expected("docs:b.md", "docs", "B", OTHER)
    assert found_at([EXPECTED, other], [passage(OTHER, "docs:b.md", "B"), passage(TEXT)]) == (
        1, frozenset({"docs:b.md", "docs:leave.md"}),
    )  # fmt: skip
    assert found_at([], [passage(TEXT)]) is None
