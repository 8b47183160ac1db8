"""A part of a large index, twice: with the vectors that it has, and with those of a candidate's embedder.

A candidate with an embedder of its own has no index until it is worth one. What it would find is measured on a sample: all
passages that the questions name, and whole documents drawn by chance to hide them among. Both releases search the same
sample, so that neither has the harder task; numbers on a sample are higher than on all, for both.
"""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from rag_core.index.embedding import Embedder
from rag_core.index.stores import Row, VectorStore
from rag_core.index.stores.opening import open_lance
from rag_core.ingest.indexing import embedded_rows
from rag_core.records.evaluation.golden import GoldenQuestion
from training.dataset.rows import Example
from training.tasks.task import Watcher

__all__ = ["LIMIT", "Wanted", "sample_indexes"]

LIMIT = 20_000
"""Passages up to which an index is built anew as a whole, in minutes; of a larger one so many are sampled."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a sample must hold."""

    passages: frozenset[str] = frozenset()
    """Ids, whatever else is sampled."""
    documents: frozenset[str] = frozenset()
    """Ids of documents that are sampled before all others, whole."""

    @classmethod
    def by(cls, examples: Iterable[Example], golden: Iterable[GoldenQuestion] = ()) -> Wanted:
        """What these questions name: right, wrong and mined."""
        texts = [text for e in examples for text in (*e.right, *e.wrong, *e.mined)]
        expected = {one.document for question in golden for one in question.expected}
        return cls(
            frozenset(text.id for text in texts), frozenset({*(text.document for text in texts), *expected})
        )


@asynccontextmanager
async def sample_indexes(
    store: VectorStore,
    embedder: Embedder,
    wanted: Wanted,
    watcher: Watcher,
    limit: int = LIMIT,
    seed: int = 0,
    folder: Path | None = None,
) -> AsyncIterator[tuple[VectorStore, VectorStore]]:
    """The sample with the vectors as they are stored, and with the embedder's; both are gone at the end.

    store: of the release that answers. limit: passages of the sample, about; those that are wanted by id come on top where
    their documents are left out. folder: where to put it; None: a temporary one.

    Raises:
        NotReady: stored passages do not fit the embedder's window.
        Unavailable: the index cannot be read, or the sample not written.
    """
    async with AsyncExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=folder)))
        sizes, dimension = await _sizes(store)
        sampling = open_lance(scratch, "before", dimension or embedder.card.dimension, held_after=0)
        before = await stack.enter_async_context(sampling)
        embedding = open_lance(scratch, "after", embedder.card.dimension, held_after=0)
        after = await stack.enter_async_context(embedding)
        whole = _whole(sizes, wanted, limit, seed)
        done, total = 0, sum(sizes[name] for name in whole)
        async for page in store.scan():
            rows = [row for row in page.rows if _taken(row, whole, wanted)]
            await _put(before, rows)
            await _put(after, await embedded_rows(rows, embedder))
            done += len(rows)
            watcher.step("A sample of the passages is embedded", min(done, total), total)
        for made in (before, after):
            await made.optimize()
        yield before, after


async def _sizes(store: VectorStore) -> tuple[Counter[str], int]:
    """Passages of each document, and the dimension of their vectors; 0 where there are none."""
    sizes: Counter[str] = Counter()
    dimension = 0
    async for page in store.scan():
        sizes.update(row.passage.document for row in page.rows)
        dimension = dimension or next((len(row.vector) for row in page.rows), 0)
    return sizes, dimension


def _whole(sizes: Counter[str], wanted: Wanted, limit: int, seed: int) -> frozenset[str]:
    """Documents sampled whole: wanted ones first, then any, in an order drawn by chance, while they fit."""
    names = sorted(sizes)
    random.Random(seed).shuffle(names)
    taken: set[str] = set()
    room = limit
    for name in sorted(names, key=lambda one: one not in wanted.documents):
        if sizes[name] <= room:
            taken.add(name)
            room -= sizes[name]
    return frozenset(taken)


def _taken(row: Row, whole: frozenset[str], wanted: Wanted) -> bool:
    return row.passage.document in whole or row.passage.id in wanted.passages


async def _put(store: VectorStore, rows: Sequence[Row]) -> None:
    if rows:
        await store.replace({row.passage.document for row in rows}, rows)
