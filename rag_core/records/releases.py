"""Which models and which index are active together. Read by serving, written by training and the first ingest."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from sqlalchemy import func, insert, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.errors import NotFound, Unavailable
from rag_core.index.embedding import ModelCard
from rag_core.records.database import releases, transaction

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


class Releases:
    def __init__(self, database: AsyncEngine) -> None:
        self._database = database

    async def active(self) -> Release | None:
        async with transaction(self._database) as connection:
            row = (await connection.execute(select(releases).where(releases.c.active))).mappings().first()
        return _release(row) if row else None

    async def add(self, embedder: str, card: ModelCard) -> Release:
        """Record a release with an index of its own; it is not active yet."""
        for _ in range(ATTEMPTS):
            try:
                return await self._added(embedder, card)
            except IntegrityError:
                continue  # another process took the number
        raise Unavailable("Other processes keep adding releases; try again.")

    async def _added(self, embedder: str, card: ModelCard) -> Release:
        async with transaction(self._database) as connection:
            number = (await connection.scalar(select(func.count()).select_from(releases)) or 0) + 1
            # Unlike any other index's: installations may share a cache and a vector database.
            index_name = f"passages_r{number}_{secrets.token_hex(4)}"
            release = Release(f"r{number}", embedder, index_name, card, datetime.now(UTC), active=False)
            await connection.execute(insert(releases).values(asdict(release)))
        return release

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


def _release(row: RowMapping) -> Release:
    return Release(**{**row, "card": ModelCard(**row["card"])})
