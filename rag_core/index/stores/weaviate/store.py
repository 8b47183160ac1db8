"""Weaviate as a VectorStore.

Both searches run apart and at once, near_vector and bm25, each with the scopes in its filter. Weaviate's own hybrid
search gives one fused score; fusion here wants the cosine and the BM25 score of each candidate, and a keyword search that
does not wait for the embedding.

What is weaker than in the embedded store, because Weaviate has no transactions:

- A document is seen as it was or as it is now, as visibility.py tells. What was read while the record changed is read
  again, at most TRIES times; one that is overtaken every time may miss passages of a document that is being replaced.
  It never shows two versions of a document.
- While a write is under way, objects of both versions count in BM25's statistics, and take memory.
- There must be one writer: the record cannot be compared and swapped. `answerloop ingest` holds the lock of its home;
  several homes must not write to one index. A server that hung and comes back may carry out what it was asked before;
  objects that come late stay hidden; a record that comes late sets the generation back until the next write.
- With copies (store.replication_factor above 1) a query is answered from the index of one copy, whatever its level of
  consistency; until that copy has caught up it may miss passages just written. store.consistency "all" writes to every
  copy before it goes on, and excludes that.
- Weaviate with ASYNC_INDEXING finds new passages by their vectors a little later; optimize() waits for that.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from typing import Any, TypeVar

import numpy as np

from rag_core.errors import SettingsError
from rag_core.index.stores.protocol import BY_NAME, Candidate, Page, Row, StoreState, Vector
from rag_core.index.stores.weaviate.connection import within
from rag_core.index.stores.weaviate.objects import (
    VECTOR,
    Stored,
    from_label,
    group_of,
    label,
    passage_of,
    row_of,
)
from rag_core.index.stores.weaviate.record import Record
from rag_core.index.stores.weaviate.schema import collection_name, ready_passages, ready_records
from rag_core.index.stores.weaviate.visibility import Visibility, seen
from rag_core.index.stores.weaviate.writing import Writer
from rag_core.index.stores.words import question_words
from rag_core.settings import Store
from rag_core.types import Passage

__all__ = ["WeaviateStore"]

TRIES = 10
MOST_RESULTS = 10_000
"""Weaviate's QUERY_MAXIMUM_RESULTS, which bounds what one request finds."""
PAGE_ROWS, IDS_AT_ONCE = 100, 100
"""Of one reply, which may be no larger than 10 MB on some servers."""
QUEUE_PAUSE_S = 0.2
_FOUND = ["passage", "document", "write"]
_WHOLE = [*_FOUND, "record", "unit_vectors"]
_START = "00000000-0000-0000-0000-000000000000"
T = TypeVar("T")


class WeaviateStore:
    """Implements VectorStore on weaviate-client's async API."""

    def __init__(self, client: Any, passages: Any, record: Record, settings: Store) -> None:
        self._client = client
        self._passages = passages
        self._record = record
        self._settings = settings
        self._writer = Writer(passages, record, settings)

    @classmethod
    async def open(cls, client: Any, settings: Store, index_name: str, dimension: int) -> WeaviateStore:
        """The index of that name, made when missing.

        client: connected; closing it is the caller's.

        Raises:
            NotReady: the index holds vectors of another dimension, or is of another version.
            Unavailable: the server does not answer in time.
        """
        name = collection_name(index_name)
        passages = await ready_passages(client, settings, name)
        record = Record(await ready_records(client, settings, f"{name}_record"), settings)
        await record.begin(dimension)
        return cls(client, passages, record, settings)

    async def replace(self, documents: Collection[str], rows: Sequence[Row]) -> None:
        if strangers := {row.passage.document for row in rows} - set(documents):
            raise ValueError(f"rows of documents that are not replaced: {sorted(strangers)[:3]}")
        if documents:
            await self._writer.replace(documents, rows)

    async def search(
        self, vector: Vector | Awaitable[Vector], text: str, scopes: frozenset[str] | None, limit: int
    ) -> list[Candidate]:
        if scopes is not None and not scopes:
            return []
        question = asyncio.ensure_future(vector) if isinstance(vector, Awaitable) else vector
        words = " ".join(question_words(text))

        async def both(visibility: Visibility) -> tuple[dict[str, Any], dict[str, Any]]:
            where, most = _filter(visibility, scopes), _room(limit, visibility)
            dense, keyword = await asyncio.gather(
                self._dense(question, where, most, self._trusts_distances(visibility)),
                self._keyword(words, where, most),
            )
            return dense, keyword

        (dense, keyword), visibility = await self._settled(both)
        asked = await question if isinstance(question, Awaitable) else question
        return _candidates(dense, keyword, asked, visibility)

    async def fetch(self, candidates: Sequence[Candidate], scopes: frozenset[str] | None) -> list[Passage]:
        wanted = [label(candidate.id) for candidate in candidates]
        if not wanted:
            return []
        found, visibility = await self._settled(lambda visibility: self._named(wanted, visibility))
        shown = seen({id: _stored(o) for id, o in found.items()}, visibility)
        passages = {found[id].properties["passage"]: passage_of(found[id].properties) for id in shown}
        there = (passages[name] for name in wanted if name in passages)
        return [passage for passage in there if scopes is None or passage.scope in scopes]

    async def state(self) -> StoreState:
        count, visibility = await self._settled(self._count, exactly=True)
        return StoreState(count, visibility.counted)

    async def optimize(self) -> None:
        """Weaviate tends its indexes itself: finish what a writer left, and wait until all vectors are indexed."""
        await self._writer.tidy()
        await self._indexed()

    async def scan(self, after: str = "") -> AsyncIterator[Page]:
        """In the order of the objects' ids, which puts a document's passages together; a position is such an id."""
        position, held = after or _START, []
        while objects := await self._after(position):
            position = str(objects[-1].uuid)
            held += objects
            last = group_of(held[-1].uuid)
            whole = next(i for i, found in enumerate(held) if group_of(found.uuid) == last)
            if whole:
                yield await self._page(held[:whole])
                held = held[whole:]
        if held:
            yield await self._page(held)

    async def _settled(
        self, read: Callable[[Visibility], Awaitable[T]], exactly: bool = False
    ) -> tuple[T, Visibility]:
        """What was read while no write came to count, and what of it is to be seen.

        The record is read once, after the rest: when it counts the same write as the last time that it was read, nothing
        that is to be seen was taken away in between. A write costs another round. exactly: nothing was added either.
        """
        before = self._record.last
        for _ in range(TRIES):
            found = await read(before)
            after = await self._record.read()
            if after == before or (after.counted == before.counted and not exactly):
                return found, before.also_hiding(after.hidden)
            before = after
        return found, after

    def _trusts_distances(self, visibility: Visibility) -> bool:
        """Else cosines are computed from the vectors, which must come with the results. Distances of compressed vectors
        may be estimates; and where objects are deleted meanwhile, Weaviate's lists of objects and of distances may shift
        against each other."""
        return self._settings.quantization == "none" and not (visibility.hidden or visibility.replaced)

    async def _dense(self, question: Any, where: Any, limit: int, trusting: bool) -> dict[str, Any]:
        from weaviate.classes.query import MetadataQuery

        vector = await question if isinstance(question, Awaitable) else question
        async with within(self._settings.timeout_s, "searching by vector"):
            found = await self._passages.query.near_vector(
                vector.tolist(),
                target_vector=VECTOR,
                limit=limit,
                filters=where,
                return_metadata=MetadataQuery(distance=True),
                return_properties=_FOUND,
                include_vector=[] if trusting else [VECTOR],
            )
        return {str(o.uuid): o for o in found.objects}

    async def _keyword(self, words: str, where: Any, limit: int) -> dict[str, Any]:
        from weaviate.classes.query import MetadataQuery

        if not words:
            return {}
        async with within(self._settings.timeout_s, "searching by keyword"):
            found = await self._passages.query.bm25(
                words,
                query_properties=["keywords"],
                limit=limit,
                filters=where,
                return_metadata=MetadataQuery(score=True),
                return_properties=_FOUND,
                include_vector=[VECTOR],
            )
        return {str(o.uuid): o for o in found.objects}

    async def _named(self, names: Sequence[str], visibility: Visibility) -> dict[str, Any]:
        """The objects of these passages, by id."""
        from weaviate.classes.query import Filter

        found: dict[str, Any] = {}
        for i in range(0, len(names), IDS_AT_ONCE):
            part = list(names[i : i + IDS_AT_ONCE])
            where = _all_of(Filter.by_property("passage").contains_any(part), _filter(visibility, None))
            async with within(self._settings.timeout_s, "fetching passages"):
                reply = await self._passages.query.fetch_objects(
                    filters=where, limit=2 * len(part), return_properties=_WHOLE
                )
            found |= {str(o.uuid): o for o in reply.objects}
        return found

    async def _count(self, visibility: Visibility) -> int:
        from weaviate.classes.query import Filter

        async def of(where: Any) -> int:
            async with within(self._settings.timeout_s, "counting passages"):
                return int(
                    (await self._passages.aggregate.over_all(total_count=True, filters=where)).total_count
                    or 0
                )

        where = _filter(visibility, None)
        total = await of(where)
        if visibility.replaced:
            older = Filter.by_property("document").contains_any(sorted(visibility.replaced))
            older &= Filter.by_property("write").less_than(visibility.counted)
            total -= await of(_all_of(older, where))
        return total

    async def _after(self, position: str) -> list[Any]:
        async with within(self._settings.timeout_s, "reading all passages"):
            reply = await self._passages.query.fetch_objects(
                after=position, limit=PAGE_ROWS, include_vector=[VECTOR], return_properties=_WHOLE
            )
        return list(reply.objects)

    async def _page(self, objects: list[Any]) -> Page:
        visibility = await self._record.read()
        shown = seen({str(o.uuid): _stored(o) for o in objects}, visibility)
        rows = [row_of(o.properties, _vector(o)) for o in objects if str(o.uuid) in shown]
        return Page(rows, str(objects[-1].uuid))

    async def _indexed(self) -> None:
        """Until no vector waits for its index, or store.write_timeout_s have passed."""
        loop, tenant = asyncio.get_running_loop(), self._settings.tenant or None
        until = loop.time() + self._settings.write_timeout_s
        while loop.time() < until:
            try:
                async with within(self._settings.timeout_s, "asking for the state of the indexes"):
                    nodes = await self._client.cluster.nodes(self._passages.name, tenant, output="verbose")
            except SettingsError:
                return  # we may not ask; then searches by vector find the newest a little later
            if not any(shard.vector_queue_length for node in nodes for shard in node.shards or ()):
                return
            await asyncio.sleep(QUEUE_PAUSE_S)


def _filter(visibility: Visibility, scopes: frozenset[str] | None) -> Any:
    """What the query itself leaves out: other scopes, and writes that do not count."""
    from weaviate.classes.query import Filter

    conditions = [Filter.by_property("write").not_equal(number) for number in visibility.hidden]
    if scopes is not None:
        conditions.append(Filter.by_property("scope").contains_any(sorted(map(label, scopes))))
    return Filter.all_of(conditions) if conditions else None


def _all_of(first: Any, second: Any) -> Any:
    return first if second is None else first & second


def _room(limit: int, visibility: Visibility) -> int:
    """Replaced passages that are not deleted yet may take the places of others."""
    return min(limit * 2 if visibility.replaced else limit, MOST_RESULTS)


def _stored(found: Any) -> Stored:
    properties = found.properties
    return Stored(properties["passage"], properties["document"], int(properties["write"]))


def _vector(found: Any) -> Vector:
    return np.asarray(found.vector[VECTOR], np.float32)


def _candidates(
    dense: dict[str, Any], keyword: dict[str, Any], question: Vector, visibility: Visibility
) -> list[Candidate]:
    found = dense | keyword  # those with their vectors last
    shown = seen({id: _stored(o) for id, o in found.items()}, visibility)
    candidates = []
    for id in found:
        if id in shown:
            one = found[id]
            cosine = float(_vector(one) @ question) if one.vector else 1.0 - float(one.metadata.distance)
            bm25 = float(keyword[id].metadata.score or 0.0) if id in keyword else 0.0
            candidates.append(Candidate(from_label(one.properties["passage"]), cosine, bm25, BY_NAME))
    return candidates
