"""The register of sources and documents."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.records.index.documents import DocumentRecord, Documents, Known

ONE = DocumentRecord("docs", "a.md", "12-34", "d1", "A", "file:///a.md", 3)


async def test_what_is_put_is_known_by_its_key(database: AsyncEngine) -> None:
    """Fingerprint, digest, passages, and why it was skipped."""
    documents = Documents(database, "i1")
    await documents.put([ONE, replace(ONE, key="b.md", passages=0, skipped="is empty")])
    assert await documents.of("docs") == {
        "a.md": Known("12-34", "d1", 3, None),
        "b.md": Known("12-34", "d1", 0, "is empty"),
    }
    assert await documents.of("other") == {}


async def test_putting_again_replaces(database: AsyncEngine) -> None:
    """The others stay; nothing put is nothing done."""
    documents = Documents(database, "i1")
    await documents.put([ONE, replace(ONE, key="b.md")])
    await documents.put([replace(ONE, digest="d2")])
    await documents.put([])
    assert {key: known.digest for key, known in (await documents.of("docs")).items()} == {
        "a.md": "d2",
        "b.md": "d1",
    }


async def test_each_index_has_a_register_of_its_own(database: AsyncEngine) -> None:
    """A rebuild reads everything anew, and does not touch what answers meanwhile."""
    old, new = Documents(database, "i1"), Documents(database, "i2")
    await old.put([ONE])
    assert await new.of("docs") == {}
    await new.put([ONE])
    await new.clear()
    assert list(await old.of("docs")) == ["a.md"]


async def test_the_same_key_in_two_sources_is_two_documents(database: AsyncEngine) -> None:
    """Removing one leaves the other."""
    documents = Documents(database, "i1")
    await documents.put([ONE, replace(ONE, source="wiki")])
    await documents.remove("docs", ["a.md", "never.md"])
    assert await documents.of("docs") == {}
    assert list(await documents.of("wiki")) == ["a.md"]


async def test_more_documents_than_a_statement_has_parameters(database: AsyncEngine) -> None:
    """Any number is put and removed: SQLite and PostgreSQL both bound what one statement may name."""
    documents = Documents(database, "i1")
    many = [replace(ONE, key=f"{n}.md") for n in range(40_000)]
    await documents.put(many[:600])
    await documents.put(many[:1_200])
    assert len(await documents.of("docs")) == 1_200
    await documents.remove("docs", [record.key for record in many])
    assert await documents.of("docs") == {}


async def test_titles_from_documents_may_hold_anything(database: AsyncEngine) -> None:
    """A NUL in a PDF's title must not end a sync."""
    documents = Documents(database, "i1")
    await documents.put([replace(ONE, title="A\x00\ud800", url="https://x/\x00")])
    assert list(await documents.of("docs")) == ["a.md"]


async def test_totals_count_what_is_indexed_and_what_was_skipped(database: AsyncEngine) -> None:
    """By source, of this index alone."""
    documents = Documents(database, "i1")
    skipped = replace(ONE, key="c.md", passages=0, skipped="is empty")
    await documents.put([ONE, replace(ONE, key="b.md", passages=4), skipped, replace(ONE, source="wiki")])
    await Documents(database, "i2").put([ONE])
    assert await documents.totals() == {
        "docs": {"documents": 2, "skipped": 1, "passages": 7},
        "wiki": {"documents": 1, "skipped": 0, "passages": 3},
    }


async def test_a_source_is_kept_as_it_was_last_put(database: AsyncEngine) -> None:
    """Putting it again keeps when it was synchronised."""
    documents = Documents(database, "i1")
    await documents.put_source("docs", {"kind": "folder", "every": "1h"}, from_settings=False)
    await documents.mark_synced("docs", None)
    await documents.put_source("docs", {"kind": "folder"}, from_settings=True)
    (source,) = await documents.sources()
    assert (source.name, source.spec, source.from_settings) == ("docs", {"kind": "folder"}, True)
    assert source.synced_at is not None
    assert datetime.now(UTC) - source.synced_at.replace(tzinfo=UTC) < timedelta(minutes=1)


async def test_a_failed_sync_is_told_and_does_not_count_as_one(database: AsyncEngine) -> None:
    """The time of the last good one stays; the next good one clears the error."""
    documents = Documents(database, "i1")
    await documents.put_source("docs", {}, from_settings=False)
    await documents.mark_synced("docs", "It cannot be reached.")
    (source,) = await documents.sources()
    assert (source.synced_at, source.error) == (None, "It cannot be reached.")
    await documents.mark_synced("docs", None)
    (source,) = await documents.sources()
    assert source.synced_at is not None
    assert source.error is None


async def test_sources_come_in_the_order_of_their_names_until_they_are_removed(
    database: AsyncEngine,
) -> None:
    """Removing one that is not there is nothing."""
    documents = Documents(database, "i1")
    for name in ("wiki", "docs"):
        await documents.put_source(name, {}, from_settings=False)
    await documents.remove_source("nosuch")
    assert [s.name for s in await documents.sources()] == ["docs", "wiki"]
    await documents.remove_source("docs")
    assert [s.name for s in await documents.sources()] == ["wiki"]
