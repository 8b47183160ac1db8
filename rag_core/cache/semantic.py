"""Finds the answer to an earlier question that asked the same in other words. In process; off by default.

Two questions are taken for the same when rag_core.cache.paraphrase reads them as the same and their vectors are near.
benchmarks/semantic_cache.py measures both, and where it errs.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag_core.cache.paraphrase import Reading, read, same

__all__ = ["REMEMBERED", "THRESHOLD", "SemanticCache"]

THRESHOLD = 0.85
"""The cosine two questions need at least, besides being read as the same. What benchmarks/semantic_cache.py measures has
no false hit without it either; it stands in the way of what nobody thought of. At .9 short questions that are wrapped in
politeness are missed."""
REMEMBERED = 5_000
"""Questions kept in all, those least recently needed forgotten first: about 4 KB each."""
ALIKE = 8
"""Questions kept that share a reading's key, such as 'what is US data' and 'what is us data'."""

Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Asked:
    reading: Reading
    vector: Vector
    answer: str


class SemanticCache:
    """Earlier questions and the keys of their answers, apart by partition. For one event loop; not thread-safe.

    A partition names all that an answer depends on besides its question: release, generation of the index, scopes,
    settings. What was remembered under one is never found under another. Questions within a conversation have no place
    here, since what they ask depends on the turns before.

    Nothing is compared with what it cannot equal: a question's reading leads to the few that may be the same, however
    many are remembered, and a question that has none costs no embedding.
    """

    def __init__(self, threshold: float = THRESHOLD, remembered: int = REMEMBERED) -> None:
        self._threshold = threshold
        self._remembered = remembered
        self._asked: OrderedDict[tuple[str, tuple[str, ...]], list[_Asked]] = OrderedDict()
        self._count = 0

    @property
    def size(self) -> int:
        """Questions remembered, over all partitions."""
        return self._count

    async def find(
        self, partition: str, question: str, embed: Callable[[str], Awaitable[Vector]]
    ) -> str | None:
        """The key of the answer to an earlier question that asked the same; None when in doubt.

        embed: gives the question's vector, of length one, by the embedder that made the others of this partition. Only
        called when an earlier question may be the same.
        """
        reading = read(question)
        place = (partition, reading.key)
        if not any(same(earlier.reading, reading) for earlier in self._asked.get(place, ())):
            return None
        vector = await embed(question)
        earlier_ones = [e for e in self._asked.get(place, ()) if same(e.reading, reading)]
        near = [(float(e.vector @ vector), e.answer) for e in earlier_ones]
        cosine, answer = max(near, default=(-1.0, ""))
        if cosine < self._threshold:
            return None
        self._asked.move_to_end(place)
        return answer

    def add(self, partition: str, question: str, vector: Vector, answer: str) -> None:
        """Remember a question that was answered; instead of one that asked the same.

        vector: (dimension,), of length one. answer: the key its answer is cached under. Only add what was answered
        itself: a question answered by find must not be added, or meanings drift from one paraphrase to the next.
        """
        reading = read(question)
        place = (partition, reading.key)
        others = [earlier for earlier in self._asked.get(place, ()) if not same(earlier.reading, reading)]
        self._forget(place)
        self._asked[place] = [*others[1 - ALIKE :], _Asked(reading, vector.astype(np.float32), answer)]
        self._count += len(self._asked[place])
        while self._count > self._remembered:
            self._forget(next(iter(self._asked)))

    def clear(self) -> None:
        """Forget all questions."""
        self._asked.clear()
        self._count = 0

    def _forget(self, place: tuple[str, tuple[str, ...]]) -> None:
        self._count -= len(self._asked.pop(place, ()))
