"""Standard answers changed by hand, each change with its entry in the audit log."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.errors import NotFound
from rag_core.records import standard
from rag_core.records.audit import note
from rag_core.records.database import transaction
from rag_core.standard.answer import StandardAnswer
from rag_core.standard.checking import checked

__all__ = ["Curating"]


class Curating:
    """What rag_core.standard.answers.StandardAnswers holds follows within seconds, in every process."""

    def __init__(self, database: AsyncEngine) -> None:
        self._database = database
        self._records = standard.StandardRecords(database)

    async def all(self) -> list[StandardAnswer]:
        """Newest first."""
        return (await self._records.all())[::-1]

    async def get(self, id: str) -> StandardAnswer:
        """
        Raises:
            NotFound: there is none of this id.
        """
        if found := await self._records.get(id):
            return found
        raise NotFound("There is no such standard answer; it may have been removed.")

    async def edit(self, id: str, actor: str, **changes: Any) -> StandardAnswer:
        """With other values in these fields.

        Raises:
            NotFound: there is none of this id.
            InvalidEntry: it cannot be kept so; the message names the field and the remedy.
        """
        before = await self.get(id)
        after = checked(replace(before, **changes, updated_at=datetime.now(UTC)))
        changed = [
            field.name for field in fields(after) if getattr(before, field.name) != getattr(after, field.name)
        ]
        async with transaction(self._database) as connection:
            await standard.put(connection, [after])
            named = sorted(set(changed) - {"updated_at"})
            await note(
                connection, actor, "standard.edit", f"standard:{id}", fields=named, enabled=after.enabled
            )
        return after

    async def remove(self, id: str, actor: str) -> None:
        """
        Raises:
            NotFound: there is none of this id.
        """
        async with transaction(self._database) as connection:
            if not await standard.remove(connection, id):
                raise NotFound("There is no such standard answer; it was removed before.")
            await note(connection, actor, "standard.remove", f"standard:{id}")
