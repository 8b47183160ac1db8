"""Questions embedded in micro-batches get the vectors they would get alone."""

from __future__ import annotations

import asyncio
import time

import numpy as np
import pytest

from rag_core.compute import Compute
from rag_core.index.embedding import Embedder, Vectors
from rag_core.retrieval.batching import BATCH, QUICK_S, QueryBatches


class Slow(Compute):
    """Counts the ways to a thread, and takes a little longer on each."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    async def run(self, work, *args, **kwargs):  # type: ignore[no-untyped-def]
        self.calls += 1
        await asyncio.sleep(0.01)
        return await super().run(work, *args, **kwargs)


async def test_questions_at_once_are_embedded_together(embedder: Embedder) -> None:
    """Each gets exactly its own vector, in far fewer batches than there are questions."""
    compute = Slow()
    queries = QueryBatches(embedder, compute)
    texts = [f"What is the price of item {n}?" for n in range(100)]
    vectors = await asyncio.gather(*map(queries.embed, texts))
    for text, vector in zip(texts, vectors, strict=True):
        np.testing.assert_array_equal(vector, embedder.embed_query(text))
    assert 100 / BATCH <= compute.calls <= 20
    compute.close()


async def test_a_question_alone_does_not_wait_for_others(embedder: Embedder, compute: Compute) -> None:
    """It is a batch of one; and the next one, later, too."""
    queries = QueryBatches(embedder, compute)
    for text in ("first question", "second question"):
        np.testing.assert_array_equal(await queries.embed(text), embedder.embed_query(text))


async def test_an_asker_who_leaves_takes_no_one_along(embedder: Embedder, compute: Compute) -> None:
    """The others of the batch get their vectors."""
    queries = QueryBatches(embedder, compute)
    tasks = [asyncio.create_task(queries.embed(f"question {n}")) for n in range(10)]
    await asyncio.sleep(0)
    tasks[5].cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(results[5], asyncio.CancelledError)
    assert all(isinstance(r, np.ndarray) for n, r in enumerate(results) if n != 5)


async def test_an_inference_that_fails_is_told_to_all_of_its_batch(compute: Compute) -> None:
    """And the next batch is tried anew."""

    class Broken:
        broken = True

        def embed_query(self, text: str) -> Vectors:
            if self.broken:
                raise RuntimeError("no model")
            return np.ones(3, np.float32)

    embedder = Broken()
    queries = QueryBatches(embedder, compute)  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match="no model"):
        await queries.embed("one")
    embedder.broken = False
    assert (await queries.embed("two")).shape == (3,)


async def test_a_lone_question_is_embedded_where_it_is_once_that_is_known_to_be_quick() -> None:
    """The first of its length goes by way of a thread, which tells how long it takes."""

    class Quick:
        def embed_query(self, text: str) -> Vectors:
            return np.ones(3, np.float32)

    compute = Slow()
    queries = QueryBatches(Quick(), compute)  # type: ignore[arg-type]
    for _ in range(20):
        assert (await queries.embed("What does it cost?")).shape == (3,)
    assert compute.calls < 10  # one, on a machine that does nothing else meanwhile
    compute.close()


async def test_a_large_model_never_keeps_the_event_loop(compute: Compute) -> None:
    """Where an inference is not quick, the loop goes on beside every one of them."""

    class Large:
        def embed_query(self, text: str) -> Vectors:
            time.sleep(QUICK_S * 2)
            return np.ones(3, np.float32)

    queries = QueryBatches(Large(), compute)  # type: ignore[arg-type]
    for _ in range(3):
        rounds = 0
        embedding = asyncio.create_task(queries.embed("text"))
        while not embedding.done():
            await asyncio.sleep(0.001)
            rounds += 1
        assert rounds > 2
