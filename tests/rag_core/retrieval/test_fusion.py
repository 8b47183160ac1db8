"""Two rankings made one."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_core.index.stores import Candidate
from rag_core.retrieval.fusion import BM25_SCALE, fuse, score

candidates = st.lists(
    st.builds(
        Candidate,
        id=st.text("abc", min_size=1, max_size=4),
        cosine=st.floats(-1, 1),
        bm25=st.floats(0, 100),
    ),
    max_size=20,
    unique_by=lambda c: c.id,
)


def test_the_score_is_the_weighted_sum() -> None:
    """A BM25 of BM25_SCALE counts as much as a cosine of 1."""
    assert score(Candidate("a", cosine=0.5, bm25=BM25_SCALE / 2), 0.75) == pytest.approx(0.5)
    assert score(Candidate("a", cosine=1.0, bm25=0.0), 0.75) == pytest.approx(0.75)
    assert score(Candidate("a", cosine=0.0, bm25=BM25_SCALE), 0.75) == pytest.approx(0.25)


@pytest.mark.parametrize(("weight", "order"), [(1.0, ["near", "words"]), (0.0, ["words", "near"])])
def test_at_either_end_one_search_decides_alone(weight: float, order: list[str]) -> None:
    """1 is vectors only, 0 is keywords only."""
    hits = [Candidate("words", cosine=0.1, bm25=30.0), Candidate("near", cosine=0.9, bm25=1.0)]
    assert [c.id for c in fuse(hits, weight)] == order


def test_rare_words_that_all_stand_in_a_passage_outweigh_a_nearer_vector() -> None:
    """What normalising within the question would throw away."""
    hits = [Candidate("near", cosine=0.55, bm25=0.0), Candidate("words", cosine=0.4, bm25=25.0)]
    assert [c.id for c in fuse(hits, 0.75)] == ["words", "near"]


@given(candidates, st.floats(0, 1))
def test_the_same_candidates_have_the_same_order(found: list[Candidate], weight: float) -> None:
    """However the store returned them; ties go by id. None is lost."""
    shuffled = random.Random(0).sample(found, len(found))
    ranked = fuse(found, weight)
    assert ranked == fuse(shuffled, weight)
    scores = [score(c, weight) for c in ranked]
    assert scores == sorted(scores, reverse=True)
    assert {c.id for c in ranked} == {c.id for c in found}


def test_equal_scores_go_by_id() -> None:
    """So that the same question gets the same answer."""
    assert [c.id for c in fuse([Candidate(i, 0.5, 1.0) for i in "cab"], 0.5)] == ["a", "b", "c"]


def test_nothing_found_is_nothing() -> None:
    """An empty list, not an error."""
    assert fuse([], 0.75) == []
