"""Which models and which index are active together. Read by serving, written by training and the first ingest."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

from sqlalchemy import func, insert, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from rag_core.errors import Busy, NotFound, Unavailable
from rag_core.index.embedding import ModelCard
from rag_core.records.database import transaction
from rag_core.records.tables import releases

__all__ = ["Release", "Releases"]

ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Release:
    id: str
    embedder: str
    """Folder below home/models."""
    index_name: str
    """The vector store's table that was filled by this embedder."""
    card: ModelCard
    created_at: datetime
    active: bool
    reranker: str | None = None
    """Folder below home/models; None: passages stay in the fused order."""
    metrics: Mapping[str, float] | None = None
    """What was measured of it, by name; None: nothing."""
    note: str = ""
    """Where it comes from, for a reader."""


class Releases:
    def __init__(self, database: AsyncEngine) -> None:
        self._database = database

    async def active(self) -> Release | None:
        async with transaction(self._database) as connection:
            row = (await connection.execute(select(releases).where(releases.c.active))).mappings().first()
        return _release(row) if row else None

    async def all(self) -> list[Release]:
        """Oldest first."""
        async with transaction(self._database) as connection:
            rows = (
                (await connection.execute(select(releases).order_by(releases.c.created_at))).mappings().all()
            )
        return [_release(row) for row in rows]

    async def add(self, embedder: str, card: ModelCard, reranker: str | None = None) -> Release:
        """Record a release with an index of its own; it is not active yet."""
        for _ in range(ATTEMPTS):
            try:
                async with transaction(self._database) as connection:
                    number = await _next_number(connection)
                    # Unlike any other index's: installations may share a cache and a vector database.
                    index_name = f"passages_r{number}_{secrets.token_hex(4)}"
                    release = Release(
                        f"r{number}", embedder, index_name, card, datetime.now(UTC), False, reranker
                    )
                    await connection.execute(insert(releases).values(asdict(release)))
                return release
            except IntegrityError:
                continue  # another process took the number
        raise Unavailable("Other processes keep adding releases; try again.")

    async def change_reranker(self, active: Release, reranker: str | None) -> Release:
        """Record and activate, in one transaction, a release like the active one but for its reranker.

        Both share the index, and the embedder that filled it, so that nothing is embedded again; going back is an
        activation.

        Raises:
            Busy: another release is active by now.
        """
        for _ in range(ATTEMPTS):
            try:
                async with transaction(self._database) as connection:
                    return await _with_reranker(connection, active, reranker)
            except IntegrityError:
                continue  # another process took the number
        raise Unavailable("Other processes keep adding releases; try again.")

    async def activate(self, release_id: str) -> None:
        """Make this release the one that answers, in one transaction.

        Raises:
            NotFound: there is no such release.
        """
        async with transaction(self._database) as connection:
            if await connection.scalar(select(releases.c.id).where(releases.c.id == release_id)) is None:
                raise NotFound(f"There is no release {release_id}.")
            # One statement over all rows: of two at once, the second waits for the first and sees what it did.
            await connection.execute(update(releases).values(active=releases.c.id == release_id))


async def _next_number(connection: AsyncConnection) -> int:
    return (await connection.scalar(select(func.count()).select_from(releases)) or 0) + 1


async def _with_reranker(connection: AsyncConnection, active: Release, reranker: str | None) -> Release:
    number = await _next_number(connection)
    changed = replace(
        active, id=f"r{number}", created_at=datetime.now(UTC), active=False, reranker=reranker, metrics=None
    )
    await connection.execute(insert(releases).values(asdict(changed)))
    # One statement over all rows, as in activate: of two changes at once, the second waits and finds nothing active.
    is_active = select(releases.c.active).where(releases.c.id == active.id)
    if not await connection.scalar(is_active.with_for_update()):
        raise Busy(f"Another process made another release than {active.id} the active one; try again.")
    await connection.execute(update(releases).values(active=releases.c.id == changed.id))
    return replace(changed, active=True)


def _release(row: RowMapping) -> Release:
    created_at = row["created_at"]
    if created_at.tzinfo is None:  # SQLite keeps no time zone
        created_at = created_at.replace(tzinfo=UTC)
    return Release(**{**row, "card": ModelCard(**row["card"]), "created_at": created_at})
