"""Reviews of which several are written in one transaction, locked in one order."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from rag_core.records.tables import reviews

__all__ = ["hold"]


async def hold(connection: AsyncConnection, condition: Any) -> None:
    """Lock those of the reviews, until the transaction ends. Two who write some of the same wait for one another instead of
    each for the other, which PostgreSQL ends by failing one of them. SQLite has one writer at a time anyway.

    condition: one that no other can make true or false, or more may be written than was locked.
    """
    held = select(reviews.c.id).where(condition).order_by(reviews.c.id).with_for_update()
    await connection.execute(held)
