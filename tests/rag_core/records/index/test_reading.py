"""Which sources a person may read."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.records.database import transaction
from rag_core.records.index.documents import DocumentRecord, Documents
from rag_core.records.index.reading import ReadableSource, readable_sources
from rag_core.records.tables import releases


def document(source: str, key: str, skipped: str | None = None) -> DocumentRecord:
    return DocumentRecord(source, key, "f", "d", key, key, 1, skipped)


async def filled(database: AsyncEngine) -> None:
    current, old = Documents(database, "now"), Documents(database, "before")
    await current.put_source("handbook", {"kind": "folder"}, True)
    await current.put_source("salaries", {"kind": "folder", "scope": "hr"}, True)
    await current.put(
        [document("handbook", "a"), document("handbook", "b"), document("handbook", "c", "broken")]
    )
    await current.put([document("salaries", "s")])
    await old.put([document("handbook", key) for key in "abcdef"])
    await current.mark_synced("handbook", None)


async def test_a_person_sees_the_sources_of_their_scopes_and_no_others(database: AsyncEngine) -> None:
    """Neither their names nor their number; None is everything."""
    await filled(database)
    for scopes, names in (
        (frozenset({"public"}), ["handbook"]),
        (frozenset({"public", "hr"}), ["handbook", "salaries"]),
        (frozenset[str](), []),
        (None, ["handbook", "salaries"]),
    ):
        assert [source.name for source in await readable_sources(database, scopes)] == names


async def test_documents_are_counted_in_the_index_that_answers(database: AsyncEngine) -> None:
    """Without those that could not be read; without a release there are none."""
    await filled(database)
    [before] = await readable_sources(database, frozenset({"public"}))
    assert before.documents == 0
    release = {"id": "r1", "embedder": "e", "index_name": "now", "card": {}, "active": True}
    async with transaction(database) as connection:
        await connection.execute(insert(releases).values(**release, created_at=datetime.now(UTC)))
    [source] = await readable_sources(database, frozenset({"public"}))
    assert source.synced_at is not None
    assert source.synced_at.tzinfo is not None
    assert source == ReadableSource("handbook", "public", 2, source.synced_at)
