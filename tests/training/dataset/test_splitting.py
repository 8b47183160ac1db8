"""Into parts by groups of like questions and by documents."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.training.dataset.toys import example, topics
from training.dataset.rows import Example
from training.dataset.similar import Vectors, key_of
from training.dataset.splitting import LIKE, MEASURED_DOCUMENT, Split, split


@st.composite
def rows(draw: st.DrawFn, least: int = 0) -> tuple[list[Example], Vectors]:
    """Questions of some topics, each with right passages in up to two documents."""
    made, told = [], {}
    for n in range(draw(st.integers(least, 60))):
        question = f"question {n}"
        told[question] = f"topic {draw(st.integers(0, 40))}"
        places = draw(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 3)), max_size=2, unique=True))
        made.append(example(question, *(f"d/{document}#{place}" for document, place in places), at=n))
    return made, topics((one.question for one in made), **told)


def parted(made: list[Example], vectors: Vectors, seed: int = 0, previous: Split | None = None) -> Split:
    return split(made, vectors, 0.15, 0.2, seed, previous.parts if previous else None)


@settings(max_examples=40)
@given(rows())
def test_no_group_and_no_document_is_in_two_parts(made: tuple[list[Example], Vectors]) -> None:
    """But of documents that are named as shared. No row is lost."""
    found = parted(*made)
    assert [one.question for one in found.examples] == [one.question for one in made[0]]
    parts = defaultdict(set)
    for one in found.examples:
        parts[one.group].add(one.part)
        for text in one.right:
            parts[text.document].add(one.part)
    assert {name for name, parts in parts.items() if len(parts) > 1} <= set(found.shared)


@settings(max_examples=40)
@given(rows())
def test_like_questions_are_never_parted(made: tuple[list[Example], Vectors]) -> None:
    """Whatever documents are shared."""
    for one in (found := parted(*made).examples):
        for other in found:
            if made[1][one.question] @ made[1][other.question] >= LIKE[-1]:
                assert (one.group, one.part) == (other.group, other.part)


@settings(max_examples=40)
@given(rows(), st.integers(0, 3), st.randoms())
def test_the_order_of_the_rows_decides_nothing(
    made: tuple[list[Example], Vectors], seed: int, chance: object
) -> None:
    """And the same rows with the same seed are parted the same."""
    shuffled = list(made[0])
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = parted(*made, seed), parted(shuffled, made[1], seed)
    assert {e.question: (e.group, e.part) for e in one.examples} == {
        e.question: (e.group, e.part) for e in other.examples
    }
    assert (one.parts, one.shared) == (other.parts, other.shared)


@settings(max_examples=40)
@given(rows(), st.integers(0, 60))
def test_once_test_always_test(made: tuple[list[Example], Vectors], count: int) -> None:
    """However many rows come later."""
    before = parted(made[0][:count], made[1])
    after = {one.question: one.part for one in parted(*made, previous=before).examples}
    assert all(after[one.question] == "test" for one in before.examples if one.part == "test")


@settings(max_examples=40)
@given(rows(), st.integers(0, 60))
def test_parts_stay_while_rows_are_added(made: tuple[list[Example], Vectors], count: int) -> None:
    """A question moves only where its group has come to hold one that was in another part before."""
    before = parted(made[0][:count], made[1])
    after = parted(*made, previous=before)
    was = {one.question: one.part for one in before.examples}
    groups = defaultdict(set)
    for one in after.examples:
        if one.question in was:
            groups[one.group].add(was[one.question])
    for one in after.examples:
        if one.question in was and len(groups[one.group]) == 1:
            assert one.part == was[one.question]


def test_shares_are_about_what_was_asked_for() -> None:
    """Over many groups."""
    made = [example(f"question {n}", f"d/{n % 400}#0", at=n) for n in range(800)]
    vectors = dict(zip((one.question for one in made), np.eye(800, dtype=np.float32), strict=True))
    counts = Counter(one.part for one in parted(made, vectors).examples)
    assert 0.1 < counts["validation"] / 800 < 0.2
    assert 0.15 < counts["test"] / 800 < 0.25
    assert parted(made, vectors).notes == parted(made, vectors).shared == ()


def test_a_team_with_few_documents_gets_a_useful_split() -> None:
    """A document that most questions have binds them by its passages, and is named."""
    made = [example(f"question {n}", f"d/handbook#{n % 12}", at=n) for n in range(40)]
    found = parted(made, topics(one.question for one in made))
    assert found.shared == ("d/handbook",)
    assert min(Counter(one.part for one in found.examples).values()) >= 3
    passages = defaultdict(set)
    for one in found.examples:
        passages[one.right[0].id].add(one.part)
    assert all(len(parts) == 1 for parts in passages.values())


def test_a_chain_of_likeness_is_no_group_of_all() -> None:
    """Where each question is like the next, what counts as like is stricter."""
    made = [example(f"question {n}", at=n) for n in range(10)]
    angles = dict(zip((one.question for one in made), np.arange(10) * 0.6, strict=True))
    vectors = {question: np.array([np.cos(a), np.sin(a)], np.float32) for question, a in angles.items()}
    assert LIKE[0] < float(vectors["question 0"] @ vectors["question 1"]) < LIKE[1]
    assert len({one.group for one in parted(made, vectors).examples}) == 10


def test_golden_questions_are_measured_on_and_bind_nothing() -> None:
    """Of what is made of documents nothing stays that is of one measured on."""
    made = [example(f"question {n}", f"d/{n}#0", at=n) for n in range(40)]
    golden = [example(f"golden {n}", f"d/{n}#0", source="golden") for n in range(40)]
    heads = [example(f"heading {n}", f"d/{n}#0", source="heading") for n in range(50)]
    found = parted([*made, *golden, *heads], topics(one.question for one in [*made, *golden, *heads]))
    asked = {one.right[0].document: one.part for one in found.examples if one.origin.source == "review"}
    assert set(asked.values()) == {"train", "validation", "test"}
    assert {one.part for one in found.examples if one.origin.source == "golden"} == {"test"}
    left = {one.right[0].document for one in found.examples if one.origin.source == "heading"}
    assert left == {f"d/{n}" for n in range(50) if asked.get(f"d/{n}", "train") == "train"}
    assert {one.reason for one in found.dropped} == {MEASURED_DOCUMENT}
    assert key_of("golden 1") not in found.parts


def test_what_is_too_little_is_said() -> None:
    """With the reason."""
    made = [example(f"question {n}", at=n) for n in range(6)]
    found = parted(made, topics(one.question for one in made))
    assert [note.split(",")[0] for note in found.notes] == [
        "The validation part has 1 reviewed questions",
        "The test part has 1 reviewed questions",
    ]
    assert parted([], {}).examples == ()
