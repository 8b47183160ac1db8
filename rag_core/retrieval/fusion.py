"""Two rankings -> one: the convex sum of per-question min-max scores.

Bruch, Gai and Ingber, An Analysis of Fusion Functions for Hybrid Retrieval (TOIS 2023), find it ahead of reciprocal
rank fusion, which forgets by how much one passage is better than the next; our own sets agree (docs/benchmarks.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag_core.index.stores import Hit

__all__ = ["Ranked", "fuse"]


@dataclass(frozen=True, slots=True)
class Ranked:
    hit: Hit
    score: float
    """0 to 1 within one question; not comparable between questions."""


def fuse(hits: Sequence[Hit], dense_weight: float) -> list[Ranked]:
    """All hits, best first; ties in the order of their ids, so that the same question gets the same answer."""
    dense = _min_max([hit.cosine for hit in hits])
    keyword = _min_max([hit.bm25 for hit in hits])
    ranked = [
        Ranked(hit, dense_weight * d + (1 - dense_weight) * k)
        for hit, d, k in zip(hits, dense, keyword, strict=True)
    ]
    return sorted(ranked, key=lambda r: (-r.score, r.hit.passage.id))


def _min_max(scores: list[float]) -> list[float]:
    low, high = min(scores, default=0.0), max(scores, default=0.0)
    return [(score - low) / (high - low) if high > low else 0.0 for score in scores]
