"""Two rankings -> one: a sum of similarity and BM25, weighted for each question by how far each ranking's best stand out.

The cosine is kept as it is because it says something absolute: where no passage is near the question, vectors should not
order the result. BM25 says how rare the matched words are and how many there were, so it is taken relative to the best
match, damped a little so that a chance match of a common word stays small (a convex combination, as in Bruch, Gai and
Ingber, An Analysis of Fusion Functions for Hybrid Retrieval, TOIS 2023).

No one weight suits all corpora: on SQuAD's questions keywords are the better search, on MedQuAD's vectors. What tells
them apart without any judgement is the shape of the two score lists. Rare names, codes and numbers make BM25's best stand
out from its tenth; a question in the embedder's own domain makes the nearest passage stand out among the near ones. The
three coefficients were fitted on train splits with each set left out in turn (benchmarks/fusion.py,
docs/benchmarks.md): the chosen weight does as well as the best fixed weight of each set in hindsight.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag_core.index.stores import Candidate

__all__ = ["BM25_DAMPING", "SHIPPED", "Fused", "Fusion", "fuse", "gap", "keyword_share", "keyword_weight"]

BM25_DAMPING = 3.0
"""Added to the best BM25 score before it divides the others."""
TOP = 10
"""How many of a ranking's best are compared."""
Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fusion:
    """How the two are weighed; a release that was trained has numbers of its own, fitted to its vectors."""

    bias: float = -0.6
    """This and the next two: of the logistic function that gives the weight of keyword search."""
    keyword_gap: float = 3.0
    vector_gap: float = -12.0
    phrases: float = 0.15
    """Weight of the question's phrases, where the best passages are looked at closely (refining.py)."""


SHIPPED = Fusion()


@dataclass(frozen=True, slots=True)
class Fused:
    candidate: Candidate
    score: float
    """Comparable between questions to one index."""


def fuse(
    candidates: Sequence[Candidate], dense_weight: float | None, fusion: Fusion = SHIPPED
) -> list[Fused]:
    """All candidates, best first; ties in the order of their ids, so that the same question gets the same answer.

    dense_weight: of vector against keyword search; None: chosen for the question, by fusion.
    """
    similarity = np.array([c.cosine for c in candidates])
    keyword = keyword_share([c.bm25 for c in candidates])
    weight = keyword_weight(similarity, keyword, fusion) if dense_weight is None else 1 - dense_weight
    scores = (1 - weight) * similarity + weight * keyword
    fused = map(Fused, candidates, scores.tolist())
    return sorted(fused, key=lambda f: (-f.score, f.candidate.id))


def keyword_share(bm25: Sequence[float]) -> Scores:
    """BM25 scores as shares of the best, damped: (n,), 0 to below 1."""
    scores = np.asarray(bm25, float)
    return np.asarray(scores / (scores.max(initial=0.0) + BM25_DAMPING))


def keyword_weight(similarity: Scores, keyword: Scores, fusion: Fusion = SHIPPED) -> float:
    """The weight of keyword search for one question, 0 to 1, from the scores (n,) of its candidates."""
    evidence = fusion.bias + fusion.keyword_gap * gap(keyword) + fusion.vector_gap * gap(similarity)
    return float(1 / (1 + np.exp(-evidence)))


def gap(scores: Scores) -> float:
    """How far the best stands above the mean of the best few."""
    if not len(scores):
        return 0.0
    best = -np.sort(-scores)[:TOP]
    return float(best[0] - best.mean())
