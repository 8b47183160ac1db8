"""Citation marks, however a model writes them."""

from __future__ import annotations

import pytest

from rag_core.generation.writing.marks import (
    CITED,
    FOOTNOTE,
    attributed,
    cited,
    each_mark,
    in_parentheses,
    unattributed,
)


@pytest.mark.parametrize(
    ("mark", "numbers"),
    [
        ("[1]", [1]),
        ("[1, 2]", [1, 2]),
        ("[2-4]", [2, 3, 4]),
        ("[1 and 3]", [1, 3]),
        ("[^1]", [1]),
        ("[[1]]", [1]),
        ("\\[1\\]", [1]),
        ("【1】", [1]),
        ("【1†source】", [1]),
        ("【3:4†handbook.md】", None),
        ("[Source 1]", [1]),
        ("[passage 1, passage 2]", [1, 2]),
        ("(passages 1 and 2)", [1, 2]),
        ("(Quelle 1)", [1]),
        ("**[1]**", [1]),
        ("<sup>[1]</sup>", [1]),
        ("[1](#passage-1)", [1]),
    ],
)
def test_marks_are_understood_as_models_write_them(mark: str, numbers: list[int] | None) -> None:
    """A mark that says something else is none."""
    found = CITED.fullmatch(f" {mark}")
    assert (list(cited(found[0])) if found else None) == numbers


@pytest.mark.parametrize(
    "text", ["since [2024]", "10<sup>3</sup>", "5 m<sup>2</sup>", "f(1)", "[a]", "[x](y)"]
)
def test_what_only_looks_alike_is_left_alone(text: str) -> None:
    assert each_mark(text, lambda mark: "") == text


def test_a_range_without_end_is_not_counted_out() -> None:
    assert list(cited("[1-999]")) == [1, 999]


def test_code_has_no_marks() -> None:
    """`args[1]` is a command's, not ours."""
    assert each_mark("Call `args[1]` twice [2].", lambda mark: "") == "Call `args[1]` twice."


def test_a_number_in_parentheses_ends_a_sentence() -> None:
    assert in_parentheses("It takes two days (1).") == ("It takes two days.", (1,))
    assert in_parentheses("Step (1) takes two days.") == ("Step (1) takes two days.", ())


@pytest.mark.parametrize(
    ("said", "left", "number"),
    [
        ("According to passage 2, it takes two days.", "It takes two days.", 2),
        ("According to [2], it takes two days.", "It takes two days.", 2),
        ("Passage 2 states that it takes two days.", "It takes two days.", 2),
        ("Laut Passage 2, zwei Tage.", "Zwei Tage.", 2),
    ],
)
def test_words_that_name_a_passage_go(said: str, left: str, number: int) -> None:
    """To the reader passages have other numbers."""
    assert attributed(said) == (left, (number,))


def test_words_that_led_to_a_mark_go_with_it() -> None:
    assert unattributed("It takes two days, as described in.") == "It takes two days."
    assert unattributed("It takes two days (see ).") == "It takes two days."
    assert unattributed("See you there.") == "See you there."
    assert unattributed("Call main().") == "Call main()."


def test_lines_that_explain_numbers_are_told_from_sentences_that_begin_with_one() -> None:
    notes = ["[1] Handbook, Leave", "[^1]: Handbook. Page 3.", "- [1] Handbook", "2. [1] Handbook"]
    assert all(FOOTNOTE.fullmatch(line) for line in notes)
    assert not FOOTNOTE.fullmatch("[1] It takes two days.")
