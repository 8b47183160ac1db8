"""How long a reranker reads, by the number of passages: one pair in each inference, and several in one.

    python benchmarks/rerank.py FOLDER SET [--questions N]

FOLDER is an exported reranker, SET a folder in BEIR layout, whose documents stand for passages. Wall-clock time is what an
asker waits with both cores at work; CPU time is what it costs, which other processes on the machine disturb less.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rag_core.compute import Compute
from rag_core.retrieval.reranking import PairScorer, Reranker
from training.evaluate import read_beir

DEPTHS = (10, 20, 30)
BATCH_TOKENS = 512


async def measured(scorer: PairScorer, asked: Sequence[tuple[str, Sequence[str]]], depth: int) -> list[float]:
    """Median ms of a question: wall-clock, CPU, and CPU with several pairs in one inference."""
    compute = Compute()
    reranker = Reranker(scorer, compute, depth)
    rows = []
    for question, texts in asked:
        wall, cpu = time.perf_counter(), time.process_time()
        await reranker.probabilities(question, texts[:depth])
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        batched = time.process_time()
        in_batches(scorer, question, texts[:depth])
        rows.append((wall * 1e3, cpu * 1e3, (time.process_time() - batched) * 1e3))
    compute.close()
    return [statistics.median(column) for column in zip(*rows, strict=True)]


def in_batches(scorer: PairScorer, question: str, texts: Sequence[str]) -> None:
    """Pairs of like length together, as many as BATCH_TOKENS hold: what the reranker does not do."""
    pairs = sorted(scorer.tokenize(question, texts), key=lambda pair: len(pair.ids))
    while pairs:
        batch = [pairs.pop()]
        while pairs and len(batch[0].ids) * (len(batch) + 1) <= BATCH_TOKENS:
            batch.append(pairs.pop())
        width = len(batch[0].ids)
        columns = {"input_ids": "ids", "attention_mask": "attention_mask", "token_type_ids": "type_ids"}
        feed: dict[str, Any] = {
            name: np.array([getattr(p, column) + [0] * (width - len(p.ids)) for p in batch], np.int64)
            for name, column in columns.items()
        }
        scorer._session.run(None, {name: feed[name] for name in scorer._inputs})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("set", type=Path)
    parser.add_argument("--questions", type=int, default=20)
    arguments = parser.parse_args()
    scorer = PairScorer(arguments.folder)
    data = read_beir(arguments.set, "train", arguments.questions)
    texts = [document.whole for document in data.documents]
    asked = [(question, texts[n * 30 : n * 30 + 30]) for n, question in enumerate(data.queries.values())]
    print("| passages | median ms | CPU ms | CPU ms, several in one inference |\n| --- | --- | --- | --- |")
    for depth in DEPTHS:
        wall, cpu, batched = asyncio.run(measured(scorer, asked, depth))
        print(f"| {depth} | {wall:.0f} | {cpu:.0f} | {batched:.0f} |")


if __name__ == "__main__":
    main()
