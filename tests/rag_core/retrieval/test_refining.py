"""The best passages in a better order."""

from __future__ import annotations

import numpy as np
import pytest

from rag_core.retrieval.refining import refine
from rag_core.types import Passage, Place, Ranked

QUESTION = np.array([1, 0, 0, 0], np.float32)


def found(
    id: str, units: list[list[float]], text: str = "words", cosine: float = 0.5, bm25: float = 0.0
) -> Ranked:
    """A passage whose units have these vectors."""
    scaled = [np.array(u) / max(np.abs(u)) * 127 for u in units]
    blob = np.array(scaled, np.int8).tobytes() if units else b""
    passage = Passage(id, "d", "s", "public", "Title", ("Heading",), text, "u", Place(), unit_vectors=blob)
    return Ranked(passage, cosine, bm25, score=0.9)


def order(
    *ranked: Ranked, question: str = "anything", limit: int = 10, dense: float | None = None
) -> list[str]:
    return [r.passage.id for r in refine(question, QUESTION, ranked, limit, dense)]


def test_a_passage_with_one_near_sentence_comes_before_one_that_is_near_on_average() -> None:
    """Its best unit speaks for it, wherever in the passage it stands."""
    average = found("average", [[1, 1, 0, 0], [1, 0, 1, 0]])
    one = found("one", [[0, 1, 0, 0], [0, 0, 1, 0], [1, 0, 0, 0.1]])
    assert order(average, one) == ["one", "average"]


def test_words_that_stand_together_in_the_question_speak_for_a_passage_where_they_do_too() -> None:
    """'dark mode' is not 'the mode of the dark lamp'; title and headings count as well."""
    apart = found("apart", [[1, 0, 0, 0]], "the mode of the dark lamp")
    together = found("together", [[1, 0, 0, 0]], "Dark mode is for the night")
    assert order(apart, together, question="How do I get dark mode?") == ["together", "apart"]


def test_only_the_best_are_looked_at_and_the_others_follow() -> None:
    """In their own order, with scores that do not rise."""
    ranked = [found("a", [[0, 1, 0, 0]]), found("b", [[1, 0, 0, 0]]), found("c", [[1, 0, 0, 0]])]
    refined = refine("x", QUESTION, ranked, 2, None)
    assert [r.passage.id for r in refined] == ["b", "a", "c"]
    scores = [r.score for r in refined]
    assert scores == sorted(scores, reverse=True)


def test_a_given_weight_is_kept_to() -> None:
    """1 is vectors only: keywords that stand out change nothing."""
    near = found("near", [[1, 0, 0, 0]], cosine=0.6)
    words = found("words", [[1, 1, 0, 0]], cosine=0.5, bm25=40)
    assert order(near, words, dense=1.0) == ["near", "words"]
    assert order(near, words, dense=0.0) == ["words", "near"]


def test_passages_without_units_and_no_passages_at_all_are_no_error() -> None:
    """An index that another tool filled may have none."""
    assert order(found("a", [], cosine=0.9), found("b", [[1, 0, 0, 0]], cosine=0.1)) == ["b", "a"]
    assert order() == []


def test_the_same_passages_have_the_same_order() -> None:
    """Ties go by id."""
    ranked = [found(id, [[1, 0, 0, 0]]) for id in "cab"]
    assert order(*ranked) == order(*reversed(ranked)) == ["a", "b", "c"]


@pytest.mark.parametrize("question", ["", "?", "one", "the of and"])
def test_a_question_without_pairs_of_words_has_no_phrases(question: str) -> None:
    """And is no error."""
    assert order(found("a", [[1, 0, 0, 0]]), question=question) == ["a"]
