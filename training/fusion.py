"""Fits the coefficients of rag_core/retrieval/fusion.py and refining.py: how a question weighs keywords and vectors.

    python -m training.fusion MODEL_FOLDER DIR [DIR ...] [--limit N]

Uses the train (where a set has none: dev) splits only. Every set is asked twice: as it is, and with the rarest word of each
question hidden from the embedder. That is what a corpus outside of the embedder's domain looks like, where BM25 is by far
the better search: of such sets there are too few to learn from. Each set is then left out in turn, both ways of asking
it, and ranked with what the others teach; what is printed last is fitted on all.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rag_core.compute import Compute
from rag_core.errors import AnswerloopError
from rag_core.index.embedding import Embedder
from rag_core.index.stores.lance import LanceStore
from rag_core.ingest.indexing import Indexer
from rag_core.retrieval.fusion import SHIPPED, Fusion, gap, keyword_share
from rag_core.retrieval.refining import best_units, phrase_shares
from rag_core.retrieval.terms import keywords
from training.evaluate import Beir, index_beir, ndcg, read_beir

if TYPE_CHECKING:
    import torch

__all__ = ["Coefficients", "Judged", "Prior", "fit", "judge"]

CANDIDATES = 50
PENALTY = 0.003
"""On the squared coefficients of the gaps, in standard deviations."""
UNTAUGHT = np.array([-1.0, 0.0, 0.0, 0.0, 3.0])
"""Where fitting begins without a prior; the last: of the logarithm of the sharpness."""
HIDDEN = "zorblat"
"""A word that means nothing, in the place of the rarest one."""
Coefficients = NDArray[np.float64]
"""(5,): bias, keyword gap, vector gap, weight of phrases, and the sharpness of the softmax, which ranks nothing."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A question's candidates, and which of them are relevant."""

    set: str
    hidden: bool
    documents: list[str]
    features: NDArray[np.float64]
    """(candidates, 3): similarity, BM25's share, phrases"""
    gaps: NDArray[np.float64]
    """(2,) of BM25 and similarity"""
    relevant: dict[str, int]

    def ndcg(self, coefficients: Coefficients) -> float:
        bias, keyword, vector, phrases, _ = coefficients
        weight = 1 / (1 + np.exp(-(bias + self.gaps @ [keyword, vector])))
        scores = self.features @ [1 - weight, weight, phrases]
        order = np.argsort(-scores, kind="stable")
        return ndcg(list(dict.fromkeys(self.documents[i] for i in order)), self.relevant)


async def judge(model: Path, folders: Sequence[Path], limit: int) -> list[Judged]:
    """Ask every set its questions, whole and with the rarest word hidden."""
    embedder, compute = Embedder(model), Compute()
    judged: list[Judged] = []
    for folder in folders:
        data = read_beir(folder, "train" if (folder / "qrels" / "train.tsv").is_file() else "dev")
        with tempfile.TemporaryDirectory() as scratch:
            store = await LanceStore.open(Path(scratch), "passages", embedder.card.dimension, held_after=0)
            await index_beir(data.documents, Indexer(embedder, store, compute))
            rarity = Counter(w for d in data.documents for w in set(keywords(d.whole.lower()).split()))
            for query in random.Random(1).sample(list(data.queries), min(limit, len(data.queries))):
                for hidden in (False, True):
                    judged += await _judged(folder.name, data, query, hidden, rarity, embedder, store)
            await store.close()
        print(f"{folder.name}: {len(judged)} so far", file=sys.stderr)
    compute.close()
    return judged


async def _judged(
    name: str,
    data: Beir,
    query: str,
    hidden: bool,
    rarity: Counter[str],
    embedder: Embedder,
    store: LanceStore,
) -> list[Judged]:
    text = data.queries[query]
    rarest = min(keywords(text.lower()).split(), key=rarity.__getitem__, default="")
    asked = " ".join(HIDDEN if rarest in w.lower() else w for w in text.split()) if hidden else text
    vector = embedder.embed_query(asked)
    candidates = {c.id: c for c in await store.search(vector, text, None, CANDIDATES)}
    passages = await store.fetch(list(candidates.values()), None)
    if not passages:
        return []
    found = [candidates[p.id] for p in passages]
    similarity = (np.array([c.cosine for c in found]) + best_units(vector, passages)) / 2
    keyword = keyword_share([c.bm25 for c in found])
    features = np.column_stack([similarity, keyword, phrase_shares(text, passages)])
    gaps = np.array([gap(keyword), gap(similarity)])
    return [Judged(name, hidden, [p.document for p in passages], features, gaps, data.relevant[query])]


@dataclass(frozen=True, slots=True)
class Prior:
    """What is held of the coefficients before any question is looked at, each normally distributed: wide enough that some
    hundred questions go where they point, narrow enough that thirty do not."""

    middle: Fusion = SHIPPED
    weight: float = 0.3
    """Standard deviation of the logit of keyword search's weight, where both gaps are as wide as on average; and of what a
    gap adds to it that is one standard deviation wider."""
    phrases: float = 0.05
    """Standard deviation of the weight of phrases."""


def fit(judged: Sequence[Judged], prior: Prior | None = None) -> Coefficients:
    """The coefficients that make relevant candidates likeliest under a softmax over each question's (ListNet, Cao et
    al. 2007).

    Without a prior every set counts the same, and the coefficients of the gaps are drawn towards 0 a little; with one every
    question does, and they are the most probable by questions and prior.
    """
    import torch

    kept = [j for j in judged if any(d in j.relevant for d in j.documents)]
    sizes = Counter((j.set, j.hidden) for j in kept)
    share = torch.tensor([1.0 if prior else 1 / sizes[j.set, j.hidden] for j in kept], dtype=torch.double)
    features, absent, target = _padded(kept)
    gaps = torch.tensor(np.array([j.gaps for j in kept]))
    mean, spread = gaps.mean(0), gaps.std(0).clamp_min(1e-9)
    middle = torch.tensor(_standardised(prior.middle, mean.numpy(), spread.numpy()) if prior else UNTAUGHT)
    spreads = torch.tensor([*[prior.weight] * 3, prior.phrases, np.inf]) if prior else None
    w = middle.clone().requires_grad_()
    optimiser = torch.optim.LBFGS([w], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        weight = torch.sigmoid(w[0] + ((gaps - mean) / spread) @ w[1:3])[:, None]
        scores = (1 - weight) * features[..., 0] + weight * features[..., 1] + w[3] * features[..., 2]
        likely = torch.log_softmax(torch.exp(w[4]) * scores + absent, 1)
        value = -(share * (target * likely).sum(1)).sum() / share.sum()
        if spreads is None:
            value = value + PENALTY * (w[1:3] ** 2).sum()
        else:
            value = value + (((w - middle) / spreads) ** 2).sum() / (2 * len(kept))
        value.backward()
        return value

    with _one_thread():
        optimiser.step(loss)
    fitted = w.detach()
    slopes = fitted[1:3] / spread
    bias = fitted[0] - (slopes * mean).sum()
    return np.array([float(bias), *map(float, slopes), float(fitted[3]), float(torch.exp(fitted[4]))])


@contextmanager
def _one_thread() -> Iterator[None]:
    """The products are small: threads that wait for each other take ten times as long."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _padded(judged: Sequence[Judged]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """(questions, candidates, 3) features; (questions, candidates) of what is added where there is no candidate, and of how
    likely each should be."""
    import torch

    width = max(len(j.documents) for j in judged)
    features = torch.zeros(len(judged), width, 3, dtype=torch.double)
    absent = torch.full((len(judged), width), -1e9, dtype=torch.double)
    target = torch.zeros(len(judged), width, dtype=torch.double)
    for i, j in enumerate(judged):
        n = len(j.documents)
        features[i, :n], absent[i, :n] = torch.tensor(j.features), 0
        grades = torch.tensor([float(j.relevant.get(d, 0)) for d in j.documents])
        target[i, :n] = grades / grades.sum()
    return features, absent, target


def _standardised(fusion: Fusion, mean: Coefficients, spread: Coefficients) -> Coefficients:
    """As fit has them inside: of gaps with mean 0 and standard deviation 1. mean, spread: (2,)."""
    slopes = np.array([fusion.keyword_gap, fusion.vector_gap])
    return np.array([fusion.bias + slopes @ mean, *(slopes * spread), fusion.phrases, UNTAUGHT[4]])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m training.fusion")
    parser.add_argument("model", type=Path, help="folder of an exported embedding model")
    parser.add_argument("sets", type=Path, nargs="+", help="folders in BEIR layout, two at least")
    parser.add_argument("--limit", type=int, default=400, help="questions of one set")
    arguments = parser.parse_args()
    try:
        judged = asyncio.run(judge(arguments.model, arguments.sets, arguments.limit))
    except AnswerloopError as error:
        print(error, file=sys.stderr)
        return 1
    for name in dict.fromkeys(j.set for j in judged):
        learned = fit([j for j in judged if j.set != name])
        for hidden in (False, True):
            score = statistics.fmean(j.ndcg(learned) for j in judged if (j.set, j.hidden) == (name, hidden))
            asked = "rarest word hidden" if hidden else "as it is"
            print(f"{name}, {asked}: nDCG@10 {score:.4f}, left out")
    names = ("bias", "keyword_gap", "vector_gap", "phrases", "sharpness")
    print(json.dumps(dict(zip(names, fit(judged).round(3).tolist(), strict=True))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
