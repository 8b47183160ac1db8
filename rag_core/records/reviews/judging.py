"""What reviewers said of passages: with their text, so that it outlives the index they were read in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from rag_core.records.database import transaction
from rag_core.records.tables import judged_passages

__all__ = ["Judged", "Judging", "Label", "keep"]

Label = Literal["right", "wrong", "stale"]
"""right: it answers the question. wrong: it was found and does not (a hard negative). stale: what it says is out of date."""


@dataclass(frozen=True, slots=True)
class Judged:
    passage: str
    """Its id in the index when it was judged."""
    label: Label
    document: str
    """Its id: SOURCE/KEY."""
    source: str
    scope: str
    title: str
    text: str
    """As it was when it was judged."""


class Judging:
    def __init__(self, database: AsyncEngine) -> None:
        self._database = database

    async def of(self, review: str) -> list[Judged]:
        """What was said with this review; right ones first."""
        c = judged_passages.c
        query = select(*(c[name] for name in Judged.__slots__)).where(c.review_id == review)
        async with transaction(self._database) as connection:
            rows = (await connection.execute(query.order_by(c.label, c.passage))).all()
        return [Judged(*row) for row in rows]


async def keep(connection: AsyncConnection, review: str, judged: Sequence[Judged]) -> None:
    """Within a transaction of the caller; the review has none yet."""
    if judged:
        await connection.execute(
            insert(judged_passages), [{"review_id": review, **asdict(one)} for one in judged]
        )
