"""How well the grounding check tells supported sentences from unsupported ones, by how each was made.

    python benchmarks/grounding.py MODEL_FOLDER DIR [DIR ...] [--split test] [--json]

Sentences and passages are those of training/claims.py. Recall: the share of the supported that pass. Removed: the share of
the unsupported that do not. Precision for a kind of unsupported: of what passes, if as many sentences were supported as are
of this kind. The area under the ROC curve does not depend on the threshold.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag_core.generation.grounding import FEATURES, Weights
from rag_core.index.embedding import Embedder
from training.claims import Claim, read_claims
from training.grounding import features_of, group_weights, threshold_that_keeps

KEEP = (0.99, 0.97, 0.95, 0.9, 0.8)


async def measure(model: Path, folders: Sequence[Path], split: str) -> dict[str, Any]:
    embedder = Embedder(model)
    claims = [claim for folder in folders for claim in await read_claims(folder, split, embedder)]
    return {
        "split": split,
        "sets": [folder.name for folder in folders],
        "vectors": _measured(claims, Weights.read()[0], vectors=True),
        "words": _measured(claims, Weights.read()[1], vectors=False),
        "squad_dev": _measured([c for c in claims if c.set == "squad_dev"], Weights.read()[0], vectors=True),
        "human": _measured([c for c in claims if c.origin == "human"], Weights.read()[0], vectors=True),
    }


def _measured(claims: Sequence[Claim], weights: Weights, *, vectors: bool) -> dict[str, Any]:
    begin = time.perf_counter()
    x, y = features_of(claims, vectors)
    p = np.array([weights.probability(dict(zip(FEATURES, row, strict=True))) for row in x])
    took = time.perf_counter() - begin
    passes = p >= weights.threshold
    kinds = {side: sorted({c.kind for c in claims if c.supported == side}) for side in (True, False)}
    where = {kind: np.array([c.kind == kind for c in claims]) for side in kinds.values() for kind in side}
    recall = float(passes[y == 1].mean())
    return {
        "ms_per_check": round(1000 * took / max(len(claims), 1), 3),
        "threshold": weights.threshold,
        "area_under_roc": _round(_auc(p, y)),
        "recall": {
            "all": _round(recall),
            **{k: [int(where[k].sum()), _round(passes[where[k]].mean())] for k in kinds[True]},
        },
        "unsupported": {
            kind: {
                "sentences": int(where[kind].sum()),
                "removed": _round(1 - passes[where[kind]].mean()),
                "precision": _round(recall / max(recall + passes[where[kind]].mean(), 1e-9)),
                "area_under_roc": _round(_auc(p[where[kind] | (y == 1)], y[where[kind] | (y == 1)])),
            }
            for kind in kinds[False]
        },
        "operating_points": [_point(keep, p, y, claims) for keep in KEEP],
    }


def _point(
    keep: float, p: NDArray[np.float64], y: NDArray[np.float64], claims: Sequence[Claim]
) -> dict[str, float]:
    """What would be removed at the threshold that keeps this share here; of each kind and set the same weight."""
    each = group_weights(claims)
    threshold = threshold_that_keeps(keep, p[y == 1], each[y == 1])
    removed = float(np.average(p[y == 0] < threshold, weights=each[y == 0]))
    return {"kept": keep, "threshold": _round(threshold), "removed": _round(removed)}


def _auc(p: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Probability that a supported sentence has the higher probability; ties count half."""
    wrong = np.sort(p[y == 0])
    right = p[y == 1]
    below, upto = np.searchsorted(wrong, right, "left"), np.searchsorted(wrong, right, "right")
    return float(((below + upto) / 2).mean() / max(len(wrong), 1))


def _round(value: float) -> float:
    return round(float(value), 4)


def _table(name: str, part: dict[str, Any]) -> str:
    lines = [f"{name}: area under ROC {part['area_under_roc']}, {part['ms_per_check']} ms a check"]
    for kind, counted in part["recall"].items():
        if kind != "all":
            lines.append(f"  supported, {kind:32} {counted[0]:6} recall {counted[1]:.3f}")
    for kind, values in part["unsupported"].items():
        lines.append(
            f"  {kind:43} {values['sentences']:6} removed {values['removed']:.3f} precision {values['precision']:.3f} "
            f"auc {values['area_under_roc']:.3f}"
        )
    lines += [
        f"  keeping {o['kept']}: removed {o['removed']:.3f} at {o['threshold']}"
        for o in part["operating_points"]
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("sets", type=Path, nargs="+")
    parser.add_argument("--split", default="test")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    result = asyncio.run(measure(arguments.model, arguments.sets, arguments.split))
    names = ("vectors", "words", "squad_dev", "human")
    print(json.dumps(result) if arguments.json else "\n".join(_table(name, result[name]) for name in names))


if __name__ == "__main__":
    main()
