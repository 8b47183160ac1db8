"""What people are called whose ids stand in the records."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from rag_core.records.tables import users

__all__ = ["names_of"]


async def names_of(connection: AsyncConnection, identities: Iterable[str]) -> dict[str, str]:
    """The name of each that has an account of the admin pages; of others the id itself."""
    asked = {one for one in identities if one}
    query = select(users.c.identity, users.c.name).where(users.c.identity.in_(asked))
    known = {identity: name for identity, name in (await connection.execute(query)).all() if name}
    return {one: known.get(one, one) for one in asked}
