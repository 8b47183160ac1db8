"""Questions -> vectors, many at once: those that arrive while others are embedded go together when a thread is free."""

from __future__ import annotations

import asyncio
from collections import deque

from rag_core.compute import Compute
from rag_core.index.embedding import Embedder, Vectors

__all__ = ["QueryBatches"]

BATCH = 16
"""Questions handed to a thread at once, at most: about 30 ms of work."""


class QueryBatches:
    """Embeds questions in micro-batches, one for each free thread.

    A batch saves the way to a thread and back for all but one of its questions. Within it each question has an
    inference of its own: with int8 activations a vector would depend a little on its neighbours (cosine .99), and for
    texts this short one inference for several is slower than as many on both cores.
    """

    def __init__(self, embedder: Embedder, compute: Compute) -> None:
        self._embedder = embedder
        self._compute = compute
        self._waiting: deque[tuple[str, asyncio.Future[Vectors]]] = deque()
        self._running: set[asyncio.Task[None]] = set()

    async def embed(self, text: str) -> Vectors:
        """(dimension,), the same as Embedder.embed_query."""
        future: asyncio.Future[Vectors] = asyncio.get_running_loop().create_future()
        self._waiting.append((text, future))
        if len(self._running) < self._compute.threads:
            task = asyncio.create_task(self._work())
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return await future

    async def _work(self) -> None:
        while self._waiting:
            share = -(-len(self._waiting) // self._compute.threads)
            batch = [self._waiting.popleft() for _ in range(min(BATCH, share))]
            batch = [(text, future) for text, future in batch if not future.done()]  # the asker may have gone
            try:
                vectors = await self._compute.run(self._embedded, [text for text, _ in batch])
            except Exception as error:
                for _, future in batch:
                    if not future.done():
                        future.set_exception(error)
            else:
                for (_, future), vector in zip(batch, vectors, strict=True):
                    if not future.done():
                        future.set_result(vector)

    def _embedded(self, texts: list[str]) -> list[Vectors]:
        return [self._embedder.embed_query(text) for text in texts]
