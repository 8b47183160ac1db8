"""What changed in a source -> the index. Each document in one step; what is unchanged is not read again.

Before the index is written, the register (records/index/documents.py) forgets what it knew of these documents, except that
they exist; after that it learns what was written. So a crash between the two has a document read once more, and one that
went back to what it was before, or is gone by then, is not taken for unchanged or unknown.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any

from rag_core.errors import DocumentError, SourceError
from rag_core.ingest.indexing import Divided, Indexer, Parsed
from rag_core.ingest.loaders import Loaded
from rag_core.ingest.reading import ReadingPool
from rag_core.ingest.scoping import digest_of, mark_of
from rag_core.ingest.sources import Fetched, Item, Source
from rag_core.records.index.documents import DocumentRecord, Documents, Known
from rag_core.settings import Ingest

__all__ = ["Progress", "Skipped", "Summary", "Sync"]

CHUNKING = "1"
"""A change here has all documents read, divided and embedded anew at their next sync."""
WRITE_AT = 256
"""Passages embedded and written together: enough to sort by length, few enough to bound memory."""
LISTED_AHEAD = 10_000
"""Items listed before they are read, so that the progress bar knows how many there are."""
RECORD_AT = 1000
"""Documents without a passage to write, whose records are put down together."""
READ_AHEAD = 32
"""Documents read while passages are embedded, so that neither waits for the other."""
TIDY_EVERY = 100
"""Writes after which the index is tidied even though the sync goes on."""


@dataclass(frozen=True, slots=True)
class Skipped:
    key: str
    reason: str


@dataclass(slots=True)
class Summary:
    """What a sync did with one source."""

    source: str
    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0
    skipped: list[Skipped] = field(default_factory=list)
    passages: int = 0
    """Written."""
    seconds: float = 0.0
    error: str | None = None
    """Why the source could not be listed whole; then nothing was removed."""


@dataclass(frozen=True, slots=True)
class Progress:
    source: str
    done: int
    listed: int
    """How many documents are known to be there so far; all of them when complete."""
    complete: bool
    passages: int


@dataclass(frozen=True, slots=True)
class _Read:
    """An item after reading: its text, or why there is none."""

    item: Item
    fingerprint: str
    loaded: Loaded | None = None
    title: str = ""
    skipped: str | None = None
    kept: str | None = None
    """Why the previous version stays: the source could not be reached."""
    unchanged: bool = False


class Sync:
    """Brings one index up to date with its sources. One at a time for an index: see bootstrap.open_library."""

    def __init__(self, documents: Documents, indexer: Indexer, pool: ReadingPool, limits: Ingest) -> None:
        self._documents = documents
        self._indexer = indexer
        self._pool = pool
        self._limits = limits
        self._skip_digest = f"skipped {limits.timeout_s} {limits.memory_mb} {limits.max_file_mb}"

    async def __call__(
        self,
        source: Source,
        spec: Mapping[str, Any],
        report: Callable[[Progress], None] = lambda progress: None,
    ) -> Summary:
        """Synchronise; can be cancelled, or crash, at any moment and be run again.

        spec: the source's settings. When they are not those of the last time, nothing counts as unchanged: a new
        scope or address must reach every passage.
        """
        run = _Run(source, spec, await self._documents.of(source.name), report)
        try:
            async with aclosing(self._reads(run)) as reads:
                async for read in reads:
                    await self._take(run, read)
                    if run.batch.passages >= WRITE_AT or len(run.batch.records) >= RECORD_AT:
                        await self._write(run)
            await self._write(run)
            await run.settled()
        finally:
            await run.abandoned()
        if run.summary.error is None:
            await self._remove_vanished(run)
        await self._indexer.tidy()
        run.summary.seconds = time.perf_counter() - run.started
        await self._documents.mark_synced(source.name, run.summary.error)
        return run.summary

    async def _reads(self, run: _Run) -> AsyncGenerator[_Read, None]:
        """The items that may have changed, read a few ahead of what is being embedded."""
        listing: asyncio.Queue[Item | None] = asyncio.Queue(LISTED_AHEAD)
        pending: deque[asyncio.Task[_Read]] = deque()
        lister = asyncio.create_task(self._list(run, listing))
        try:
            while (item := await listing.get()) is not None:
                known = run.known.get(item.key)
                if known and self._is_unchanged(run.mark + item.fingerprint, known):
                    run.saw_unchanged(item.key, known)
                    continue
                pending.append(asyncio.create_task(self._read(item)))
                if len(pending) >= READ_AHEAD:
                    yield await pending.popleft()
            while pending:
                yield await pending.popleft()
            await lister
        finally:
            for task in (lister, *pending):
                task.cancel()
            await asyncio.gather(lister, *pending, return_exceptions=True)

    async def _list(self, run: _Run, listing: asyncio.Queue[Item | None]) -> None:
        try:
            async for item in run.source.items(run.trusted_fingerprints()):
                run.saw(item.key)
                await listing.put(item)
            run.complete = True
        except SourceError as error:
            run.summary.error = str(error)
        except Exception:
            await listing.put(None)
            raise
        await listing.put(None)

    def _is_unchanged(self, fingerprint: str, known: Known) -> bool:
        same = not fingerprint.endswith(":") and fingerprint == known.fingerprint
        return same and (known.skipped is None or known.digest == self._skip_digest)

    async def _read(self, item: Item) -> _Read:
        fetched: Fetched | None = None
        try:
            fetched = await item.fetch()
            if fetched is None:
                return _Read(item, item.fingerprint, unchanged=True)
            loaded = await self._pool.load(fetched.path, fetched.suffix)
            return _Read(item, fetched.fingerprint or item.fingerprint, loaded, fetched.title or loaded.title)
        except DocumentError as error:
            # What could not even be fetched is tried again: permissions change without a trace in the file's time.
            fingerprint = fetched.fingerprint or item.fingerprint if fetched else ""
            return _Read(item, fingerprint, skipped=str(error))
        except SourceError as error:
            return _Read(item, "", kept=str(error))
        finally:
            if fetched is not None:
                fetched.discard()

    async def _take(self, run: _Run, read: _Read) -> None:
        key, known = read.item.key, run.known.get(read.item.key)
        if read.kept is not None:
            run.summary.skipped.append(Skipped(key, read.kept))
            run.advance()
            return
        if read.unchanged and known:
            run.saw_unchanged(key, known)
            return
        if read.loaded is None:
            await self._skip(run, read, read.skipped or "holds no text")
            return
        parsed = _parsed(run.source, read.item, read.title, read.loaded)
        digest = _digest(parsed)
        if known and known.digest == digest:
            run.batch.records.append(_record(run, parsed, read, digest, known.passages))
            run.saw_unchanged(key, known)
            return
        divided = await self._indexer.divide(parsed)
        if not divided.chunks:
            await self._skip(run, read, "holds no text")
            return
        run.batch.documents.append(divided)
        run.batch.records.append(_record(run, parsed, read, digest, len(divided.chunks)))
        run.count(known)

    async def _skip(self, run: _Run, read: _Read, reason: str) -> None:
        """A document that cannot be read any more is no longer answered from: what it said may not hold."""
        key = read.item.key
        run.summary.skipped.append(Skipped(key, reason))
        run.batch.records.append(
            DocumentRecord(
                run.source.name,
                key,
                run.mark + read.fingerprint,
                self._skip_digest,
                key,
                read.item.url,
                0,
                reason,
            )
        )
        known = run.known.get(key)
        if known and known.passages:
            run.batch.documents.append(Divided(_parsed(run.source, read.item, key, Loaded("", "")), []))
        run.advance()

    async def _write(self, run: _Run) -> None:
        """Begin to write the batch, once the one before is written; meanwhile the next one is read."""
        await run.settled()
        batch, run.batch = run.batch, _Batch()
        run.writing = asyncio.create_task(self._written(run, batch))

    async def _written(self, run: _Run, batch: _Batch) -> None:
        """Register, index, register; see the module's docstring."""
        if batch.documents:
            await self._refuse_outdated(run)
            await self._documents.put(batch.unsettled())
            await self._indexer.write(batch.documents)
            run.writes += 1
            if run.writes % TIDY_EVERY == 0:
                await self._indexer.tidy()
        await self._documents.put(batch.records)
        run.wrote(batch)

    async def _refuse_outdated(self, run: _Run) -> None:
        """Nothing more is written under a scope or address that another process has found changed."""
        recorded = await self._documents.spec_of(run.source.name)
        if recorded is not None and recorded != run.spec:
            raise SourceError(
                f"The settings of {run.source.name} changed while it was read; run `answerloop ingest` to read it by them."
            )

    async def _remove_vanished(self, run: _Run) -> None:
        vanished = [key for key in run.known if key not in run.seen]
        await self._documents.unsettle(run.source.name, vanished)
        await self._indexer.remove([f"{run.source.name}/{key}" for key in vanished])
        await self._documents.remove(run.source.name, vanished)
        run.summary.removed = len(vanished)


class _Batch:
    """Documents that are written together, and their records."""

    def __init__(self) -> None:
        self.documents: list[Divided] = []
        self.records: list[DocumentRecord] = []

    @property
    def passages(self) -> int:
        return sum(len(d.chunks) for d in self.documents)

    def unsettled(self) -> list[DocumentRecord]:
        """The records, as they stand until the batch is written: of documents that may have passages."""
        writing = {d.document.id for d in self.documents}
        return [
            replace(record, fingerprint="", digest="", passages=max(record.passages, 1), skipped=None)
            for record in self.records
            if f"{record.source}/{record.key}" in writing
        ]


class _Run:
    """The state of one sync of one source."""

    def __init__(
        self,
        source: Source,
        spec: Mapping[str, Any],
        known: dict[str, Known],
        report: Callable[[Progress], None],
    ) -> None:
        self.source = source
        self.spec = spec
        self.mark = mark_of(CHUNKING, spec)
        self.known = known
        self.summary = Summary(source.name)
        self.seen: set[str] = set()
        self.complete = False
        self.batch = _Batch()
        self.writing: asyncio.Task[None] | None = None
        self.writes = 0
        self.started = time.perf_counter()
        self._report = report
        self._done = 0

    def trusted_fingerprints(self) -> dict[str, str]:
        """Those kept under the same settings."""
        start = len(self.mark)
        return {
            k: v.fingerprint[start:] for k, v in self.known.items() if v.fingerprint.startswith(self.mark)
        }

    def saw(self, key: str) -> None:
        self.seen.add(key)
        self._tell()

    def saw_unchanged(self, key: str, known: Known) -> None:
        if known.skipped is None:
            self.summary.unchanged += 1
        else:
            self.summary.skipped.append(Skipped(key, known.skipped))
        self.advance()

    def count(self, known: Known | None) -> None:
        if known and known.skipped is None:
            self.summary.changed += 1
        else:
            self.summary.added += 1

    async def settled(self) -> None:
        """Wait for the batch that is being written; what went wrong with it is raised here."""
        if self.writing:
            await self.writing
            self.writing = None

    async def abandoned(self) -> None:
        """Stop what is being written; after settled() that is nothing."""
        if self.writing:
            self.writing.cancel()
            await asyncio.gather(self.writing, return_exceptions=True)

    def wrote(self, batch: _Batch) -> None:
        self.summary.passages += batch.passages
        self.advance(sum(1 for d in batch.documents if d.chunks))

    def advance(self, documents: int = 1) -> None:
        self._done += documents
        self._tell()

    def _tell(self) -> None:
        self._report(
            Progress(self.source.name, self._done, len(self.seen), self.complete, self.summary.passages)
        )


def _parsed(source: Source, item: Item, title: str, loaded: Loaded) -> Parsed:
    return Parsed(
        id=f"{source.name}/{item.key}",
        source=source.name,
        scope=source.scope,
        title=_storable(title) or item.key,
        url=item.url,
        markdown=_storable(loaded.markdown),
        plain=loaded.plain,
        lines=loaded.lines,
    )


def _storable(text: str) -> str:
    """Without half of a surrogate pair, which JSON may hold and UTF-8 does not."""
    return text.encode("utf-8", "replace").decode()


def _digest(parsed: Parsed) -> str:
    parts = (CHUNKING, parsed.title, parsed.url, str(parsed.plain), parsed.markdown)
    return digest_of(parsed.scope, parts)


def _record(run: _Run, parsed: Parsed, read: _Read, digest: str, passages: int) -> DocumentRecord:
    fingerprint = run.mark + read.fingerprint
    return DocumentRecord(
        parsed.source, read.item.key, fingerprint, digest, parsed.title, parsed.url, passages
    )
