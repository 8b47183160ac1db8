"""How databases go about reading many rows, where what they choose by themselves was found to be slow."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from rag_core.records.database import transaction

__all__ = ["planned", "unindexed"]


@asynccontextmanager
async def planned(database: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A transaction whose statements PostgreSQL plans with their values, each time. After five executions it would plan
    them for any values: it takes a year of answers for a few hundred then, and looks up the votes of each by itself.

    Raises:
        Unavailable: the database does not answer.
    """
    async with transaction(database) as connection:
        dialect = connection.dialect
        if dialect.name == "postgresql" and (dialect.server_version_info or ()) >= (12,):
            await connection.exec_driver_sql("SET LOCAL plan_cache_mode = force_custom_plan")
        yield connection


class _Unindexed(FunctionElement[Any]):
    inherit_cache = True

    def __init__(self, column: Any) -> None:
        super().__init__(column)
        self.type = column.type  # so that what it is compared with is stored alike


def unindexed(column: Any) -> Any:
    """A column that SQLite looks up in no index: without statistics it takes any equality for a rare one. PostgreSQL has
    them, and for no other expression than the column itself."""
    return _Unindexed(column)


@compiles(_Unindexed)
def _anywhere(element: _Unindexed, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses, **options)


@compiles(_Unindexed, "sqlite")
def _in_sqlite(element: _Unindexed, compiler: SQLCompiler, **options: Any) -> str:
    return f"+{compiler.process(element.clauses, **options)}"
