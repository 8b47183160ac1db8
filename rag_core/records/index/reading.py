"""Which sources a person may read, as far as they may know of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.records.database import transaction
from rag_core.records.tables import documents, releases, sources

__all__ = ["ReadableSource", "readable_sources"]

_PUBLIC = "public"
"""Of a source whose settings name no scope."""


@dataclass(frozen=True, slots=True)
class ReadableSource:
    name: str
    scope: str
    documents: int
    """Those that answers are made from now."""
    synced_at: datetime | None
    """UTC; None: not yet."""


async def readable_sources(database: AsyncEngine, scopes: frozenset[str] | None) -> list[ReadableSource]:
    """By name; of others, that there are any is not told. scopes: None may read everything.

    Raises:
        Unavailable: the database does not answer.
    """
    active = select(releases.c.index_name).where(releases.c.active.is_(True)).limit(1).scalar_subquery()
    indexed = and_(
        documents.c.source == sources.c.name,
        documents.c.index_name == active,
        documents.c.skipped.is_(None),
    )
    counts = select(func.count()).select_from(documents).where(indexed).correlate(sources).scalar_subquery()
    query = select(sources.c.name, sources.c.spec, counts, sources.c.synced_at).order_by(sources.c.name)
    async with transaction(database) as connection:
        rows = (await connection.execute(query)).all()
    found = [
        ReadableSource(name, str(spec.get("scope", _PUBLIC)), int(count), _utc(synced_at))
        for name, spec, count, synced_at in rows
    ]
    return [source for source in found if scopes is None or source.scope in scopes]


def _utc(time: datetime | None) -> datetime | None:
    """SQLite keeps no time zone; all times are UTC."""
    return time.replace(tzinfo=UTC) if time and time.tzinfo is None else time
