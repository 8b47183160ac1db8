"""BM25 in memory, against the formula written out."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_core.index.stores.bm25 import K1, B, Bm25

passages = st.lists(st.lists(st.sampled_from("abcde"), max_size=8), max_size=8)


def by_the_formula(texts: list[list[str]], terms: list[str]) -> list[float]:
    """Robertson and Zaragoza 2009, equation 3.15, with Lucene's idf."""
    average = sum(map(len, texts)) / max(1, len(texts))
    total = []
    for text in texts:
        score = 0.0
        for term in terms:
            having = sum(term in other for other in texts)
            idf = math.log(1 + (len(texts) - having + 0.5) / (having + 0.5))
            times = text.count(term)
            if times:
                score += idf * times * (K1 + 1) / (times + K1 * (1 - B + B * len(text) / average))
        total.append(score)
    return total


def index(texts: list[list[str]]) -> Bm25:
    return Bm25(pa.chunked_array([pa.array([" ".join(text) for text in texts], pa.string())]))


@given(passages, st.lists(st.sampled_from("abcdex"), unique=True, max_size=4))
def test_scores_are_those_of_the_formula(texts: list[list[str]], terms: list[str]) -> None:
    """For any passages, empty ones and none at all too, and words that stand nowhere."""
    assert index(texts).scores(terms) == pytest.approx(by_the_formula(texts, terms), rel=1e-4)


@given(passages, st.data())
def test_what_may_not_be_read_has_no_influence(texts: list[list[str]], data: st.DataObject) -> None:
    """Scores are those of an index that holds nothing else."""
    allowed = data.draw(st.lists(st.booleans(), min_size=len(texts), max_size=len(texts)))
    scores = index(texts).scores(["a", "b"], np.array(allowed, bool))
    readable = [text for text, may in zip(texts, allowed, strict=True) if may]
    expected = iter(by_the_formula(readable, ["a", "b"]))
    assert scores == pytest.approx([next(expected) if may else 0.0 for may in allowed], rel=1e-4)
