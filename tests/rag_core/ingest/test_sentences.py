"""Where sentences begin and end, by example, and for any text at all."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag_core.ingest.sentences import sentence_spans


def sentences(text: str) -> list[str]:
    return [text[a:b] for a, b in sentence_spans(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("It works … Then it stops.", ["It works …", "Then it stops."]),
        ('She said "Go." He went.', ['She said "Go."', "He went."]),
        ("(It rains.) We stay.", ["(It rains.)", "We stay."]),
        ("Really?! Yes.", ["Really?!", "Yes."]),
        (
            "今日は雨です。明日は晴れ!傘は？いりません。",
            ["今日は雨です。", "明日は晴れ!傘は？", "いりません。"],
        ),
        ("هل تعمل؟ نعم.", ["هل تعمل؟", "نعم."]),
        ("यह चलता है। वह रुकता है।", ["यह चलता है।", "वह रुकता है।"]),
        ("No stop at the end", ["No stop at the end"]),
    ],
)
def test_sentences_end_where_readers_end_them(text: str, expected: list[str]) -> None:
    """Full stops, question and exclamation marks end sentences, with the quotes and brackets that close there."""
    assert sentences(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Dr. Ngo met Mr. Hale.",
        "Use a cable, e.g. Cat 6, for this.",
        "The U.S. Army has one.",
        "J. R. R. Tolkien wrote it.",
        "See fig. 3 and No. 7 for it.",
        "1. Open the box",
        "It costs 3.50 euros, version 1.2.3 too.",
        "We run example.com and others.",
        "Das gilt z.B. Montags auch.",
        "approx. two hours later",
    ],
)
def test_not_every_full_stop_ends_a_sentence(text: str) -> None:
    """Abbreviations, initials, numbering, decimals and host names do not."""
    assert sentences(text) == [text]


@given(st.text(alphabet="aB1 .!?…\"')。？\n\t", max_size=80) | st.text(max_size=80))
def test_nothing_is_lost_between_sentences(text: str) -> None:
    """The ranges are in order, do not overlap, begin and end in a word or mark, and leave out white space only."""
    end = 0
    for a, b in sentence_spans(text):
        assert end <= a < b <= len(text)
        assert not text[end:a].strip()
        assert text[a:b] == text[a:b].strip()
        end = b
    assert not text[end:].strip()


@settings(max_examples=25)
@given(
    st.lists(st.from_regex(r"[A-Z][a-z]{2,8}( [a-z]{5,8}){1,5}[.!?]", fullmatch=True), min_size=1, max_size=6)
)
def test_plain_sentences_come_back_as_they_were_joined(parts: list[str]) -> None:
    """Sentences that begin with a capital and end with a mark are found again."""
    abbreviated = [part for part in parts if part.endswith("approx.")]
    if not abbreviated:
        assert sentences(" ".join(parts)) == parts


@pytest.mark.parametrize(
    "text", ["This is a sentence. " * 20_000, "x." * 100_000, "a" * 200_000 + ". B" * 20_000]
)
def test_a_long_paragraph_takes_time_in_proportion(text: str) -> None:
    """A paragraph of hundreds of thousands of characters takes a fraction of a second, not minutes."""
    started = time.process_time()
    assert sentence_spans(text)
    assert time.process_time() - started < 2
