"""Rows of all parts -> the database, in an order that its foreign keys take."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.records.database import transaction
from rag_core.records.tables import (
    answer_documents,
    answers,
    documents,
    escalations,
    judged_passages,
    releases,
    reviews,
    sources,
    votes,
)

from .answers import Asked
from .documents import RELEASES, document_rows, made_up_card, release_row, source_rows
from .places import Places
from .reviews import judged_of, reviews_of
from .shape import Shape
from .votes import escalations_of, votes_on

__all__ = ["Filled", "fill"]

BATCH = 2_000


@dataclass(frozen=True, slots=True)
class Filled:
    """What was put there."""

    answers: int
    votes: int
    reviews: int
    ids: tuple[str, ...] = field(repr=False)
    """Of the answers, the oldest first."""
    until: datetime


async def fill(
    database: AsyncEngine, shape: Shape | None = None, *, until: datetime | None = None, seed: int = 7
) -> Filled:
    """Add rows to a database whose tables are made. until: the newest answer comes before it. Ids are the same for one seed:
    fill a database once."""
    shape, until = shape or Shape(), until or datetime.now(UTC)
    chance = random.Random(seed)
    async with transaction(database) as connection:
        card = await connection.scalar(select(releases.c.card)) or made_up_card()
        known = set(await connection.scalars(select(releases.c.id)))
        index = await connection.scalar(select(releases.c.index_name).where(releases.c.active)) or "passages"
    await _put(database, releases, (release_row(id, card, until) for id in RELEASES if id not in known))
    await _put(database, sources, source_rows(until))
    await _put(database, documents, document_rows(chance, shape, index, until))
    places = Places(chance, shape)
    made = [Asked(chance, places, shape, number, until) for number in range(shape.answers)]
    made.sort(key=lambda one: one.at)
    await _put(database, answers, (one.row(chance) for one in made))
    await _put(database, answer_documents, (row for one in made for row in one.cited()))
    voted = votes_on(chance, made, shape, until)
    await _put(database, votes, iter(voted))
    await _put(database, escalations, escalations_of(chance, made, shape))
    reviewed = list(reviews_of(chance, made, voted, shape, until))
    await _put(database, reviews, iter(reviewed))
    await _put(database, judged_passages, judged_of(reviewed, {one.id: one for one in made}))
    return Filled(len(made), len(voted), len(reviewed), tuple(one.id for one in made), until)


async def _put(database: AsyncEngine, table: Any, rows: Iterator[dict[str, Any]]) -> None:
    while batch := list(islice(rows, BATCH)):
        async with transaction(database) as connection:
            await connection.execute(insert(table), batch)
