"""Which texts are nearly the same."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.training.dataset.toys import example, topics
from training.dataset.similar import (
    contained,
    grouped,
    key_of,
    like,
    near,
    near_texts,
    resemblance,
    same_questions,
    shingles,
)

WORDS = st.lists(
    st.sampled_from("how do i reset the red blue big password here now".split()), min_size=1, max_size=9
)


@given(st.lists(WORDS.map(" ".join), max_size=12))
def test_signatures_miss_no_text_that_is_nearly_the_same(texts: list[str]) -> None:
    """Against all pairs compared."""
    sets = [shingles(text) for text in texts]
    slow = [
        (a, b)
        for a in range(len(texts))
        for b in range(a + 1, len(texts))
        if resemblance(sets[a], sets[b]) >= 0.8
    ]
    assert near_texts(texts) == slow


@given(st.integers(1, 30), st.lists(st.tuples(st.integers(0, 29), st.integers(0, 29)), max_size=40))
def test_groups_are_what_hangs_together(count: int, links: list[tuple[int, int]]) -> None:
    """Each named by its first row, whatever the order of the links."""
    links = [(a % count, b % count) for a, b in links]
    slow = list(range(count))
    for _ in range(count):
        for a, b in links:
            slow = [min(slow[a], slow[b]) if label in (slow[a], slow[b]) else label for label in slow]
    pairs = [(np.array([a]), np.array([b])) for a, b in links]
    assert grouped(count, pairs).tolist() == slow
    both = np.array(links, np.int64).reshape(-1, 2)
    assert grouped(count, [(both[:, 0], both[:, 1])]).tolist() == slow


def test_like_rows_are_found_once_over_blocks() -> None:
    """Against the whole product."""
    matrix = np.random.default_rng(0).normal(size=(1100, 8)).astype(np.float32)
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    found = [
        pair
        for rows, columns in like(matrix, 0.9)
        for pair in zip(rows.tolist(), columns.tolist(), strict=True)
    ]
    expected = np.argwhere(np.triu(matrix @ matrix.T >= 0.9, 1)).tolist()
    assert sorted(map(list, found)) == expected
    across = [
        pair
        for rows, columns in like(matrix[:600], 0.9, matrix[600:])
        for pair in zip(rows, columns, strict=True)
    ]
    assert len(across) == int((matrix[:600] @ matrix[600:].T >= 0.9).sum())


def test_numbers_and_negations_tell_questions_apart() -> None:
    """Vectors hardly do."""
    for one, other in (
        ("What changed in version 2.1?", "What changed in version 2.2?"),
        ("Why does it start?", "Why doesn't it start?"),
    ):
        assert near([example(one), example(other)], topics((one, other), **{one: "t", other: "t"})) == []
    same = ("How do I reset it?", "How can I reset it?")
    assert near(list(map(example, same)), topics(same, **dict.fromkeys(same, "t"))) == [(0, 1)]


def test_questions_of_one_pattern_are_not_nearly_the_same() -> None:
    """They share their words, and are about different things."""
    asked = [
        f"What research or clinical trials is being done for {name}?" for name in ("Shingles", "Agnosia")
    ]
    assert near_texts(asked) == [(0, 1)]
    assert near(list(map(example, asked)), topics(asked)) == []


def test_questions_that_ask_the_same_without_a_doubt() -> None:
    """By their words, read strictly."""
    asked = ["How do I reset my password?", "how can I reset my password", "How do I change my password?"]
    assert same_questions(list(map(example, asked))) == {(0, 1)}


def test_a_key_tells_nobody_what_was_asked() -> None:
    """It is the same for the same words."""
    assert key_of("How LONG?  ") == key_of("how long") != key_of("how short")
    assert len(key_of("how long")) == 32
    assert contained(frozenset("ab"), frozenset("abc")) == 1.0
    assert resemblance(frozenset(), frozenset()) == 1.0
