"""Fits rag_core/generation/grounding.json: how much each feature says of a sentence standing in a passage.

    python -m training.grounding MODEL_FOLDER DIR [DIR ...] [--out FILE]

Uses the train splits, and of a set that has none the dev split, to fit; the dev splits to choose the threshold. Test splits
are read by benchmarks/grounding.py alone.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag_core.generation.grounding import DEFAULT, FEATURES, Grounding, Weights
from rag_core.generation.statements import Statement
from rag_core.index.embedding import Embedder
from training.claims import Claim, read_claims
from training.fitting import run

__all__ = ["features_of", "fit", "fitted", "group_weights", "threshold_that_keeps"]

KEEP = 0.95
"""Share of the supported sentences that the threshold lets through: of each kind and set the same weight."""
RIDGE = 2.0
ORIGINS = {"human": 6.0, "answer": 2.0, "reworded": 1.0, "verbatim": 0.5}
"""How much sentences count by what they come from: what people, or a model, write is never quite as it stands."""
SIGNS = {
    **dict.fromkeys("coverage passage_coverage akin run cosine".split(), 1),
    **dict.fromkeys(
        (
            "number_missing number_apart a_name_missing name_missing name_elsewhere negation opposite brief"
        ).split(),
        -1,
    ),
}
"""Which way a feature may speak. One that the sets would turn round, since it goes along with others, is left out."""

Floats = NDArray[np.float64]


async def fitted(model: Path, folders: Sequence[Path]) -> dict[str, Any]:
    embedder = Embedder(model)
    # 1. Sentences with passages that support them and with others.
    train = [claim for folder in folders for claim in await read_claims(folder, _split(folder), embedder)]
    dev = [claim for folder in folders for claim in await read_claims(folder, "dev", embedder)]
    result: dict[str, Any] = {
        "fitted_on": [f"{folder.name} ({_split(folder)})" for folder in folders],
        "claims": len(train),
    }
    for name, vectors in (("vectors", True), ("words", False)):
        # 2. A logistic regression over what is compared, kinds of claims weighing alike.
        x, y = features_of(train, vectors)
        names = [n for n in FEATURES if vectors or n != "cosine"]
        intercept, weights = fit(x, y, group_weights(train), names)
        # 3. The threshold that lets through most of what is supported.
        chosen = Weights(intercept, weights, 0.0)
        x, y = features_of(dev, vectors)
        p = np.array([chosen.probability(dict(zip(FEATURES, row, strict=True))) for row in x])
        threshold = threshold_that_keeps(KEEP, p[y == 1], group_weights(dev)[y == 1])
        result[name] = {
            "intercept": round(intercept, 4),
            "threshold": round(threshold, 4),
            "weights": {n: round(w, 4) for n, w in weights.items()},
        }
    return result


def _split(folder: Path) -> str:
    return "train" if (folder / "qrels" / "train.tsv").is_file() else "dev"


def features_of(claims: Sequence[Claim], vectors: bool) -> tuple[Floats, Floats]:
    """(claims, len(FEATURES)) beside the passage that Grounding would choose, and (claims,) 1 for what is supported."""
    grounding = Grounding()
    rows = [
        grounding.features(Statement.of(c.sentence), c.vector if vectors else None, c.passages)
        for c in claims
    ]
    return (
        np.array([[row[name] for name in FEATURES] for row in rows]),
        np.array([float(c.supported) for c in claims]),
    )


def group_weights(claims: Sequence[Claim]) -> Floats:
    """Each kind weighs by the root of its size and what its origin counts; supported and unsupported the same in all."""
    sizes = Counter((c.set, c.origin, c.kind) for c in claims)
    weights = np.array([ORIGINS[c.origin] * sizes[c.set, c.origin, c.kind] ** -0.5 for c in claims])
    supported = np.array([c.supported for c in claims])
    weights[supported] *= weights[~supported].sum() / weights[supported].sum()
    return np.asarray(weights / weights.mean())


def fit(x: Floats, y: Floats, each: Floats, names: Sequence[str]) -> tuple[float, dict[str, float]]:
    """Intercept and weights of a ridge-penalised logistic regression by Newton's method.

    x: (rows, len(FEATURES)). names: the features to use; those whose weight would have the wrong sign are left out, the
    worst first.
    """
    names = list(names)
    while True:
        columns = x[:, [FEATURES.index(n) for n in names]]
        mean, spread = columns.mean(0), np.maximum(columns.std(0), 1e-6)
        w = _newton(np.column_stack([np.ones(len(x)), (columns - mean) / spread]), y, each)
        wrong = {n: abs(v) for n, v in zip(names, w[1:], strict=True) if SIGNS.get(n, 0) * v < 0}
        if not wrong:
            slopes = w[1:] / spread
            return float(w[0] - slopes @ mean), dict(zip(names, slopes.tolist(), strict=True))
        names.remove(max(wrong, key=lambda n: wrong[n]))


def _newton(z: Floats, y: Floats, each: Floats) -> Floats:
    w = np.zeros(z.shape[1])
    ridge = np.diag([0.0] + [RIDGE] * (z.shape[1] - 1)) + 1e-9 * np.eye(z.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(z @ w, -30, 30)))
        gradient = z.T @ (each * (p - y)) + ridge @ w
        step = np.linalg.solve((z * (each * p * (1 - p))[:, None]).T @ z + ridge, gradient)
        w -= step
        if np.abs(step).max() < 1e-8:
            break
    return w


def threshold_that_keeps(share: float, probabilities: Floats, weights: Floats) -> float:
    """The highest threshold at or above which this share of the weight lies."""
    order = np.argsort(-probabilities)
    above = np.cumsum(weights[order]) / weights.sum()
    return float(probabilities[order][np.searchsorted(above, share - 1e-12)])


def main() -> int:
    return run("training.grounding", fitted, DEFAULT)


if __name__ == "__main__":
    sys.exit(main())
