"""Which sources there are and which of their documents stand in which index. Written by ingest/sync.py alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.records.database import transaction
from rag_core.records.index.syncs import Syncs
from rag_core.records.tables import documents, sources, syncs

__all__ = ["DocumentRecord", "Documents", "Known", "SkippedRecord", "SourceRecord"]

BATCH = 500
"""Keys in one statement; SQLite and PostgreSQL both bound the number of parameters."""


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    source: str
    key: str
    fingerprint: str
    digest: str
    title: str
    url: str
    passages: int
    skipped: str | None = None


class Known(NamedTuple):
    """The part of a record that a sync compares."""

    fingerprint: str
    digest: str
    passages: int
    skipped: str | None


@dataclass(frozen=True, slots=True)
class SkippedRecord:
    """A document that could not be read."""

    key: str
    url: str
    reason: str
    synced_at: datetime


@dataclass(frozen=True, slots=True)
class SourceRecord:
    name: str
    spec: Mapping[str, Any]
    from_settings: bool
    synced_at: datetime | None
    error: str | None
    wanted_at: datetime | None = None
    """When a person asked for a sync that was not begun yet."""
    failing_since: datetime | None = None
    """None: the last sync did not fail."""


class Documents:
    """The register of one index."""

    def __init__(self, database: AsyncEngine, index_name: str) -> None:
        self._database = database
        self._index = index_name
        self.syncs = Syncs(database)

    async def of(self, source: str) -> dict[str, Known]:
        """What is known of all of a source's documents, by key."""
        c = documents.c
        query = select(c.key, c.fingerprint, c.digest, c.passages, c.skipped).where(
            c.index_name == self._index, c.source == source
        )
        async with transaction(self._database) as connection:
            rows = (await connection.execute(query)).all()
        return {key: Known(*rest) for key, *rest in rows}

    async def records(self, source: str) -> list[DocumentRecord]:
        """All that is recorded of a source's documents, by key."""
        columns = [documents.c[field.name] for field in fields(DocumentRecord)]
        here = and_(documents.c.index_name == self._index, documents.c.source == source)
        query = select(*columns).where(here).order_by(documents.c.key)
        async with transaction(self._database) as connection:
            return [DocumentRecord(*row) for row in (await connection.execute(query)).all()]

    async def put(self, records: Sequence[DocumentRecord]) -> None:
        if not records:
            return
        now = datetime.now(UTC)
        rows = [{**asdict(record), "index_name": self._index, "synced_at": now} for record in records]
        by_source: dict[str, list[str]] = {}
        for record in records:
            by_source.setdefault(record.source, []).append(record.key)
        async with transaction(self._database) as connection:
            for source, keys in by_source.items():
                for batch in _batched(keys):
                    await connection.execute(delete(documents).where(self._are(source, batch)))
            await connection.execute(insert(documents), rows)

    async def unsettle(self, source: str, keys: Sequence[str]) -> None:
        """Their passages are about to be removed: until that is recorded, none of them counts as unchanged."""
        async with transaction(self._database) as connection:
            for batch in _batched(keys):
                forgotten = (
                    update(documents).where(self._are(source, batch)).values(fingerprint="", digest="")
                )
                await connection.execute(forgotten)

    async def settle(self, source: str, known: Mapping[str, tuple[str, str]]) -> None:
        """What documents that are recorded were made from, by key: fingerprint and digest."""
        async with transaction(self._database) as connection:
            for key, (fingerprint, digest) in known.items():
                values = {"fingerprint": fingerprint, "digest": digest}
                await connection.execute(update(documents).where(self._are(source, [key])).values(values))

    async def spec_of(self, source: str) -> Mapping[str, Any] | None:
        """The settings of a source as they are recorded now; None: it is not."""
        async with transaction(self._database) as connection:
            return await connection.scalar(select(sources.c.spec).where(sources.c.name == source))

    async def remove(self, source: str, keys: Sequence[str]) -> None:
        async with transaction(self._database) as connection:
            for batch in _batched(keys):
                await connection.execute(delete(documents).where(self._are(source, batch)))

    async def clear(self) -> None:
        """Forget all documents of this index, so that the next sync reads everything anew."""
        async with transaction(self._database) as connection:
            await connection.execute(delete(documents).where(documents.c.index_name == self._index))

    async def totals(self) -> dict[str, dict[str, int]]:
        """By source: documents indexed, documents skipped, passages."""
        query = (
            select(
                documents.c.source,
                func.count(),
                func.count(documents.c.skipped),
                func.sum(documents.c.passages),
            )
            .where(documents.c.index_name == self._index)
            .group_by(documents.c.source)
        )
        async with transaction(self._database) as connection:
            rows = (await connection.execute(query)).all()
        return {
            name: {"documents": n - skipped, "skipped": skipped, "passages": p}
            for name, n, skipped, p in rows
        }

    async def passages(self) -> int:
        """How many the index should hold; of documents that are on their way nothing is known."""
        total = select(func.coalesce(func.sum(documents.c.passages), 0)).where(
            documents.c.index_name == self._index, documents.c.digest != ""
        )
        async with transaction(self._database) as connection:
            return int(await connection.scalar(total) or 0)

    async def skipped(self, source: str, limit: int, offset: int = 0) -> list[SkippedRecord]:
        """The documents of a source that could not be read, by key."""
        c = documents.c
        here = (c.index_name == self._index) & (c.source == source) & c.skipped.is_not(None)
        query = (
            select(c.key, c.url, c.skipped, c.synced_at)
            .where(here)
            .order_by(c.key)
            .limit(limit)
            .offset(offset)
        )
        async with transaction(self._database) as connection:
            rows = (await connection.execute(query)).all()
        return [SkippedRecord(key, url, reason, _aware(at)) for key, url, reason, at in rows]

    async def sources(self) -> list[SourceRecord]:
        async with transaction(self._database) as connection:
            rows = (await connection.execute(select(sources).order_by(sources.c.name))).mappings().all()
        return [SourceRecord(**row) for row in rows]

    async def put_source(self, name: str, spec: Mapping[str, Any], from_settings: bool) -> None:
        async with transaction(self._database) as connection:
            values = {"spec": dict(spec), "from_settings": from_settings}
            changed = await connection.execute(update(sources).where(sources.c.name == name).values(values))
            if changed.rowcount == 0:
                await connection.execute(insert(sources).values(name=name, **values))

    async def mark_synced(self, name: str, error: str | None) -> None:
        """How its sync ended. error: why it failed; None: it did not."""
        now = datetime.now(UTC)
        values: dict[str, Any] = {
            "error": error,
            "failing_since": func.coalesce(sources.c.failing_since, now),
        }
        if error is None:
            values |= {"synced_at": now, "failing_since": None}
        async with transaction(self._database) as connection:
            await connection.execute(update(sources).where(sources.c.name == name).values(values))

    async def remove_source(self, name: str) -> None:
        async with transaction(self._database) as connection:
            await connection.execute(delete(sources).where(sources.c.name == name))
            await connection.execute(delete(syncs).where(syncs.c.source == name))

    def _are(self, source: str, keys: Collection[str]) -> Any:
        return (
            (documents.c.index_name == self._index)
            & (documents.c.source == source)
            & documents.c.key.in_(keys)
        )


def _aware(time: datetime) -> datetime:
    """SQLite keeps no time zone; all times are UTC."""
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _batched(keys: Sequence[str]) -> list[Sequence[str]]:
    return [keys[i : i + BATCH] for i in range(0, len(keys), BATCH)]
