"""Vectors of questions that were asked, by the id of their answer: int8, of the embedder that made them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.records.database import transaction
from rag_core.records.inserting import insert_unless_there
from rag_core.records.tables import answers, question_vectors

__all__ = ["SCALE", "QuestionVectors", "packed"]

Vector = NDArray[np.float32]
SCALE = 127
"""What a value of 1 is kept as."""
BATCH = 400
"""Ids in one statement."""


def packed(vector: Vector) -> bytes:
    """A vector of length one, of dimension values from -1 to 1, in as many bytes."""
    return np.clip(np.rint(vector * SCALE), -SCALE, SCALE).astype(np.int8).tobytes()


class QuestionVectors:
    def __init__(self, database: AsyncEngine, embedder: str) -> None:
        """embedder: its folder below home/models."""
        self._database = database
        self._embedder = embedder

    async def get(self, ids: Collection[str]) -> dict[str, NDArray[np.int8]]:
        """Those that this embedder made."""
        c, wanted = question_vectors.c, list(ids)
        found: dict[str, NDArray[np.int8]] = {}
        for at in range(0, len(wanted), BATCH):
            query = select(c.answer_id, c.vector).where(
                c.embedder == self._embedder, c.answer_id.in_(wanted[at : at + BATCH])
            )
            async with transaction(self._database) as connection:
                rows = (await connection.execute(query)).all()
            found |= {id: np.frombuffer(vector, np.int8) for id, vector in rows}
        return found

    async def put(self, vectors: Mapping[str, Vector]) -> None:
        """In the place of what another embedder made. Of answers that are not kept any more, nothing is."""
        wanted = list(vectors)
        for at in range(0, len(wanted), BATCH):
            some = {id: packed(vectors[id]) for id in wanted[at : at + BATCH]}
            try:
                await self._put(some)
            except IntegrityError:
                continue  # an answer was forgotten meanwhile: who looks for the others' vectors makes them again

    async def _put(self, some: Mapping[str, bytes]) -> None:
        async with transaction(self._database) as connection:
            await connection.execute(delete(question_vectors).where(question_vectors.c.answer_id.in_(some)))
            kept = set(await connection.scalars(select(answers.c.id).where(answers.c.id.in_(some))))
            rows = [
                {"answer_id": id, "embedder": self._embedder, "vector": vector}
                for id, vector in some.items()
                if id in kept
            ]
            if rows:  # another process may have made them at the same time
                await connection.execute(insert_unless_there(connection, question_vectors).values(rows))
