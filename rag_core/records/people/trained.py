"""Which releases learned from rows that were forgotten: what is in a model's weights cannot be taken out of it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.records.exchange.removing import Removed
from rag_core.records.index.releases import Releases

__all__ = ["trained_on"]

LEARNED = ("train.jsonl", "validation.jsonl")
"""Of a data set: what models are made from. What they are only measured on is not in them."""


async def trained_on(database: AsyncEngine, removed: Iterable[Removed]) -> tuple[str, ...]:
    """Ids of the releases with a model that was trained on a data set which lost rows that it learned from, oldest first.

    A model's folder begins with the name of the run that made it, as its data set's does; releases that were made from such
    a release, and kept the model, are among them.

    Raises:
        Unavailable: the database does not answer.
    """
    files = [Path(one.path) for one in removed if one.kind == "dataset" and one.rows]
    runs = tuple(f"{file.parent.name}-" for file in files if file.name in LEARNED)
    if not runs:
        return ()
    known = await Releases(database).all()
    return tuple(one.id for one in known if any(name.startswith(runs) for name in one.models))
