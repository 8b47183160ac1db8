"""Inserting what may be there already, in the words of each database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

__all__ = ["insert_unless_there"]


def insert_unless_there(connection: AsyncConnection, table: Table) -> Any:
    """An INSERT that does nothing where a unique value is taken; its rowcount tells. Add .values(…)."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()
