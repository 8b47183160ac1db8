"""The one composition root: settings -> open resources -> an assistant, a library. Owns closing them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.access import Access
from rag_core.assistant import Assistant
from rag_core.compute import Compute
from rag_core.errors import Busy, NotReady, Unavailable
from rag_core.generation.extractive import Extractive
from rag_core.index.embedding import Embedder
from rag_core.index.stores import VectorStore
from rag_core.records.database import open_database
from rag_core.records.documents import Documents
from rag_core.records.feedback import Feedback
from rag_core.records.releases import Release, Releases
from rag_core.retrieval.search import Search
from rag_core.settings import Settings

if TYPE_CHECKING:
    from rag_core.ingest.library import Library

__all__ = ["Core", "make_assistant", "model_folder", "open_core", "open_library", "open_records"]


@dataclass(frozen=True, slots=True)
class Core:
    """The open resources of one release."""

    settings: Settings
    database: AsyncEngine
    release: Release
    embedder: Embedder
    store: VectorStore
    compute: Compute
    documents: Documents


def model_folder(settings: Settings, embedder: str) -> Path:
    return settings.home / "models" / embedder


@asynccontextmanager
async def open_records(settings: Settings) -> AsyncIterator[AsyncEngine]:
    """The database alone, its tables up to date.

    Raises:
        Unavailable: the home directory or the database cannot be written.
    """
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable(f"The home directory {settings.home} cannot be made: {error.strerror}.") from None
    database = await open_database(settings.database_url)
    try:
        yield database
    finally:
        await database.dispose()


@asynccontextmanager
async def open_core(settings: Settings, release: Release | None = None) -> AsyncIterator[Core]:
    """All that answering and ingesting share.

    release: the one to open; None takes the active one.

    Raises:
        NotReady: there is no release yet, its model is missing, or its index cannot be read.
        Unavailable: the database does not answer.
    """
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_records(settings))
        release = release or await Releases(database).active()
        if release is None:
            raise NotReady("There is nothing to answer from yet: run `answerloop ingest FOLDER` first.")
        compute = Compute()
        stack.callback(compute.close)
        # Loading the model is native work of a tenth of a second; the store's packages are imported meanwhile.
        folder = model_folder(settings, release.embedder)
        opening = asyncio.create_task(compute.run(Embedder, folder, settings.embedding.threads))
        try:
            store = await _open_store(settings, release)
        except BaseException:
            opening.cancel()
            raise
        stack.push_async_callback(store.close)
        yield Core(
            settings,
            database,
            release,
            await opening,
            store,
            compute,
            Documents(database, release.index_name),
        )


async def _open_store(settings: Settings, release: Release) -> VectorStore:
    from rag_core.index.stores.lance import LanceStore

    return await LanceStore.open(settings.home / "index", release.index_name, release.card.dimension)


def make_assistant(core: Core) -> Assistant:
    return Assistant(
        core.release,
        core.store,
        Search(core.embedder, core.store, core.compute, core.settings.retrieval),
        Extractive(core.settings.answers, core.settings.retrieval.top_k),
        Access(core.settings.access.rules),
        Feedback(core.database),
    )


@asynccontextmanager
async def open_library(core: Core) -> AsyncIterator[Library]:
    """The only writer of the index while it is open.

    Raises:
        Busy: another process is synchronising.
    """
    from filelock import FileLock, Timeout

    from rag_core.ingest.indexing import Indexer
    from rag_core.ingest.library import Library
    from rag_core.ingest.reading import ReadingPool
    from rag_core.ingest.sync import Sync

    limits = core.settings.ingest
    lock = FileLock(core.settings.home / "ingest.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise Busy(
            f"Another process is synchronising {core.settings.home}; wait for it, or stop it, and try again."
        ) from None
    try:
        async with ReadingPool(limits.workers, limits.timeout_s, limits.memory_mb) as pool:
            indexer = Indexer(core.embedder, core.store, core.compute)
            sync = Sync(core.documents, indexer, pool, limits)
            yield Library(core.documents, indexer, sync, core.settings.home / "sources", limits)
    finally:
        lock.release()
