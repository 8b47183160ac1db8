"""Two rankings -> one: the weighted sum of cosine and BM25 as they are.

Both say something absolute: a question of several rare words that all stand in a passage has a high BM25, and there
keywords deserve the say. Normalising within the question, as reciprocal rank fusion and min-max sums do, throws that
away; on the train splits of our sets the plain sum has mean nDCG@10 .769, min-max sums at most .766, RRF less
(docs/benchmarks.md). See Bruch, Gai and Ingber, An Analysis of Fusion Functions for Hybrid Retrieval (TOIS 2023).
"""

from __future__ import annotations

from collections.abc import Sequence

from rag_core.index.stores import Candidate

__all__ = ["BM25_SCALE", "fuse", "score"]

BM25_SCALE = 20.0
"""The BM25 score that is put on a level with a cosine of 1."""


def score(candidate: Candidate, dense_weight: float) -> float:
    """Comparable between questions to one index."""
    return dense_weight * candidate.cosine + (1 - dense_weight) * candidate.bm25 / BM25_SCALE


def fuse(candidates: Sequence[Candidate], dense_weight: float) -> list[Candidate]:
    """All candidates, best first; ties in the order of their ids, so that the same question gets the same answer."""
    return sorted(candidates, key=lambda c: (-score(c, dense_weight), c.id))
