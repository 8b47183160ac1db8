"""Which questions are the same: a key for all that an entry depends on, and another as soon as any of it differs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_core.cache import Keys
from rag_core.cache.keys import normalised
from rag_core.index.embedding import ModelCard
from rag_core.records.index.releases import Release
from rag_core.types import Turn

CARD = ModelCard("model", 384, 256, weights_sha256="ab", quantized=True)
RELEASE = Release("r1", "model", "passages_r1_0a1b2c3d", CARD, datetime(2026, 1, 1, tzinfo=UTC), active=True)
KEYS = Keys(RELEASE, {"top_k": 8}, {"max_sentences": 3})

# Text that would run together if parts were only joined: quotes, commas, brackets, nothing, null.
texts = st.text(st.sampled_from('ab",[]:\\|é \n'), max_size=6) | st.sampled_from(
    ["null", "None", "public", ""]
)
scopes = st.none() | st.frozensets(texts, max_size=4)
turns = st.lists(st.builds(Turn, st.sampled_from(["user", "assistant"]), texts), max_size=3).map(tuple)
parts = st.tuples(texts, scopes, st.integers(0, 3), turns)


@given(parts, parts)
def test_answers_share_a_key_exactly_when_all_parts_are_the_same(
    one: tuple[Any, ...], other: tuple[Any, ...]
) -> None:
    """Question, scopes, generation and earlier turns; None, which is everything, is no set of scopes."""
    same = (normalised(one[0]), *one[1:]) == (normalised(other[0]), *other[1:])
    assert (KEYS.answer(*one) == KEYS.answer(*other)) == same
    assert (KEYS.ranking(*one[:3], 16) == KEYS.ranking(*other[:3], 16)) == (
        (normalised(one[0]), *one[1:3]) == (normalised(other[0]), *other[1:3])
    )


@given(scopes, scopes, texts, st.integers(0, 5))
def test_scopes_never_share_an_entry(
    one: frozenset[str] | None, other: frozenset[str] | None, text: str, generation: int
) -> None:
    """Not even where one set holds the other, or is empty."""
    for key in (
        lambda granted: KEYS.answer(text, granted, generation),
        lambda granted: KEYS.ranking(text, granted, generation, 16),
        lambda granted: KEYS.partition(granted, generation),
    ):
        assert (key(one) == key(other)) == (one == other)


@given(texts, texts, scopes)
def test_a_tone_is_part_of_what_an_answer_depends_on(
    one: str, other: str, granted: frozenset[str] | None
) -> None:
    """And no tone is the key of before there were tones."""
    assert (KEYS.answer("q", granted, 1, (), one) == KEYS.answer("q", granted, 1, (), other)) == (
        one == other
    )
    assert (KEYS.partition(granted, 1, one) == KEYS.partition(granted, 1, other)) == (one == other)
    assert KEYS.answer("q", granted, 1, ()) == KEYS.answer("q", granted, 1, (), "")


@given(st.lists(texts, min_size=1, max_size=5))
def test_the_order_of_scopes_does_not_matter(granted: list[str]) -> None:
    """The same rights are the same key, in every process."""
    assert KEYS.answer("q", frozenset(granted), 1) == KEYS.answer("q", frozenset(reversed(granted)), 1)


@pytest.mark.parametrize(
    "other",
    [
        Keys(replace(RELEASE, id="r2"), {"top_k": 8}, {"max_sentences": 3}),
        Keys(replace(RELEASE, index_name="passages_r1_ffffffff"), {"top_k": 8}, {"max_sentences": 3}),
        Keys(replace(RELEASE, card=replace(CARD, weights_sha256="cd")), {"top_k": 8}, {"max_sentences": 3}),
        Keys(replace(RELEASE, card=replace(CARD, quantized=False)), {"top_k": 8}, {"max_sentences": 3}),
        Keys(
            replace(RELEASE, card=replace(CARD, query_prefix="query: ")), {"top_k": 8}, {"max_sentences": 3}
        ),
        Keys(RELEASE, {"top_k": 9}, {"max_sentences": 3}),
        Keys(RELEASE, {"top_k": 8}, {"max_sentences": 2}),
    ],
    ids=["release", "installation", "weights", "quantized", "prefix", "retrieval", "answers"],
)
def test_another_release_installation_model_or_setting_has_other_keys(other: Keys) -> None:
    """An answer depends on them all."""
    assert other.answer("q", None, 1) != KEYS.answer("q", None, 1)


def test_a_ranking_does_not_depend_on_how_answers_are_made() -> None:
    """But on how many passages are wanted."""
    other = Keys(RELEASE, {"top_k": 8}, {"max_sentences": 2})
    assert other.ranking("q", None, 1, 16) == KEYS.ranking("q", None, 1, 16)
    assert KEYS.ranking("q", None, 1, 8) != KEYS.ranking("q", None, 1, 16)


def test_a_vector_depends_on_the_model_and_the_exact_text() -> None:
    """Not on scopes, index or settings; and another spelling has another vector."""
    assert Keys(RELEASE, {}, {}).embedding("Is it?") == KEYS.embedding("Is it?")
    assert KEYS.embedding("Is it?") != KEYS.embedding("is it")
    other = Keys(replace(RELEASE, card=replace(CARD, weights_sha256="cd")), {}, {})
    assert other.embedding("Is it?") != KEYS.embedding("Is it?")


def test_kinds_do_not_share_keys() -> None:
    made = {
        KEYS.embedding("q"),
        KEYS.ranking("q", None, 1, 16),
        KEYS.answer("q", None, 1),
        KEYS.partition(None, 1),
    }
    assert len(made) == 4


def test_a_key_is_short_and_tells_nothing_of_the_question() -> None:
    """The prefix names format and installation; a digest does the rest."""
    key = KEYS.answer("When is Ada's salary paid? " * 100, frozenset({"hr", "board"}), 7)
    assert key.startswith("answerloop:1:passages_r1_0a1b2c3d:answer:")
    assert len(key) < 80
    assert not any(word in key.lower() for word in ("salary", "ada", "board"))


def test_keys_are_the_same_in_every_process() -> None:
    """Written down here: nothing random goes into them. A change of this key means that FORMAT must grow."""
    key = KEYS.answer("What is é?", frozenset({"b", "a"}), 5, (Turn("user", "hi"),))
    assert key == "answerloop:1:passages_r1_0a1b2c3d:answer:aWI_fOKAJgeZCY-MpJkkk4bzri8"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("When is it paid?", "when is it paid"),
        ("When  is\tit paid", "When is it paid ?!"),
        ("What is it???", " what is it... "),
        ("Caf\u00e9", "Cafe\u0301"),
        ("İstanbul", "i̇stanbul"),
    ],
)
def test_spellings_that_ask_the_same(one: str, other: str) -> None:
    """The capital at the beginning, white space, Unicode composition, and what ends a sentence."""
    assert normalised(one) == normalised(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Is it paid?", "Is it not paid?"),
        ("Version 1.5?", "Version 15?"),
        ("What is C#?", "What is C?"),
        ("In welchen Maßen?", "In welchen Massen?"),
        ("can't", "cant"),
        ("What does -v do", "What does -V do"),
        ("Does it ship to us?", "Does it ship to US?"),
        ("US prices", "us prices"),
        ("resume", "résumé"),
        ("", " a"),
        ("¿Qué?", "Qué"),
    ],
)
def test_spellings_that_may_ask_something_else(one: str, other: str) -> None:
    """Nothing within the question is dropped."""
    assert normalised(one) != normalised(other)


@given(st.text(max_size=50))
def test_normalising_is_done_after_one_time(text: str) -> None:
    assert normalised(normalised(text)) == normalised(text)
