"""Two rankings of one question: as it is understood, and as it was asked."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from rag_core.retrieval.hedging import hedged
from rag_core.types import Passage, Place, Ranked

scored = st.lists(
    st.tuples(st.sampled_from("abcdefgh"), st.floats(-1, 2)), max_size=8, unique_by=lambda pair: pair[0]
)


def ranking(*scores: tuple[str, float], bm25: float = 3.0) -> list[Ranked]:
    """Passages by their ids, best first."""
    rows = [Ranked(_passage(id), cosine=score / 2, bm25=bm25, score=score) for id, score in scores]
    return sorted(rows, key=lambda r: -r.score)


def _passage(id: str) -> Passage:
    return Passage(
        id=id,
        document=id,
        source="s",
        scope="public",
        title="T",
        headings=(),
        text=id,
        url="u",
        place=Place(line=1),
        units=((0, 1),),
        unit_vectors=b"",
    )


def ids(ranked: list[Ranked]) -> str:
    return "".join(r.passage.id for r in ranked)


def test_a_question_that_says_enough_is_not_led_astray_by_wrong_words() -> None:
    """Its own ranking is steep; what only the wrong words find stays behind what it finds."""
    asked = ranking(("a", 0.9), ("b", 0.4), ("c", 0.3))
    wrong = ranking(("x", 0.7), ("a", 0.6), ("y", 0.5), ("b", 0.45))
    assert ids(wrong)[0] == "x"
    assert ids(hedged(wrong, asked))[0] == "a"


def test_a_question_that_leans_on_others_is_found_by_what_it_was_understood_as() -> None:
    """Its own ranking is flat, and brings its chance finds no further than the last of the other's."""
    asked = ranking(("p", 0.31), ("q", 0.3), ("r", 0.3), ("b", 0.29))
    right = ranking(("a", 0.9), ("b", 0.5), ("c", 0.2))
    assert ids(hedged(right, asked))[:2] == "ab"


def test_without_another_ranking_nothing_changes() -> None:
    """Nor where both are the same."""
    one = ranking(("a", 0.9), ("b", 0.5))
    assert hedged(one, []) == hedged(one, one) == one
    assert hedged([], one) == one
    assert hedged([], []) == []


def test_what_only_the_asked_words_found_is_no_match_of_the_understood_ones() -> None:
    """Its cosine is the farthest and its BM25 zero: that it is the nearest of another question speaks for nothing."""
    asked = ranking(("z", 1.8), ("a", 0.2))
    merged = {r.passage.id: r for r in hedged(ranking(("a", 0.9), ("b", 0.5)), asked)}
    assert (merged["z"].cosine, merged["z"].bm25) == (0.25, 0.0)
    assert (merged["a"].cosine, merged["a"].bm25) == (0.45, 3.0)


@given(scored, scored)
def test_each_passage_of_both_comes_once_best_first(
    understood: list[tuple[str, float]], asked: list[tuple[str, float]]
) -> None:
    """With the scores of the understood question's own ranking."""
    merged = hedged(ranking(*understood), ranking(*asked))
    scores = [r.score for r in merged]
    assert sorted(ids(merged)) == sorted({id for id, _ in (*understood, *asked)})
    assert scores == sorted(scores, reverse=True)
    if understood:
        assert set(scores) == {score for _, score in understood}


@given(scored, scored)
@example([], [("a", 0.0), ("b", 0.0)])
def test_the_same_rankings_always_give_the_same(
    understood: list[tuple[str, float]], asked: list[tuple[str, float]]
) -> None:
    """Whatever order equal scores came in."""
    merged = hedged(ranking(*understood), ranking(*asked))
    assert merged == hedged(ranking(*understood[::-1]), ranking(*asked[::-1]))
