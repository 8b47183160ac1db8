"""The best passages, looked at closely: how near their best unit is, and whether the question's words stand together.

Both come from what is stored with a passage, so nothing is inferred. A passage is found by its mean; what answers is
often one sentence of it, whose vector lies nearer to the question than the passage's (MaxP of Dai and Callan, SIGIR 2019,
over late-chunked units). Measured in docs/benchmarks.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from rag_core.index.embedding import Vectors, unit_similarities
from rag_core.retrieval.fusion import SHIPPED, Fusion, Scores, keyword_share, keyword_weight
from rag_core.retrieval.terms import keywords
from rag_core.types import Passage, Ranked

__all__ = ["REFINED", "best_units", "phrase_shares", "refine"]

REFINED = 24
"""Passages looked at closely; more bring nothing."""


def refine(
    question: str,
    vector: Vectors,
    ranked: Sequence[Ranked],
    limit: int,
    dense_weight: float | None,
    fusion: Fusion = SHIPPED,
) -> list[Ranked]:
    """The first `limit` passages in a better order, with new scores; behind them the others as they were.

    vector: the question's, (dimension,). dense_weight, fusion: as for fusion.fuse.
    """
    close, others = ranked[:limit], ranked[limit:]
    if not close:
        return []
    similarity = (np.array([r.cosine for r in close]) + best_units(vector, [r.passage for r in close])) / 2
    keyword = keyword_share([r.bm25 for r in close])
    weight = keyword_weight(similarity, keyword, fusion) if dense_weight is None else 1 - dense_weight
    phrases = phrase_shares(question, [r.passage for r in close])
    scores = (1 - weight) * similarity + weight * keyword + fusion.phrases * phrases
    refined = [replace(r, score=score) for r, score in zip(close, scores.tolist(), strict=True)]
    last = float(scores.min())
    return [
        *sorted(refined, key=lambda r: (-r.score, r.passage.id)),
        *(replace(r, score=min(r.score, last)) for r in others),
    ]


def best_units(vector: Vectors, passages: Sequence[Passage]) -> Scores:
    """(passages,) cosine of the question and the nearest unit of each."""
    counts = [len(p.unit_vectors) // len(vector) for p in passages]
    similarities = unit_similarities(vector, b"".join(p.unit_vectors for p in passages))
    bounds = np.cumsum([0, *counts])
    return np.array([similarities[a:b].max() if b > a else 0.0 for a, b in pairwise(bounds)])


def phrase_shares(question: str, passages: Sequence[Passage]) -> Scores:
    """(passages,) share of the question's neighbouring content words that are neighbours in the passage too."""
    words = keywords(question.lower()).split()
    pairs = [f"{a} {b}" for a, b in pairwise(words)]
    if not pairs:
        return np.zeros(len(passages))
    texts = ["\n".join((p.title, *p.headings, p.text)).lower() for p in passages]
    return np.array([sum(pair in text for pair in pairs) / len(pairs) for text in texts])
