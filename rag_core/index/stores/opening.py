"""The store that the settings name, opened for as long as it is needed."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from rag_core.index.stores.protocol import VectorStore
from rag_core.records.index.releases import Release
from rag_core.settings import Settings

__all__ = ["drop_index", "index_folder", "open_lance", "open_store", "open_weaviate"]


def index_folder(settings: Settings) -> Path:
    """Where the embedded store keeps its tables."""
    return settings.home / "index"


@asynccontextmanager
async def open_store(settings: Settings, release: Release) -> AsyncIterator[VectorStore]:
    """The index of a release; an empty one is made when there is none. Closed at the end.

    Raises:
        NotReady: the index cannot be read, or the client of the store is not installed.
        SettingsError: the server refuses the credentials.
        Unavailable: the server does not answer in time.
    """
    name, dimension = release.index_name, release.card.dimension
    remote = settings.store.url or settings.store.embedded
    opening = (
        open_weaviate(settings, name, dimension)
        if remote
        else open_lance(index_folder(settings), name, dimension)
    )
    async with opening as store:
        yield store


async def drop_index(settings: Settings, name: str) -> None:
    """Remove the index of a release that nobody will answer from again; it need not be readable, nor be there.

    Raises:
        Unavailable: the server does not answer in time.
    """
    if settings.store.url or settings.store.embedded:
        from rag_core.index.stores.weaviate import connected
        from rag_core.index.stores.weaviate.schema import collection_name

        async with connected(settings.store, settings.home / "weaviate") as client:
            for collection in await client.collections.list_all():
                if collection.startswith(collection_name(name)):
                    await client.collections.delete(collection)
        return
    await asyncio.to_thread(shutil.rmtree, index_folder(settings) / f"{name}.lance", ignore_errors=True)


@asynccontextmanager
async def open_lance(
    folder: Path, name: str, dimension: int, held_after: int = 1
) -> AsyncIterator[VectorStore]:
    """A table of the embedded store. held_after: as for LanceStore.open."""
    from rag_core.index.stores.lance import LanceStore

    store = await LanceStore.open(folder, name, dimension, held_after)
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def open_weaviate(settings: Settings, name: str, dimension: int) -> AsyncIterator[VectorStore]:
    """An index in the Weaviate that settings.store names."""
    from rag_core.index.stores.weaviate import WeaviateStore, connected

    async with connected(settings.store, settings.home / "weaviate") as client:
        yield await WeaviateStore.open(client, settings.store, name, dimension)
