"""Replaces documents in Weaviate, in the steps that visibility.py tells."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from rag_core.errors import AnswerloopError, Unavailable
from rag_core.index.stores.protocol import Row
from rag_core.index.stores.weaviate.connection import within
from rag_core.index.stores.weaviate.objects import VECTOR, label, object_id, properties_of
from rag_core.index.stores.weaviate.record import Record
from rag_core.index.stores.weaviate.visibility import Visibility
from rag_core.settings import Store

__all__ = ["Writer"]

MOST_DELETED = 10_000
"""Weaviate's QUERY_MAXIMUM_RESULTS: one request deletes no more."""
BATCH_ROWS, BATCH_BYTES = 100, 2_000_000
"""Of one insert. Servers refuse messages above 10 or 100 MB; and the client packs a batch at a time, on the event loop."""
BATCHES_AT_ONCE = 2
LABELS_AT_ONCE = 500

log = logging.getLogger(__name__)


class Writer:
    """The only one of an index."""

    def __init__(self, passages: Any, record: Record, settings: Store) -> None:
        self._passages = passages
        self._record = record
        self._settings = settings
        self._lock = asyncio.Lock()

    async def replace(self, documents: Collection[str], rows: Sequence[Row]) -> None:
        """
        Raises:
            Unavailable: nothing was replaced, as far as can be told; the message says what failed first.
        """
        labels = sorted(map(label, documents))
        async with self._lock:
            visibility = await self._tidied()
            write = visibility.next()
            if rows:
                visibility = await self._record.write(visibility.hiding(write))
                await self._inserted(rows, write)
            visibility = await self._record.write(visibility.counting(write, labels))
            try:
                await self._cleaned(visibility)
            except AnswerloopError as error:
                # The documents are replaced already: readers go by the record. The next write deletes what was left.
                log.warning("Replaced passages are not deleted yet: %s", error)

    async def tidy(self) -> None:
        async with self._lock:
            await self._tidied()

    async def _tidied(self) -> Visibility:
        """The record, after what an interrupted write has left is deleted."""
        visibility = await self._record.read()
        if visibility.hidden or visibility.replaced:
            return await self._cleaned(visibility)
        return visibility

    async def _cleaned(self, visibility: Visibility) -> Visibility:
        for number in visibility.hidden:
            await self._deleted_write(number)
        labels = sorted(visibility.replaced)
        for i in range(0, len(labels), LABELS_AT_ONCE):
            await self._deleted_older(labels[i : i + LABELS_AT_ONCE], visibility.counted)
        cleaned = visibility.cleaned()
        return cleaned if cleaned == visibility else await self._record.write(cleaned)

    async def _inserted(self, rows: Sequence[Row], write: int) -> None:
        try:
            batches = list(_batches(rows))
            for i in range(0, len(batches), BATCHES_AT_ONCE):
                await asyncio.gather(
                    *(self._insert(batch, write) for batch in batches[i : i + BATCHES_AT_ONCE])
                )
        except BaseException:
            # Readers do not see them anyway: the record hides this write.
            try:
                await self._deleted_write(write)
            except AnswerloopError as error:
                log.warning("Passages of a failed write are not deleted yet: %s", error)
            raise

    async def _insert(self, rows: Sequence[Row], write: int) -> None:
        from weaviate.exceptions import WeaviateInsertManyAllFailedError

        objects = await asyncio.to_thread(_objects, rows, write)
        async with within(self._settings.write_timeout_s, f"writing {len(rows)} passages"):
            try:
                result = await self._passages.data.insert_many(objects)
            except WeaviateInsertManyAllFailedError as error:
                raise Unavailable(
                    f"Weaviate did not write {len(rows)} of {len(rows)} passages: {error.message}"
                ) from None
        if result.errors:
            first = next(iter(result.errors.values())).message
            raise Unavailable(f"Weaviate did not write {len(result.errors)} of {len(rows)} passages: {first}")

    async def _deleted_write(self, number: int) -> None:
        from weaviate.classes.query import Filter

        await self._deleted(Filter.by_property("write").equal(number))

    async def _deleted_older(self, labels: list[str], write: int) -> None:
        from weaviate.classes.query import Filter

        older = Filter.by_property("write").less_than(write)
        await self._deleted(Filter.by_property("document").contains_any(labels) & older)

    async def _deleted(self, where: Any) -> None:
        while True:
            async with within(self._settings.write_timeout_s, "deleting replaced passages"):
                result = await self._passages.data.delete_many(where)
            if result.failed:
                raise Unavailable(f"Weaviate did not delete {result.failed} of {result.matches} passages.")
            if not result.successful or result.matches <= result.successful < MOST_DELETED:
                return


def _batches(rows: Sequence[Row]) -> Iterator[list[Row]]:
    batch: list[Row] = []
    size = 0
    for row in rows:
        weight = 4 * len(row.vector) + 2 * len(row.passage.unit_vectors) + 8 * len(row.passage.text) + 1_000
        if batch and (len(batch) == BATCH_ROWS or size + weight > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(row)
        size += weight
    if batch:
        yield batch


def _objects(rows: Sequence[Row], write: int) -> list[Any]:
    from weaviate.classes.data import DataObject

    return [
        DataObject(
            properties=properties_of(row, write),
            uuid=object_id(row, write),
            vector={VECTOR: row.vector.tolist()},
        )
        for row in rows
    ]
