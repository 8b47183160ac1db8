"""Fits rag_core/generation/calibration.json: which units answer, how sure to be, and below which confidence to abstain.

    python -m training.calibrate MODEL_FOLDER DIR [DIR ...] [--out FILE]

Uses the train (where a set has none: dev) splits only. Sets with answers.jsonl teach which unit holds an answer; all sets
teach confidence: their own questions against questions that their documents do not answer (unanswerable.jsonl, and
the other sets' questions).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag_core.compute import Compute
from rag_core.errors import AnswerloopError
from rag_core.generation.calibration import DEFAULT, SIGNALS, Calibration, Linear
from rag_core.generation.evidence import FEATURES, Evidence, gather
from rag_core.generation.extractive import Extractive
from rag_core.index.embedding import Embedder
from rag_core.index.stores.lance import LanceStore
from rag_core.ingest.indexing import Indexer
from rag_core.retrieval.search import Found, Search
from rag_core.settings import Settings
from training.evaluate import Beir, index_beir, normalised, read_beir

PRIOR = {"echo": -3.0, "short": -1.0, "question": -2.0, "code": -0.5}
"""Where the sets have too little of a kind to learn from, a weight stays near these."""
FIXED = {"header_coverage": 2.0, "lead": 2.0}
"""Not fitted: in the sets that have answers every passage of an article has the same heading, so that they would teach
that headings say nothing. Chosen on examples/questions.jsonl."""
KEEP_RIGHT = 0.98
"""Share of the right answers that the threshold lets through."""
PER_SET = 2_000
"""Questions of one set, so that no set outweighs the others by much."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with what was found for it."""

    text: str
    found: Found
    evidence: Evidence
    golds: tuple[str, ...] = ()
    """Accepted answers, normalised; empty where the set has none."""
    relevant: frozenset[str] = frozenset()
    """Documents that answer it; empty: none does."""


async def calibrate(model: Path, folders: Sequence[Path]) -> dict[str, Any]:
    # 1. Ask every set its own questions, and those it does not answer.
    sets = [read_beir(folder, _split(folder)) for folder in folders]
    asked = [a async for a in _asked(sets, Embedder(model))]
    # 2. Which units hold the answer: a ridge-penalised logistic regression over the sets that say.
    units = _fit_units([a for a in asked if a.golds])
    # 3. How steeply being in a lower passage counts: the scale that most often has the answer among three units.
    units = _scaled_lag(units, [a for a in asked if a.golds])
    # 4. How sure to be of what was chosen, and the threshold that lets most right answers through.
    calibration = replace(Calibration.read(), units=units)
    generator = Extractive(Settings().answers, Settings().retrieval.top_k, calibration)
    signals, right = _outcomes(generator, asked)
    confidence = _fit(signals, right, np.zeros(len(SIGNALS)), np.full(len(SIGNALS), 1.0), SIGNALS)
    p = np.array([confidence.probability(dict(zip(SIGNALS, row, strict=True))) for row in signals])
    threshold = float(np.quantile(p[right == 1], 1 - KEEP_RIGHT))
    return {
        "fitted_on": [f"{folder.name} ({_split(folder)})" for folder in folders],
        "questions": len(asked),
        "units": _written(units),
        "gap": calibration.gap,
        "confidence": _written(confidence),
        "threshold": round(threshold, 4),
    }


def _split(folder: Path) -> str:
    return "train" if (folder / "qrels" / "train.tsv").is_file() else "dev"


async def _asked(sets: Sequence[Beir], embedder: Embedder) -> Any:
    rng = random.Random(0)
    settings = Settings()
    compute = Compute()
    for n, data in enumerate(sets):
        strangers = [text for m, other in enumerate(sets) if m != n for text in other.queries.values()]
        questions = _questions(data, rng.sample(strangers, min(len(strangers), 200)), rng)
        with tempfile.TemporaryDirectory() as scratch:
            store = await LanceStore.open(Path(scratch), "passages", embedder.card.dimension)
            await index_beir(data.documents, Indexer(embedder, store, compute))
            await store.optimize()
            search = Search(embedder, store, compute, settings.retrieval)
            for text, golds, relevant in questions:
                found = await search(text, None)
                evidence = gather(text, found.vector, found.ranked, settings.retrieval.top_k)
                yield Asked(text, found, evidence, golds, relevant)
            await store.close()
    compute.close()


def _questions(
    data: Beir, strangers: Sequence[str], rng: random.Random
) -> Iterator[tuple[str, tuple[str, ...], frozenset[str]]]:
    own = rng.sample(list(data.queries), min(len(data.queries), PER_SET))
    for query in own:
        golds = tuple(normalised(a) for a in data.answers.get(query, ()))
        yield data.queries[query], golds, frozenset(data.relevant[query])
    for text in [*rng.sample(data.unanswerable, min(len(data.unanswerable), PER_SET)), *strangers]:
        yield text, (), frozenset()


def _fit_units(asked: Sequence[Asked]) -> Linear:
    features = np.concatenate([a.evidence.features for a in asked])
    labels = np.concatenate([_holds_answer(a) for a in asked])
    prior = np.array([{**PRIOR, **FIXED}.get(name, 0.0) for name in FEATURES])
    penalty = np.array([1e9 if name in FIXED else 5.0 for name in FEATURES])
    return _fit(features, labels, prior, penalty, FEATURES)


def _holds_answer(asked: Asked, anywhere: bool = False) -> NDArray[np.float64]:
    """(units,) 1 where a unit has an accepted answer, in a relevant document unless anywhere."""
    evidence = asked.evidence
    labels = []
    for owner, number in zip(evidence.owner, evidence.number, strict=True):
        passage = evidence.passages[owner]
        a, b = passage.units[number]
        text = f" {normalised(passage.text[a:b])} "
        known = anywhere or passage.document in asked.relevant
        labels.append(float(known and any(f" {gold} " in text for gold in asked.golds)))
    return np.array(labels)


def _scaled_lag(units: Linear, asked: Sequence[Asked]) -> Linear:
    labels = [_holds_answer(a, anywhere=True) for a in asked]
    best = (-1.0, units)
    for scale in (1.0, 0.8, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1):
        tried = replace(units, weights={**units.weights, "passage_lag": units.weights["passage_lag"] * scale})
        weights = tried.vector(FEATURES)
        hits = [
            label[np.argsort(-(a.evidence.features @ weights))[:3]].any()
            for a, label in zip(asked, labels, strict=True)
        ]
        best = max(best, (float(np.mean(hits)), tried), key=lambda pair: pair[0])
    return best[1]


def _outcomes(
    generator: Extractive, asked: Sequence[Asked]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """For each question the signals of its answer, and whether that answer is right."""
    signals, right = [], []
    for a in asked:
        chosen = generator.choose(a.evidence)
        values = generator.signals(a.evidence, chosen, a.found.ranked)
        signals.append([values[name] for name in SIGNALS])
        if a.golds:
            right.append(float(_holds_answer(a, anywhere=True)[chosen].any()))
        else:
            right.append(float(a.evidence.passages[a.evidence.owner[chosen[0]]].document in a.relevant))
    return np.array(signals), np.array(right)


def _fit(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    prior: NDArray[np.float64],
    penalty: NDArray[np.float64],
    names: Sequence[str],
) -> Linear:
    """Logistic regression by Newton's method, its weights drawn towards the prior (maximum a posteriori)."""
    spread = np.maximum(x.std(0), 1e-6)
    mean = x.mean(0)
    z = np.column_stack([np.ones(len(x)), (x - mean) / spread])
    anchor = np.concatenate([[0.0], prior * spread])
    strength = np.diag([0.0, *penalty])
    w = anchor.copy()
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(z @ w, -30, 30)))
        gradient = z.T @ (p - y) + strength @ (w - anchor)
        hessian = (z * (p * (1 - p))[:, None]).T @ z + strength + 1e-9 * np.eye(len(w))
        step = np.linalg.solve(hessian, gradient)
        w -= step
        if np.abs(step).max() < 1e-8:
            break
    weights = w[1:] / spread
    return Linear(float(w[0] - weights @ mean), dict(zip(names, map(float, weights), strict=True)))


def _written(model: Linear) -> dict[str, Any]:
    return {
        "intercept": round(model.intercept, 4),
        "weights": {n: round(w, 4) for n, w in model.weights.items()},
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m training.calibrate")
    parser.add_argument("model", type=Path, help="folder of an exported embedding model")
    parser.add_argument("sets", type=Path, nargs="+", help="folders in BEIR layout")
    parser.add_argument("--out", type=Path, default=DEFAULT)
    arguments = parser.parse_args()
    try:
        values = asyncio.run(calibrate(arguments.model, arguments.sets))
    except AnswerloopError as error:
        print(error, file=sys.stderr)
        return 1
    arguments.out.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(values, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
