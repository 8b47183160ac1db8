"""The sources an installation reads from: those of the settings file, and those added by `answerloop ingest PATH`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from pydantic import TypeAdapter

from rag_core.errors import NotFound, SourceError
from rag_core.ingest.indexing import Indexer
from rag_core.ingest.scoping import Scoping
from rag_core.ingest.sources import open_source
from rag_core.ingest.sync import Progress, Summary, Sync
from rag_core.records.index.documents import Documents
from rag_core.settings import Ingest, SourceSettings

__all__ = ["Library"]

_SPEC: TypeAdapter[SourceSettings] = TypeAdapter(SourceSettings)


class Library:
    """Knows the sources and brings the index up to date with each."""

    def __init__(
        self,
        documents: Documents,
        indexer: Indexer,
        sync: Sync,
        scoping: Scoping,
        work: Path,
        limits: Ingest,
    ) -> None:
        """work: a folder for clones and downloads."""
        self._documents = documents
        self._indexer = indexer
        self._sync = sync
        self._scoping = scoping
        self._work = work
        self._limits = limits

    async def configure(self, configured: Sequence[SourceSettings]) -> list[str]:
        """Take up the sources of the settings file; returns the names of those that were in it and no longer are.

        A scope that was changed is in force on return, for all that is stored of its source, before anything is read.

        What such a source brought is removed: nobody said any more who may read it.
        """
        names = {source.name for source in configured}
        gone = [s.name for s in await self._documents.sources() if s.from_settings and s.name not in names]
        for name in gone:
            await self.remove(name)
        for source in configured:
            await self._documents.put_source(source.name, source.model_dump(mode="json"), from_settings=True)
        for source in configured:
            await self._scoping.apply(source.name, source.scope)
        return gone

    async def add(self, source: SourceSettings) -> None:
        """Keep a source that is not in the settings file."""
        await self._documents.put_source(source.name, source.model_dump(mode="json"), from_settings=False)

    async def remove(self, name: str) -> int:
        """Forget a source and all its documents; returns how many there were.

        Raises:
            NotFound: there is no such source.
        """
        if name not in {s.name for s in await self._documents.sources()}:
            raise NotFound(f"There is no source named {name!r}; `answerloop sources` lists them.")
        keys = list(await self._documents.of(name))
        await self._documents.unsettle(name, keys)
        await self._indexer.remove([f"{name}/{key}" for key in keys])
        await self._documents.remove(name, keys)
        await self._documents.remove_source(name)
        return len(keys)

    async def sources(self) -> list[SourceSettings]:
        return [_SPEC.validate_python(dict(record.spec)) for record in await self._documents.sources()]

    async def sync(
        self, source: SourceSettings, report: Callable[[Progress], None] = lambda p: None
    ) -> Summary:
        """Bring the index up to date with one source; a source that cannot be reached changes nothing but its scope.

        Every process can see how it goes (records/index/syncs.py).
        """
        async with self._documents.syncs.recorded(source.name) as record:

            def told(progress: Progress) -> None:
                record(progress)
                report(progress)

            return await self._synchronised(source, told)

    async def _synchronised(self, source: SourceSettings, report: Callable[[Progress], None]) -> Summary:
        await self._scoping.apply(source.name, source.scope)
        try:
            opened = open_source(source, self._work / source.name, self._limits)
            try:
                return await self._sync(opened, source.model_dump(mode="json"), report)
            finally:
                await opened.close()
        except SourceError as error:
            await self._documents.mark_synced(source.name, str(error))
            return Summary(source.name, error=str(error))
