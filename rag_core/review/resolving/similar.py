"""Questions like this one, and how they were resolved. Compared by the vectors of the embedder that answers now."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import and_, exists, select
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.bootstrap import Core
from rag_core.index.stores.protocol import Vector
from rag_core.records.database import transaction
from rag_core.records.feedback.question_vectors import SCALE, QuestionVectors
from rag_core.records.reviews.items import Resolved, resolved_columns, resolved_of
from rag_core.records.tables import answers, question_vectors, reviews
from rag_core.running.active import ActiveRelease

__all__ = ["Similar", "SimilarQuestions", "keep_vectors", "similar_questions"]

LEAST_COSINE = 0.6
SHOWN = 5
COMPARED = 20_000
"""Questions, of those resolved last: some 8 MB of vectors."""
BATCH = 32
"""Questions embedded at a time, some 3 ms each."""
LOOK_EVERY_S = 60.0
PAUSE_S = 0.5
"""Between batches: people who ask go first."""


@dataclass(frozen=True, slots=True)
class Similar:
    resolved: Resolved
    cosine: float


class SimilarQuestions:
    """By one embedder. A question that another one made the vector of is embedded again, in the background."""

    def __init__(
        self, database: AsyncEngine, embedder: str, embed: Callable[[str], Awaitable[Vector]]
    ) -> None:
        """embedder: its folder below home/models. embed: a question's vector, of length one."""
        self._database = database
        self._embedder = embedder
        self._embed = embed

    async def to(self, question: str, but: str = "") -> list[Similar]:
        """Those most like it that were resolved, best first. but: the id of an answer that is left out."""
        asked = await self._embed(question)
        v, r = question_vectors.c, reviews.c
        resolved = (
            select(v.answer_id, v.vector)
            .join(reviews, r.answer_id == v.answer_id)
            .where(v.embedder == self._embedder, r.state == "resolved", v.answer_id != but)
            .order_by(r.decided_at.desc())
            .limit(COMPARED)
        )
        async with transaction(self._database) as connection:
            rows = (await connection.execute(resolved)).all()
        best = await asyncio.to_thread(_best, asked, [(row.answer_id, row.vector) for row in rows])
        return await self._told(best)

    async def backfill(self, most: int = BATCH) -> int:
        """Embed questions of answers that reviewers look at, or looked at; how many there were, at most `most`."""
        v, a = question_vectors.c, answers.c
        has = exists().where(and_(v.answer_id == a.id, v.embedder == self._embedder))
        reviewed = exists().where(reviews.c.answer_id == a.id)
        query = select(a.id, a.question, a.standalone).where(reviewed, ~has).limit(most)
        async with transaction(self._database) as connection:
            rows = (await connection.execute(query)).all()
        made = {id: await self._embed(standalone or question) for id, question, standalone in rows}
        await QuestionVectors(self._database, self._embedder).put(made)
        return len(made)

    async def _told(self, best: Sequence[tuple[str, float]]) -> list[Similar]:
        query = resolved_columns().where(answers.c.id.in_([id for id, _ in best]))
        async with transaction(self._database) as connection:
            rows = (await connection.execute(query.order_by(reviews.c.decided_at))).all()
        last = {one.answer_id: one for one in map(resolved_of, rows)}  # of several decisions the last one
        return [Similar(last[id], cosine) for id, cosine in best if id in last]


def _best(asked: Vector, rows: Sequence[tuple[str, bytes]]) -> list[tuple[str, float]]:
    """Ids and cosines of the nearest, best first, each once."""
    unique = {id: vector for id, vector in rows if len(vector) == asked.size}
    if not unique:
        return []
    ids = list(unique)
    matrix = np.frombuffer(b"".join(unique.values()), np.int8).reshape(len(ids), asked.size)
    cosines = matrix.astype(np.float32) @ asked.astype(np.float32) / SCALE
    order = np.argsort(-cosines, kind="stable")[:SHOWN]
    return [(ids[i], round(min(1.0, float(cosines[i])), 3)) for i in order if cosines[i] >= LEAST_COSINE]


def similar_questions(core: Core, database: AsyncEngine) -> SimilarQuestions:
    """By the embedder of this release."""

    async def embed(text: str) -> Vector:
        return await core.compute.run(core.embedder.embed_query, text)

    return SimilarQuestions(database, core.release.embedder, embed)


async def keep_vectors(
    assistant: ActiveRelease, database: AsyncEngine, look_every_s: float = LOOK_EVERY_S
) -> None:
    """Until cancelled: make the vectors that are missing, a few at a time."""
    while True:
        async with assistant.core() as core:
            made = await similar_questions(core, database).backfill()
        await asyncio.sleep(PAUSE_S if made else look_every_s)
