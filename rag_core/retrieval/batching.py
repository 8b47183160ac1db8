"""Questions -> vectors: a lone one at once, many in micro-batches beside the event loop."""

from __future__ import annotations

import asyncio
import time
from collections import deque

from rag_core.compute import Compute
from rag_core.index.embedding import Embedder, Vectors

__all__ = ["QueryBatches"]

LENGTHS = 100
BATCH = 16
"""Questions handed to a thread at once, at most: about 30 ms of work."""


QUICK_S = 0.008
"""An inference that takes less is done on the event loop: the way to a thread and back would cost as much again."""


class QueryBatches:
    """Embeds a lone question where it is, and those that come together in micro-batches, one for each free thread.

    With a small model two milliseconds of inference become four by way of a thread, since sleeping cores are slow to
    wake. A large model, whose last inference of a lone question was not quick, goes beside the loop always. A batch saves
    the way to a thread and back for all but one of its questions. Within it each question has an
    inference of its own: with int8 activations a vector would depend a little on its neighbours (cosine .99), and for
    texts this short one inference for several is slower than as many on both cores.
    """

    def __init__(self, embedder: Embedder, compute: Compute) -> None:
        self._embedder = embedder
        self._compute = compute
        self._waiting: deque[tuple[str, asyncio.Future[Vectors]]] = deque()
        self._running: set[asyncio.Task[None]] = set()
        self._took: dict[int, float] = {}
        """By length of the question, in steps of LENGTHS characters: seconds of its last inference."""

    async def embed(self, text: str) -> Vectors:
        """(dimension,), the same as Embedder.embed_query."""
        lone = not self._running and not self._compute.turn.waiting
        if lone and self._took.get(len(text) // LENGTHS, 1.0) < QUICK_S:
            async with self._compute.turn:
                return self._timed(text)
        future: asyncio.Future[Vectors] = asyncio.get_running_loop().create_future()
        self._waiting.append((text, future))
        if len(self._running) < self._compute.threads:
            self._running.add(asyncio.create_task(self._work()))
        return await future

    async def _work(self) -> None:
        while self._waiting and asyncio.current_task() in self._running:
            share = -(-len(self._waiting) // self._compute.threads)
            batch = [self._waiting.popleft() for _ in range(min(BATCH, share))]
            batch = [(text, future) for text, future in batch if not future.done()]  # the asker may have gone
            try:
                vectors = await self._compute.run(self._embedded, [text for text, _ in batch])
            except Exception as error:
                self._rest()
                for _, future in batch:
                    if not future.done():
                        future.set_exception(error)
            else:
                self._rest()
                for (_, future), vector in zip(batch, vectors, strict=True):
                    if not future.done():
                        future.set_result(vector)

    def _rest(self) -> None:
        """Nothing left to do: said before the last askers hear, so that a next question of theirs is a lone one."""
        task = asyncio.current_task()
        if not self._waiting and task is not None:
            self._running.discard(task)

    def _embedded(self, texts: list[str]) -> list[Vectors]:
        return [self._timed(text) for text in texts]

    def _timed(self, text: str) -> Vectors:
        started = time.perf_counter()
        vector = self._embedder.embed_query(text)
        self._took[len(text) // LENGTHS] = time.perf_counter() - started
        return vector
