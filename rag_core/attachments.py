"""Files that people give with a conversation: read like documents of a source, and kept in memory alone.

A file takes the way that documents take (rag_core/ingest): a loader in a process of its own, bounded in time and memory,
then chunks, then vectors of the release's embedder. Nothing of it is written to the index or the database. The latest few
are kept, so that a follow-up reads nothing again. See docs/attachments.md.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import tempfile
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from rag_core.cache.flights import Flights
from rag_core.compute import Compute
from rag_core.errors import DocumentError, Unavailable
from rag_core.index.embedding import Embedder
from rag_core.index.stores import Row
from rag_core.ingest.indexing import Divided, Parsed, divide, rows_of
from rag_core.ingest.loaders import SUPPORTED, Loaded, load
from rag_core.ingest.reading import ReadingPool
from rag_core.ingest.sources.source import scratch
from rag_core.messages import say
from rag_core.retrieval.attaching import attached_words
from rag_core.types import Attached

__all__ = ["KEPT_MB", "LARGEST_MB", "MOST_CHARACTERS", "Attachments", "reading_pool"]

LARGEST_MB = 20
"""A larger file is refused."""
MOST_CHARACTERS = 1_000_000
"""What a file may hold as text: a book of 400 pages, and half a minute of embedding on two cores."""
KEPT_MB = 64
"""In memory, over all files kept."""
TIMEOUT_S = 60.0
BATCH = 16
"""Passages embedded at a time; between two batches others are seen to."""
_SUFFIX = re.compile(r"\.\w{1,12}$")


def reading_pool(memory_mb: int, timeout_s: float = TIMEOUT_S) -> ReadingPool:
    """One process, begun with the first file. Somebody waits for each, and they come seldom."""
    return ReadingPool(1, timeout_s, memory_mb, read=partial(load, max_chars=MOST_CHARACTERS))


class Attachments:
    """Reads files for the conversations of one release, and keeps the latest. Safe to use from many tasks."""

    def __init__(
        self, release: str, embedder: Embedder, compute: Compute, pool: ReadingPool, kept_mb: float = KEPT_MB
    ) -> None:
        """release: whose embedder this is. pool: closed with this. kept_mb: memory for the files that are kept."""
        self._release = release
        self._embedder = embedder
        self._compute = compute
        self._pool = pool
        self._room = int(kept_mb * 2**20)
        self._kept: OrderedDict[str, Attached] = OrderedDict()
        self._sizes: dict[str, int] = {}
        self._flights: Flights[Attached] = Flights()

    def known(self, id: str) -> Attached | None:
        """The file of this id, if it was read and is still kept: then its bytes need not be fetched."""
        if id in self._kept:
            self._kept.move_to_end(id)
        return self._kept.get(id)

    async def read(self, id: str, name: str, data: bytes, url: str) -> Attached:
        """Read a file, or give it as it was read before. Two who read one file at the same time read it once.

        id: unique, and another one when the content is: the platform's id of the file, with the platform before it. name: as
        the asker knows it; what it ends in tells the format. url: where it opens for the asker; '' where nowhere.

        Raises:
            DocumentError: it is too large, of an unknown format, empty, or cannot be read. A whole sentence for the asker;
                its message and values say it in other languages.
            Unavailable: no process can be started to read it.
        """
        if not id:
            raise ValueError("a file without an id cannot be told from others")
        return self.known(id) or await self._flights.run(id, lambda: self._read(id, name, data, url))

    async def close(self) -> None:
        """Stop reading and forget all files. Safe to call twice."""
        self._kept.clear()
        self._sizes.clear()
        await self._pool.close()

    async def _read(self, id: str, name: str, data: bytes, url: str) -> Attached:
        name = " ".join(name.split()) or "file"
        suffix = _suffix(name)
        if len(data) > LARGEST_MB * 2**20:
            raise _refused("file-too-large", name=name, most=LARGEST_MB)
        if suffix not in SUPPORTED:
            raise _refused("file-format", name=name)
        if not data.strip():
            raise _refused("file-empty", name=name)
        loaded = await self._load(name, suffix, data)
        document = f"attached:{id}"
        title = loaded.title.strip() or name
        parsed = Parsed(
            document, "attached", f"@{id}", title, url, loaded.markdown, loaded.plain, loaded.lines
        )
        divided = await self._compute.run(divide, self._embedder, _storable(parsed))
        if not divided.chunks:
            raise _refused("file-empty", name=name)
        rows = [row for batch in _batches(divided) for row in await self._rows(batch)]
        return self._keep(await self._compute.run(_attached, id, self._release, divided.document, rows))

    async def _load(self, name: str, suffix: str, data: bytes) -> Loaded:
        folder = Path(tempfile.mkdtemp(prefix="answerloop-file-"))
        try:
            path = scratch(folder, name.removesuffix(suffix), suffix)
            await asyncio.to_thread(path.write_bytes, data)
            return await self._pool.load(path, suffix)
        except DocumentError as error:
            reason = str(error)
            if reason.startswith("holds more than"):
                raise _refused("file-too-long", name=name, most=MOST_CHARACTERS) from error
            message = "file-empty" if reason in ("holds no text", "is empty") else "file-unreadable"
            raise _refused(message, name=name) from error
        except (
            Exception
        ) as error:  # a pool whose processes could not begin stays broken; the next file gets a fresh one
            await self._pool.close()
            raise Unavailable("Files cannot be read now; the log has the reason.") from error
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def _rows(self, batch: tuple[int, Divided]) -> list[Row]:
        """With the ids that their passages have in the whole document."""
        first, divided = batch
        rows = await self._compute.run(rows_of, self._embedder, [divided])
        id = divided.document.id
        return [
            replace(row, passage=replace(row.passage, id=f"{id}#{first + n}")) for n, row in enumerate(rows)
        ]

    def _keep(self, attached: Attached) -> Attached:
        """The latest that there is room for; one that alone is larger is not kept."""
        size = _size(attached)
        if size > self._room:
            return attached
        self._kept[attached.id] = attached
        self._sizes[attached.id] = size
        while sum(self._sizes.values()) > self._room:
            id, _ = self._kept.popitem(last=False)
            del self._sizes[id]
        return attached


def _attached(id: str, release: str, document: Parsed, rows: Sequence[Row]) -> Attached:
    passages = tuple(row.passage for row in rows)
    vectors = np.stack([row.vector for row in rows]).astype(np.float32).tobytes()
    words = tuple(attached_words(passage) for passage in passages)
    return Attached(id, document.title, document.url, passages, release, vectors, words)


def _batches(divided: Divided) -> Iterable[tuple[int, Divided]]:
    """Each with the number of its first chunk."""
    for i in range(0, len(divided.chunks), BATCH):
        yield i, Divided(divided.document, divided.chunks[i : i + BATCH])


def _storable(parsed: Parsed) -> Parsed:
    """Without half of a surrogate pair."""
    title, markdown = (text.encode("utf-8", "replace").decode() for text in (parsed.title, parsed.markdown))
    return replace(parsed, title=title, markdown=markdown)


def _suffix(name: str) -> str:
    found = _SUFFIX.search(name)
    return found[0].lower() if found else ""


def _size(attached: Attached) -> int:
    texts = sum(len(p.text) + len(p.unit_vectors) for p in attached.passages) + sum(map(len, attached.words))
    return texts + len(attached.vectors)


def _refused(message: str, **values: object) -> DocumentError:
    return DocumentError(say("en", message, **values), message, **values)
