"""The databases of the records' tests, and documents that are read into a real index."""

from __future__ import annotations

from collections.abc import Mapping

from rag_core.bootstrap import Core
from rag_core.ingest.indexing import Indexer, Parsed
from tests.rag_core.records.conftest import address, database

__all__ = ["address", "database", "ingest"]


async def ingest(core: Core, documents: Mapping[str, str], scope: str = "public") -> None:
    """documents: Markdown by the title."""
    indexer = Indexer(core.embedder, core.store, core.compute)
    for title, markdown in documents.items():
        key = title.lower().replace(" ", "-")
        parsed = Parsed(f"docs/{key}", "docs", scope, title, f"https://docs.example/{key}", markdown)
        await indexer.write([await indexer.divide(parsed)])
