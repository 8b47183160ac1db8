"""The stores that the conformance suite runs over. A new one joins by a line in BACKENDS."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from pydantic import SecretStr

from rag_core.index.stores import VectorStore
from rag_core.index.stores.opening import open_lance, open_weaviate
from rag_core.settings import Settings, Store
from tests.conformance.rows import DIMENSION

REAL_SERVER = "WEAVIATE_URL"
"""The environment variable that names it; WEAVIATE_GRPC_PORT and WEAVIATE_API_KEY belong to it."""


class Backend(Protocol):
    """Opens connections to one and the same index, from any process; hence it can be pickled."""

    kills: int
    """How often a writer is killed."""

    def connect(self) -> AbstractAsyncContextManager[VectorStore]: ...

    def beside(self, name: str) -> Backend:
        """Another index at the same place."""

    async def clean(self) -> None:
        """Leave nothing behind."""


@dataclass(frozen=True)
class Lance:
    folder: Path
    name: str = "passages"
    kills: int = 10
    held_after: int = 1_000_000
    """Searches from disk before the table is held in memory: never, or from the first one on."""

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[VectorStore]:
        async with open_lance(self.folder, self.name, DIMENSION, self.held_after) as store:
            yield store

    def beside(self, name: str) -> Lance:
        return replace(self, name=name)

    async def clean(self) -> None:
        """The folder is the test's."""


@dataclass(frozen=True)
class Weaviate:
    url: str
    grpc_port: int
    name: str
    api_key: str = ""
    tenant: str = "default"
    kills: int = 4

    @property
    def settings(self) -> Settings:
        key = SecretStr(self.api_key) if self.api_key else None
        return Settings(
            store=Store(url=self.url, grpc_port=self.grpc_port, api_key=key, tenant=self.tenant, timeout_s=20)
        )

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[VectorStore]:
        async with open_weaviate(self.settings, self.name, DIMENSION) as store:
            yield store

    def beside(self, name: str) -> Weaviate:
        return replace(self, name=f"{self.name}_{name}")

    async def clean(self) -> None:
        from rag_core.index.stores.weaviate import connected
        from rag_core.index.stores.weaviate.schema import collection_name

        async with connected(self.settings.store, Path()) as client:
            for name in await client.collections.list_all():
                if name.startswith(collection_name(self.name)):
                    await client.collections.delete(name)


def real_weaviate(name: str) -> Weaviate:
    """The server that the environment names."""
    port = int(os.environ.get("WEAVIATE_GRPC_PORT", "50051"))
    return Weaviate(os.environ[REAL_SERVER], port, name, os.environ.get("WEAVIATE_API_KEY", ""))


BACKENDS: dict[str, Callable[[Path, str], Backend]] = {
    "lance": lambda folder, name: Lance(folder),
    "lance-in-memory": lambda folder, name: Lance(folder, held_after=0, kills=3),  # it writes like the other
}
if REAL_SERVER in os.environ:
    BACKENDS["weaviate"] = lambda folder, name: real_weaviate(name)
STAND_IN = "weaviate-protocol"
"""Over tests/servers/weaviate.py, our own server: it holds the client to the protocol, and says nothing of Weaviate."""
