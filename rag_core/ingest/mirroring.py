"""One index -> another of the same documents, embedded by another model: built beside it, and caught up with it.

Which documents differ is told by what is recorded of both (records/index/documents.py): each was made from something with a
digest. What differs is read from the first index, whole, embedded and written to the second; the sources are not read
again. Stopped at any moment, it goes on where it was, since what is written is recorded after it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Container, Mapping, Sequence
from dataclasses import dataclass

from rag_core.index.embedding import Embedder
from rag_core.index.stores import Row, VectorStore
from rag_core.ingest.indexing import embedded_rows
from rag_core.records.index.documents import DocumentRecord, Documents

__all__ = ["WRITE_AT", "Index", "mirror"]

WRITE_AT = 256
"""Passages embedded and written together on a processor: others' questions wait for one such batch at most."""
Told = Callable[[int, int], None]
"""Is told how many passages are done, and of how many."""


@dataclass(frozen=True, slots=True)
class Index:
    """An index, and what is recorded of its documents."""

    store: VectorStore
    documents: Documents


async def mirror(
    source: Index,
    target: Index,
    embedder: Embedder,
    told: Told = lambda done, total: None,
    at_once: int = WRITE_AT,
) -> int:
    """Bring target to what source holds; how many documents differed. Those that change meanwhile differ the next time.

    embedder: that of target. at_once: passages that are embedded and written together.

    Raises:
        NotReady: a passage is longer than the embedder's window.
        Unavailable: a store or the database does not answer; what was written stays.
    """
    differing: dict[str, DocumentRecord] = {}
    gone: dict[str, list[str]] = {}
    for name in [record.name for record in await source.documents.sources()]:
        there = await target.documents.of(name)
        now = {one.key: one for one in await source.documents.records(name)}
        differing |= {
            f"{name}/{k}": r for k, r in now.items() if k not in there or there[k].digest != r.digest
        }
        gone[name] = [key for key in there if key not in now]
        # Read again and found the same: nothing but when that was has changed.
        alike = [r for k, r in now.items() if f"{name}/{k}" not in differing]
        await target.documents.put([r for r in alike if there[r.key].fingerprint != r.fingerprint])
    await _remove(target, gone)
    if differing:
        await _copy(source.store, target, differing, embedder, told, at_once)
        await target.store.optimize()
    return len(differing) + sum(map(len, gone.values()))


async def _remove(target: Index, gone: Mapping[str, Sequence[str]]) -> None:
    for name, keys in gone.items():
        if keys:
            await target.documents.unsettle(name, keys)
            await target.store.replace([f"{name}/{key}" for key in keys], [])
            await target.documents.remove(name, keys)


async def _copy(
    source: VectorStore,
    target: Index,
    differing: Mapping[str, DocumentRecord],
    embedder: Embedder,
    told: Told,
    at_once: int,
) -> None:
    """In the order of the scan, which gives all rows of a document in one page."""
    total, done = sum(one.passages for one in differing.values()), 0
    left = dict(differing)
    told(0, total)
    async for rows in _batches(source, left, at_once):
        of = list(dict.fromkeys(row.passage.document for row in rows))
        await target.store.replace(of, await embedded_rows(rows, embedder))
        await target.documents.put([left.pop(id) for id in of])
        done += len(rows)
        told(min(done, total), total)
    if left:  # without passages now: skipped, empty, or changed since they were recorded
        await target.store.replace(list(left), [])
        await target.documents.put(list(left.values()))


async def _batches(source: VectorStore, wanted: Container[str], at_once: int) -> AsyncIterator[list[Row]]:
    """Of about so many rows, each document whole in one."""
    batch: list[Row] = []
    async for page in source.scan():
        for row in page.rows:
            if row.passage.document not in wanted:
                continue
            if len(batch) >= at_once and batch[-1].passage.document != row.passage.document:
                yield batch
                batch = []
            batch.append(row)
    if batch:
        yield batch
