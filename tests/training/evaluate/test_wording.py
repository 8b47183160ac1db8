"""Measures of wording against values worked out by hand, and what always holds of them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.evaluate import bleu, exact_match, f1, holds, normalised, rouge_l

TEXT = st.text(alphabet="ab ,.A-the1 ", max_size=20)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  The U.S.A.!  ", "usa"),
        ("an apple, a pear", "apple pear"),
        ("1,000 €", "1000 €"),
        ("10th-century", "10thcentury"),
        ("Theatre of another era", "theatre of another era"),
        ("The-end", "theend"),
        ("Ünïcode—dash", "ünïcode—dash"),
        ("the", ""),
        ("...", ""),
    ],
)
def test_answers_are_compared_as_squad_compares_them(text: str, expected: str) -> None:
    """In its order: small letters, ASCII punctuation out, articles out, one space between words."""
    assert normalised(text) == expected


@given(TEXT)
def test_what_is_normalised_differs_from_the_official_script_in_nothing(text: str) -> None:
    """The steps of evaluate-v2.0.py, one by one."""
    import re
    import string

    lowered = text.lower()
    unpunctuated = "".join(c for c in lowered if c not in set(string.punctuation))
    without = re.compile(r"\b(a|an|the)\b", re.UNICODE).sub(" ", unpunctuated)
    assert normalised(text) == " ".join(without.split())


@pytest.mark.parametrize(
    ("reply", "accepted", "exact", "overlap"),
    [
        ("The Normans.", ["Normans"], 1.0, 1.0),
        ("in the 10th century", ["10th century", "the 11th"], 0.0, 0.8),  # precision 2/3, recall 1
        ("Paris Paris", ["Paris"], 0.0, 2 / 3),  # a word counts as often as both have it
        ("Berlin", ["Paris"], 0.0, 0.0),
        ("", ["Paris"], 0.0, 0.0),
        ("the", ["a"], 1.0, 1.0),  # nothing and nothing
        ("Paris", [], 0.0, 0.0),
    ],
)
def test_exact_match_and_f1_take_the_accepted_answer_that_suits_best(
    reply: str, accepted: list[str], exact: float, overlap: float
) -> None:
    """As in SQuAD."""
    assert exact_match(reply, accepted) == exact
    assert f1(reply, accepted) == pytest.approx(overlap)


@given(TEXT, st.lists(TEXT, max_size=3))
def test_f1_is_never_below_exact_match(reply: str, accepted: list[str]) -> None:
    """And both lie between 0 and 1; another accepted answer never takes anything away."""
    assert 0 <= exact_match(reply, accepted) <= f1(reply, accepted) <= 1
    assert f1(reply, accepted) <= f1(reply, [*accepted, "b"])
    if exact_match(reply, accepted) and normalised(reply):
        assert holds(reply, accepted)


@pytest.mark.parametrize(
    ("reply", "accepted", "found"),
    [
        ("It was founded in the 10th century, they say.", ["the 10th Century"], True),
        ("Normandy is a region of France.", ["Spain", "France"], True),
        ("They were Normans.", ["Norman"], False),
        ("It costs 1,500 euros.", ["500"], False),
        ("One. Two.", ["two one"], False),
        ("Anything", [], False),
        ("Anything", ["the"], False),
        ("", ["France"], False),
    ],
)
def test_a_reply_holds_an_answer_as_whole_words_in_a_row(
    reply: str, accepted: list[str], found: bool
) -> None:
    """Part of a word or number is none."""
    assert holds(reply, accepted) is found


def test_rouge_l_is_the_longest_common_subsequence_of_stems() -> None:
    """Against the best of the references."""
    # reply stems: the cat sit on mat; reference: cat sit mat -> 3 of 5 and 3 of 3
    assert rouge_l("The cats sitting on mats", ["cat sits mat", "dog"]) == pytest.approx(0.75)
    assert rouge_l("", ["cat"]) == 0.0


def test_bleu_is_that_of_the_corpus_with_any_number_of_references() -> None:
    """0 to 100. A reply may match any of its references, and have fewer of them than another reply."""
    said = ["the cat is on the mat today", "there is a dog in the yard"]
    assert bleu(said, [("a", said[0]), (said[1],)]) == pytest.approx(100.0)
    assert bleu(["a b c d e"], [["a b c d x"]]) == pytest.approx(
        100 * math.exp((math.log(4 / 5) + math.log(3 / 4) + math.log(2 / 3) + math.log(1 / 2)) / 4)
    )
    assert bleu([""], [["a b"]]) == 0.0
    # 4 of 12 and 12 of 12 words, all in order: only their length counts, exp(1 - 24 / 16)
    letters = "a b c d e f g h i j k l"
    assert bleu(["a b c d", letters], [[letters], ["z", letters]]) == pytest.approx(100 * math.exp(-0.5))
