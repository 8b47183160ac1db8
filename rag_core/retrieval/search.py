"""A question's text -> ranked passages: embed, search the store within the scopes, fuse, fetch."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag_core.compute import Compute
from rag_core.errors import InvalidQuestion
from rag_core.index.embedding import Embedder
from rag_core.index.stores import VectorStore
from rag_core.index.stores.protocol import Vector
from rag_core.retrieval.batching import QueryBatches
from rag_core.retrieval.fusion import Fused, fuse
from rag_core.settings import Retrieval
from rag_core.types import Passage

__all__ = ["MAX_QUESTION", "Found", "Ranked", "Search", "clean_question"]

MAX_QUESTION = 4_000
"""Characters; a question longer than this is refused rather than half read."""
KEEP = 16
"""Passages fetched for one question: those that may reach the generator, and enough others to tell rare words from
common ones."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]+")


@dataclass(frozen=True, slots=True)
class Ranked:
    """A passage that may answer, with why it was found."""

    passage: Passage
    cosine: float
    bm25: float
    score: float
    """Fused; comparable between questions to one index."""


@dataclass(frozen=True, slots=True)
class Found:
    vector: NDArray[np.float32]
    """The question's, (dimension,)."""
    ranked: list[Ranked]
    """Best first."""
    timings_ms: dict[str, float]


class Search:
    """Searches the index of one release with the embedder of that release."""

    def __init__(self, embedder: Embedder, store: VectorStore, compute: Compute, settings: Retrieval) -> None:
        self._queries = QueryBatches(embedder, compute)
        self._store = store
        self._settings = settings

    async def __call__(self, text: str, scopes: frozenset[str] | None, keep: int = KEEP) -> Found:
        """The best passages for a question.

        scopes: what the asker may read; None: everything. keep: how many passages are wanted.
        """
        started = time.perf_counter()
        timings: dict[str, float] = {}

        def ended(stage: str) -> None:
            timings[stage] = (time.perf_counter() - started) * 1e3 - sum(timings.values())

        embedding = asyncio.create_task(self._queries.embed(text))
        embedding.add_done_callback(lambda _: ended("embed"))
        ranking = await self._rank(embedding, text, scopes, keep)
        vector = await embedding
        ended("search")
        ranked = await self._fetch(ranking, scopes)
        ended("fetch")
        return Found(vector, ranked, timings)

    async def _rank(
        self, vector: Awaitable[Vector], text: str, scopes: frozenset[str] | None, keep: int
    ) -> list[Fused]:
        candidates = await self._store.search(vector, text, scopes, self._settings.candidates)
        return fuse(candidates, self._settings.dense_weight)[:keep]

    async def _fetch(self, ranking: Sequence[Fused], scopes: frozenset[str] | None) -> list[Ranked]:
        """The passages in this order; without those that vanished, or left the scopes, since they were ranked."""
        by_id = {fused.candidate.id: fused for fused in ranking}
        passages = await self._store.fetch([fused.candidate for fused in ranking], scopes)
        return [_ranked(passage, by_id[passage.id]) for passage in passages]


def _ranked(passage: Passage, fused: Fused) -> Ranked:
    return Ranked(passage, fused.candidate.cosine, fused.candidate.bm25, fused.score)


def clean_question(text: str) -> str:
    """The question in one line, without control and invisible characters.

    Raises:
        InvalidQuestion: nothing with a letter or digit is left, or it is too long; the message is for the asker.
    """
    cleaned = " ".join(_CONTROL.sub(" ", text).split())
    if not any(character.isalnum() for character in cleaned):
        raise InvalidQuestion("Please ask a question in words; I could not find any in your message.")
    if len(cleaned) > MAX_QUESTION:
        raise InvalidQuestion(
            f"Your question has {len(cleaned):,} characters; please shorten it to {MAX_QUESTION:,} or fewer."
        )
    return cleaned
