"""A question's text -> ranked passages: embed, search the store within the scopes, fuse."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag_core.compute import Compute
from rag_core.errors import InvalidQuestion
from rag_core.index.embedding import Embedder
from rag_core.index.stores import VectorStore
from rag_core.retrieval.fusion import Ranked, fuse
from rag_core.settings import Retrieval

__all__ = ["MAX_QUESTION", "Found", "Search", "clean_question"]

MAX_QUESTION = 4_000
"""Characters; a question longer than this is refused rather than half read."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+")


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
        self._embedder = embedder
        self._store = store
        self._compute = compute
        self._settings = settings

    async def __call__(self, text: str, scopes: frozenset[str] | None) -> Found:
        started = time.perf_counter()
        vector = await self._compute.run(self._embedder.embed_query, text)
        embedded = time.perf_counter()
        hits = await self._store.search(vector, text, scopes, self._settings.candidates)
        searched = time.perf_counter()
        ranked = fuse(hits, self._settings.dense_weight)
        fused = time.perf_counter()
        timings = {"embed": embedded - started, "search": searched - embedded, "fuse": fused - searched}
        return Found(vector, ranked, {stage: seconds * 1e3 for stage, seconds in timings.items()})


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
