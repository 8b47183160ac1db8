"""Two rankings made one."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_core.index.stores import Candidate
from rag_core.retrieval.fusion import BM25_DAMPING, fuse, keyword_share, keyword_weight

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


def order(found: list[Candidate], weight: float) -> list[str]:
    return [fused.candidate.id for fused in fuse(found, weight)]


def test_the_score_is_the_weighted_sum() -> None:
    """Of the cosine as it is, and of BM25 as a share of the best one, damped."""
    first, second = fuse([Candidate("a", 0.8, 27.0), Candidate("b", 0.4, 9.0)], 0.75)
    best = 27.0 + BM25_DAMPING
    assert first.score == pytest.approx(0.75 * 0.8 + 0.25 * 27.0 / best)
    assert second.score == pytest.approx(0.75 * 0.4 + 0.25 * 9.0 / best)


@pytest.mark.parametrize(("weight", "expected"), [(1.0, ["near", "words"]), (0.0, ["words", "near"])])
def test_at_either_end_one_search_decides_alone(weight: float, expected: list[str]) -> None:
    """1 is vectors only, 0 is keywords only."""
    found = [Candidate("words", cosine=0.1, bm25=30.0), Candidate("near", cosine=0.9, bm25=1.0)]
    assert order(found, weight) == expected


def test_words_that_no_other_passage_has_outweigh_a_slightly_nearer_vector() -> None:
    """ERR-7741 means nothing to a vector."""
    found = [Candidate("near", cosine=0.5, bm25=0.0), Candidate("words", cosine=0.4, bm25=20.0)]
    assert order(found, 0.75) == ["words", "near"]


def test_a_chance_match_of_a_common_word_stays_small() -> None:
    """Where it is the best there is, it is no reason to put a far passage before a near one."""
    found = [Candidate("near", cosine=0.5, bm25=0.0), Candidate("chance", cosine=0.4, bm25=0.5)]
    assert order(found, 0.75) == ["near", "chance"]


@given(candidates, st.floats(0, 1))
def test_the_same_candidates_have_the_same_order(found: list[Candidate], weight: float) -> None:
    """However the store returned them. None is lost, the best come first, and no score is above 1."""
    shuffled = random.Random(0).sample(found, len(found))
    ranked = fuse(found, weight)
    scores = [fused.score for fused in ranked]
    assert ranked == fuse(shuffled, weight)
    assert scores == sorted(scores, reverse=True)
    assert all(score <= 1 + 1e-9 for score in scores)
    assert {fused.candidate for fused in ranked} == set(found)


def test_equal_scores_go_by_id() -> None:
    """So that the same question gets the same answer."""
    assert order([Candidate(i, 0.5, 1.0) for i in "cab"], 0.5) == ["a", "b", "c"]


def test_nothing_found_is_nothing() -> None:
    """An empty list, not an error."""
    assert fuse([], 0.75) == []


# --- the weight that is chosen for a question --------------------------------------------------------------------


def weight(cosines: list[float], bm25: list[float]) -> float:
    return keyword_weight(np.array(cosines), keyword_share(bm25))


def test_a_match_of_rare_words_leans_to_keywords() -> None:
    """One passage has the code that was asked for, the others have a common word: BM25 knows what it found."""
    cosines = [0.4] * 20
    rare, common = [40.0] + [3.0] * 19, [5.0] * 20
    assert weight(cosines, rare) > weight(cosines, common) + 0.2


def test_a_passage_that_is_much_nearer_than_all_others_leans_to_vectors() -> None:
    """The embedder knows what is asked about; where all passages are about as near, it does not."""
    bm25 = [10.0, 9.0, 8.0] * 5
    assert weight([0.9] + [0.4] * 14, bm25) < weight([0.42] + [0.4] * 14, bm25) - 0.2


@given(candidates)
def test_the_weight_is_a_weight(found: list[Candidate]) -> None:
    """Between 0 and 1 whatever was found, and the same for the same question; nothing found is no error."""
    chosen = weight([c.cosine for c in found], [c.bm25 for c in found])
    assert 0 <= chosen <= 1
    assert [f.candidate for f in fuse(found, None)] == [f.candidate for f in fuse(found, 1 - chosen)]


def test_without_keyword_matches_vectors_alone_give_the_order() -> None:
    """A question in other words than the documents'."""
    found = [Candidate("a", 0.2, 0.0), Candidate("b", 0.3, 0.0), Candidate("c", 0.1, 0.0)]
    assert [f.candidate.id for f in fuse(found, None)] == ["b", "a", "c"]
