"""How well a ranking does against judgements. Pure."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from training.evaluate.sets import Beir

__all__ = ["DEPTH", "ndcg", "ndcg_of_vectors", "recall", "reciprocal_rank"]

DEPTH = 10


def ndcg(found: Sequence[str], relevant: Mapping[str, int], depth: int = DEPTH) -> float:
    """Normalised discounted cumulative gain with grades as gains (Järvelin and Kekäläinen 2002)."""
    gain = sum(relevant.get(d, 0) / math.log2(rank + 2) for rank, d in enumerate(found[:depth]))
    best = sum(
        g / math.log2(rank + 2) for rank, g in enumerate(sorted(relevant.values(), reverse=True)[:depth])
    )
    return gain / best if best else 0.0


def recall(found: Sequence[str], relevant: Mapping[str, int], depth: int = DEPTH) -> float:
    """Of all relevant documents, the share among the first `depth`."""
    return len(set(found[:depth]) & set(relevant)) / len(relevant)


def reciprocal_rank(found: Sequence[str], relevant: Mapping[str, int], depth: int = DEPTH) -> float:
    return next((1 / rank for rank, d in enumerate(found[:depth], start=1) if d in relevant), 0.0)


def ndcg_of_vectors(data: Beir, questions: NDArray[np.float32], documents: NDArray[np.float32]) -> float:
    """Mean nDCG@10 of ranking whole documents by the dot product. questions (q, d), documents (n, d)."""
    ids = [document.id for document in data.documents]
    scores = questions @ documents.T
    ranked = np.argsort(-scores, axis=1)[:, :DEPTH]
    relevant = list(data.relevant.values())
    return statistics.fmean(ndcg([ids[i] for i in row], relevant[q]) for q, row in enumerate(ranked))
