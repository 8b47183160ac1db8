"""Patterns of questions."""

from __future__ import annotations

import itertools
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_core.errors import InvalidEntry
from rag_core.standard.pattern import LONGEST, Pattern, anchors_of
from rag_core.standard.wording import words_of


def matches(pattern: str, question: str) -> bool:
    return Pattern(pattern).matches(words_of(question))


@pytest.mark.parametrize(
    ("pattern", "question", "matched"),
    [
        ("reset password", "Reset password?", True),
        ("reset password", "reset my password", False),
        ("reset * password", "reset password", True),
        ("reset * password", "reset my old password", True),
        ("reset * password", "reset my password now", False),
        ("* password *", "password", True),
        ("* password *", "who knows the password of the wifi", True),
        ("* password *", "who knows the passwords", False),
        ("* password* *", "who knows the passwords", True),
        ("{reset|change} password", "change password", True),
        ("{reset|change} password", "password", False),
        ("{reset|} password", "password", True),
        ("{what is|whats} the wifi", "What is the WiFi?", True),
        ("{what is|whats} the wifi", "what whats the wifi", False),
        ("{a|b c|d * e} {x|y}", "d 1 2 3 e y", True),
        ("{a|b c|d * e} {x|y}", "b x", False),
        ("{a|b|} {c|d|} e", "e", True),
        ("{a|b|} {c|d|} e", "b d e", True),
        ("{a|b|} {c|d|} e", "d b e", False),
        ("vpn is {down|slow}?", "VPN is slow", True),
        ("in*ll* windows", "installing Windows", True),
        ("in*ll* windows", "inl windows", False),
        ("a*a x", "a x", False),
        ("a*a x", "aa x", True),
        ("a*b*c x", "a1b2c x", True),
        ("a*b*c x", "a1c2b x", False),
        ("* * * deploy * *", "how to deploy", True),
        ("C++ *", "c", False),
        ("C++ *", "C++ build", True),
        ("-v *", "-V on", False),
    ],
)
def test_a_pattern_says_what_the_whole_question_looks_like(
    pattern: str, question: str, matched: bool
) -> None:
    """Words as they are, * for any words or letters, {a|b} for a choice."""
    assert matches(pattern, question) is matched


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("", "no word"),
        ("*", "no word"),
        ("* * ?", "no word"),
        ("{a|*} *", "no word"),
        ("in* *", "no word"),
        ("{a|b", "other half"),
        ("a} b", "other half"),
        ("{a {b|c}|d} e", "other half"),
        ("log{in|out} x", "space before"),
        ("{in|out}log x", "space before"),
        ("a|b c", "outside of braces"),
        ("a " * LONGEST, "characters"),
    ],
)
def test_what_is_no_pattern_is_refused(pattern: str, why: str) -> None:
    """One that would answer everything is none either; the message names the field and the remedy."""
    with pytest.raises(InvalidEntry, match=rf"^pattern: .*{why}"):
        Pattern(pattern)


WORDS = st.sampled_from(["a", "b", "ab", "aab", "aabb", "c"])
PART = st.one_of(
    WORDS,
    st.just("*"),
    st.sampled_from(["a*", "*b", "a*b", "*a*", "aab*"]),
    st.lists(st.lists(st.one_of(WORDS, st.just("*")), max_size=2).map(" ".join), min_size=1, max_size=3).map(
        lambda choices: "{" + "|".join(choices) + "}"
    ),
)


def as_expression(pattern: str) -> re.Pattern[str]:
    """The same as a regular expression over words that each end in a space, for short questions."""

    def word(text: str) -> str:
        if text == "*":
            return "(?:[^ ]+ )*"
        return "".join("[^ ]*" if c == "*" else re.escape(c) for c in text) + " "

    parts = re.findall(r"\{[^}]*\}|\S+", pattern)
    choices = [part[1:-1].split("|") if part.startswith("{") else [part] for part in parts]
    return re.compile("".join(f"(?:{'|'.join(''.join(map(word, c.split())) for c in cs)})" for cs in choices))


@given(st.lists(PART, max_size=6).map(" ".join), st.lists(WORDS, max_size=6))
def test_patterns_match_what_the_same_regular_expression_matches(pattern: str, question: list[str]) -> None:
    """Any pattern, any question: compared with Python's backtracking matcher."""
    pattern += " c"  # the anchor that it may be without
    question = [*question, "c"]
    expected = as_expression(pattern).fullmatch("".join(f"{word} " for word in question)) is not None
    assert Pattern(pattern).matches(question) is expected


@given(st.lists(PART, max_size=6).map(" ".join), st.lists(WORDS, max_size=6))
def test_what_matches_has_a_word_of_each_anchor(pattern: str, question: list[str]) -> None:
    """So that patterns can be found by the words of a question."""
    compiled, question = Pattern(pattern + " c"), [*question, "c"]
    if compiled.matches(question):
        assert all(anchor & set(anchors_of(question)) for anchor in compiled.anchors)


@pytest.mark.parametrize(
    ("pattern", "question"),
    [
        (" ".join(["*", "a"] * 40) + " b", "a " * 5000),
        (" ".join(["{a|a a|*|}"] * 25) + " b", "a " * 5000),
        ("*a" * 60 + "*b x", "a" * 20_000 + " x"),
        (" ".join(["*a*a*"] * 30) + " b", ("a" * 50 + " ") * 400),
        (" ".join(itertools.chain(["{" + "|".join(["a *"] * 12) + "}"] * 5)) + " b", "a " * 5000),
    ],
)
def test_no_question_keeps_a_pattern_busy(pattern: str, question: str) -> None:
    """Backtracking would take longer than the universe; seconds are generous here."""
    started = time.monotonic()
    assert not matches(pattern, question)
    assert time.monotonic() - started < 20
