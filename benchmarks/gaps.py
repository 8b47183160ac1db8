"""How well questions of one meaning are found: clusters against groups that are known, on train splits.

    python benchmarks/gaps.py MODEL_FOLDER ../shared/data/medquad ../shared/data/squad_dev

Questions that belong to one document (MedQuAD: of one disease) are one group. Against k-means with as many clusters as
there are groups, which nobody knows in use, and against taking only what is worded alike.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import time
from collections import Counter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag_core.index.embedding import Embedder
from rag_core.records.feedback.wording import wording_of
from rag_core.review.gaps.clustering import clusters

THRESHOLDS = (0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8)


def questions(data: Path) -> tuple[list[str], list[str]]:
    """Texts and groups of the train split, of groups with two questions or more."""
    with gzip.open(data / "queries.jsonl.gz", "rt", encoding="utf-8") as lines:
        known = {row["_id"]: row for row in map(json.loads, lines)}
    lines_ = (data / "qrels" / "train.tsv").read_text(encoding="utf-8").splitlines()[1:]
    group = {}
    for query, document, _ in (line.split("\t") for line in lines_):
        group.setdefault(query, known[query].get("metadata", {}).get("group", document))
    sizes = Counter(group.values())
    kept = sorted(id for id in group if sizes[group[id]] > 1)
    return [known[id]["text"] for id in kept], [group[id] for id in kept]


def adjusted_rand(truth: list[str], found: list[int]) -> float:
    """L. Hubert, P. Arabie, J. Classification 2 (1985), 193-218."""
    pairs = sum(math.comb(n, 2) for n in Counter(zip(truth, found, strict=True)).values())
    a = sum(math.comb(n, 2) for n in Counter(truth).values())
    b = sum(math.comb(n, 2) for n in Counter(found).values())
    expected = a * b / math.comb(len(truth), 2)
    return (pairs - expected) / ((a + b) / 2 - expected)


def v_measure(truth: list[str], found: list[int]) -> float:
    """A. Rosenberg, J. Hirschberg, EMNLP-CoNLL 2007."""

    def entropy(counts: Counter) -> float:
        total = sum(counts.values())
        return -sum(n / total * math.log(n / total) for n in counts.values())

    both = entropy(Counter(zip(truth, found, strict=True)))
    a, b = entropy(Counter(truth)), entropy(Counter(found))
    homogeneity, completeness = (1 - (both - b) / a), (1 - (both - a) / b)
    return 2 * homogeneity * completeness / (homogeneity + completeness)


def labels(rows: list[list[int]], n: int) -> list[int]:
    found = [0] * n
    for number, members in enumerate(rows):
        for row in members:
            found[row] = number
    return found


def k_means(vectors: NDArray[np.float32], k: int, rounds: int = 20, seed: int = 1) -> list[int]:
    centres = vectors[np.random.default_rng(seed).choice(len(vectors), k, replace=False)]
    for _ in range(rounds):
        nearest = (vectors @ centres.T).argmax(1)
        for one in range(k):
            if (members := vectors[nearest == one]).size:
                centres[one] = members.sum(0) / np.linalg.norm(members.sum(0))
    return [int(one) for one in nearest]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("data", type=Path, nargs="+")
    options = parser.parse_args()
    embedder = Embedder(options.model)
    for data in options.data:
        texts, truth = questions(data)
        vectors = np.stack([embedder.embed_query(text) for text in texts])
        print(f"\n{data.name}: {len(texts):,} questions in {len(set(truth)):,} groups")
        rows: dict[str, list[int]] = {}
        for threshold in THRESHOLDS:
            begun = time.perf_counter()
            rows[f"average link at {threshold}"] = labels(clusters(vectors, threshold), len(texts))
            took = time.perf_counter() - begun
        rows["k-means, groups known"] = k_means(vectors, len(set(truth)))
        words = [wording_of(text) for text in texts]
        rows["worded alike"] = [sorted(set(words)).index(word) for word in words]
        for name, found in rows.items():
            scores = f"ARI {adjusted_rand(truth, found):.3f}  V {v_measure(truth, found):.3f}"
            print(f"{name:28s} {scores}  {len(set(found)):5,} clusters")
        print(f"the last clustering took {took:.2f} s")


if __name__ == "__main__":
    main()
