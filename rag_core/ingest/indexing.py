"""Documents -> passages in the store: divide, embed, write."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag_core.compute import Compute
from rag_core.errors import NotReady
from rag_core.index.embedding import Embedder
from rag_core.index.stores import Row, VectorStore
from rag_core.ingest.chunking import Chunk, chunk_markdown
from rag_core.types import Passage

__all__ = ["Divided", "Indexer", "Parsed", "divide", "embedded_rows", "rows_of"]

REMOVE_AT = 500
"""Documents removed with one statement."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """A document's text and what its passages need to know of it."""

    id: str
    """Unique over all sources."""
    source: str
    scope: str
    title: str
    url: str
    markdown: str
    plain: bool = False
    lines: bool = True
    """Whether line numbers of the Markdown are those of the document; else no place names them."""


@dataclass(frozen=True, slots=True)
class Divided:
    document: Parsed
    chunks: list[Chunk]


class Indexer:
    """Fills the index of one release with the embedder of that release."""

    def __init__(self, embedder: Embedder, store: VectorStore, compute: Compute) -> None:
        self._embedder = embedder
        self._store = store
        self._compute = compute

    async def divide(self, document: Parsed) -> Divided:
        return await self._compute.run(divide, self._embedder, document)

    async def write(self, documents: Sequence[Divided]) -> None:
        """Embed these documents and put them in the place of what is stored of them, in one step."""
        chunked = any(d.chunks for d in documents)
        rows = await self._compute.run(rows_of, self._embedder, documents) if chunked else []
        await self._store.replace([d.document.id for d in documents], rows)

    async def remove(self, documents: Sequence[str]) -> None:
        for i in range(0, len(documents), REMOVE_AT):
            await self._store.replace(documents[i : i + REMOVE_AT], [])

    async def tidy(self) -> None:
        """Bring the store's own indexes up to date after writes."""
        await self._store.optimize()


def divide(embedder: Embedder, document: Parsed) -> Divided:
    """Chunks that fit the embedder's window."""
    chunks = chunk_markdown(
        document.markdown, document.title, embedder.room, embedder.count, plain=document.plain
    )
    if not document.lines:
        chunks = [replace(chunk, place=replace(chunk.place, line=None)) for chunk in chunks]
    return Divided(document, chunks)


def rows_of(embedder: Embedder, documents: Sequence[Divided]) -> list[Row]:
    """Passages with their vectors, those of their units included; in order."""
    chunks = [chunk for d in documents for chunk in d.chunks]
    offsets = [len(chunk.whole) - len(chunk.text) for chunk in chunks]
    units = [[(a + o, b + o) for a, b in chunk.units] for chunk, o in zip(chunks, offsets, strict=True)]
    embedded = embedder.embed_passages([chunk.whole for chunk in chunks], units)
    owners = [(d.document, n) for d in documents for n in range(len(d.chunks))]
    return [
        Row(_passage(owner, n, chunk, embedded.unit_vectors[i]), chunk.header, embedded.vectors[i])
        for i, ((owner, n), chunk) in enumerate(zip(owners, chunks, strict=True))
    ]


def _passage(document: Parsed, number: int, chunk: Chunk, unit_vectors: bytes) -> Passage:
    return Passage(
        id=f"{document.id}#{number}",
        document=document.id,
        source=document.source,
        scope=document.scope,
        title=document.title,
        headings=chunk.headings,
        text=chunk.text,
        url=document.url,
        place=chunk.place,
        units=chunk.units,
        unit_vectors=unit_vectors,
    )


async def embedded_rows(rows: Sequence[Row], embedder: Embedder) -> list[Row]:
    """Stored rows with the vectors of another embedder, those of their units included, as rows_of would have made them of
    the same chunks; in order. Texts, ids and places stay. Runs beside the event loop.

    Raises:
        NotReady: the other embedder's window is smaller than the one that the chunks were made for.
    """
    return await asyncio.to_thread(_embedded_again, rows, embedder) if rows else []


def _embedded_again(rows: Sequence[Row], embedder: Embedder) -> list[Row]:
    wholes = [f"{row.header}\n{row.passage.text}" if row.header else row.passage.text for row in rows]
    offsets = [len(whole) - len(row.passage.text) for whole, row in zip(wholes, rows, strict=True)]
    units = [
        [(a + offset, b + offset) for a, b in row.passage.units]
        for row, offset in zip(rows, offsets, strict=True)
    ]
    try:
        embedded = embedder.embed_passages(wholes, units)
    except ValueError as error:
        raise NotReady(
            f"The stored passages cannot be embedded anew: {error}. `answerloop ingest --rebuild` divides all documents "
            "for its window."
        ) from None
    return [
        Row(replace(row.passage, unit_vectors=blob), row.header, vector)
        for row, blob, vector in zip(rows, embedded.unit_vectors, embedded.vectors, strict=True)
    ]
