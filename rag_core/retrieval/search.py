"""A question's text -> ranked passages: embed, search the store within the scopes, fuse, fetch, refine, hedge, rerank."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rag_core.cache import Caching, Entry
from rag_core.compute import Compute
from rag_core.errors import InvalidQuestion
from rag_core.index.embedding import Embedder
from rag_core.index.stores import Candidate, VectorStore
from rag_core.index.stores.protocol import Vector
from rag_core.messages import say
from rag_core.retrieval.attaching import with_attached, without_mention
from rag_core.retrieval.batching import QueryBatches
from rag_core.retrieval.fusion import SHIPPED, Fused, Fusion, fuse
from rag_core.retrieval.hedging import hedged
from rag_core.retrieval.merging import without_near_duplicates
from rag_core.retrieval.refining import REFINED, refine
from rag_core.settings import Retrieval
from rag_core.types import Attached, Passage, Ranked

if TYPE_CHECKING:
    from rag_core.retrieval.query_map import QueryMap
    from rag_core.retrieval.reranking import Reranker

__all__ = ["MAX_QUESTION", "Found", "Search", "clean_question"]

MAX_QUESTION = 4_000
"""Characters; a question longer than this is refused rather than half read."""
KEEP = 16
"""Passages fetched for one question: those that may reach the generator, and enough others to tell rare words from
common ones."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]+")


@dataclass(frozen=True, slots=True)
class Found:
    vector: NDArray[np.float32]
    """Of the question as it is understood, (dimension,)."""
    sought: NDArray[np.float32]
    """What was searched for: the same, or where the release's query map takes it."""
    ranked: list[Ranked]
    """Best first."""
    timings_ms: dict[str, float]
    text: str = ""
    """What was searched for, where it is not the question as it is understood but without the mention of a file."""


class Search:
    """Searches the index of one release with the embedder of that release."""

    def __init__(
        self,
        embedder: Embedder,
        store: VectorStore,
        compute: Compute,
        settings: Retrieval,
        caching: Caching | None = None,
        reranker: Reranker | None = None,
        query_map: QueryMap | None = None,
        fusion: Fusion = SHIPPED,
    ) -> None:
        """caching: of this release; None works everything out anew. reranker, query_map, fusion: of this release, where it
        has its own."""
        self._queries = QueryBatches(embedder, compute)
        self._compute = compute
        self._dimension = embedder.card.dimension
        self._store = store
        self._settings = settings
        self._caching = caching
        self._reranker = reranker
        self._query_map = query_map
        self._fusion = fusion

    async def __call__(
        self,
        text: str,
        scopes: frozenset[str] | None,
        keep: int = KEEP,
        asked: str = "",
        attached: Sequence[Attached] = (),
        alone: bool = False,
    ) -> Found:
        """The best passages for a question.

        scopes: what the asker may read; None: everything. keep: how many passages are wanted. asked: the question before it
        was made to stand alone, searched as well (hedging.py); '': there is nothing else to search. attached: files read
        with this embedder, searched as well (attaching.py). alone: nothing but these is searched.
        """
        started = time.perf_counter()
        timings: dict[str, float] = {}

        def ended(stage: str) -> None:
            timings[stage] = (time.perf_counter() - started) * 1e3 - sum(timings.values())

        if attached:
            text, asked = without_mention(text), without_mention(asked)
        texts = [text, asked] if asked and asked != text else [text]
        embeddings = [asyncio.create_task(self.embed(text)) for text in texts]
        embeddings[-1].add_done_callback(lambda _: ended("embed"))
        soughts = [asyncio.create_task(self._sought(embedding)) for embedding in embeddings]
        close = max(REFINED, self._reranker.limit if self._reranker else 0)
        wanted = max(keep, close)
        searches = zip(soughts, texts, strict=True)
        open_to = frozenset[str]() if alone else scopes
        rankings = await asyncio.gather(*(self._ranking(e, t, open_to, wanted) for e, t in searches))
        vectors = await asyncio.gather(*soughts)
        ended("search")
        found = await asyncio.gather(*(self._fetch(ranking, open_to) for ranking in rankings))
        if attached:
            how = (self._settings.dense_weight, wanted, self._fusion)
            found = [
                await self._compute.run(with_attached, text, vector, ranked, attached, *how)
                for text, vector, ranked in zip(texts, vectors, found, strict=True)
            ]
        ended("fetch")
        async with self._compute.turn:
            refined = [
                refine(text, vector, ranked, close, self._settings.dense_weight, self._fusion)
                for text, vector, ranked in zip(texts, vectors, found, strict=True)
            ]
            ranked = without_near_duplicates(hedged(*refined) if len(refined) > 1 else refined[0])
        ended("refine")
        if self._reranker:
            ranked = await self._reranker(text, ranked)
            ended("rerank")
        return Found(await embeddings[0], vectors[0], ranked[:keep], timings, text if attached else "")

    async def embed(self, text: str) -> Vector:
        """A question's vector, (dimension,), of length one; from the cache where it has it."""
        if self._caching is None:
            return await self._queries.embed(text)
        key = self._caching.keys.embedding(text)
        vector = await self._caching.vector(key, self._dimension)
        if vector is None:
            vector = await self._queries.embed(text)
            self._caching.keep_vector(key, vector)
        return vector

    async def _sought(self, embedding: Awaitable[Vector]) -> Vector:
        """Where the release's query map takes a question's vector."""
        vector = await embedding
        return self._query_map(vector) if self._query_map else vector

    async def _ranking(
        self, vector: Awaitable[Vector], text: str, scopes: frozenset[str] | None, keep: int
    ) -> list[Fused]:
        """As it was for the index as it is now, or made anew."""
        if self._caching is None:
            return await self._rank(vector, text, scopes, keep)
        # Read before the search: what a write in between brings is kept under the old number and never served.
        generation = (await self._store.state()).generation
        key = self._caching.keys.ranking(text, scopes, generation, keep)
        entries = await self._caching.ranking(key)
        if entries is not None:
            return [Fused(Candidate(e.id, e.cosine, e.bm25, e.key), e.score) for e in entries]
        ranking = await self._rank(vector, text, scopes, keep)
        if ranking:
            self._caching.keep_ranking(key, tuple(_entry(fused) for fused in ranking))
        return ranking

    async def _rank(
        self, vector: Awaitable[Vector], text: str, scopes: frozenset[str] | None, keep: int
    ) -> list[Fused]:
        candidates = await self._store.search(vector, text, scopes, self._settings.candidates)
        return fuse(candidates, self._settings.dense_weight, self._fusion)[:keep]

    async def _fetch(self, ranking: Sequence[Fused], scopes: frozenset[str] | None) -> list[Ranked]:
        """The passages in this order; without those that vanished, or left the scopes, since they were ranked."""
        by_id = {fused.candidate.id: fused for fused in ranking}
        passages = await self._store.fetch([fused.candidate for fused in ranking], scopes)
        return [_ranked(passage, by_id[passage.id]) for passage in passages]


def _ranked(passage: Passage, fused: Fused) -> Ranked:
    return Ranked(passage, fused.candidate.cosine, fused.candidate.bm25, fused.score)


def _entry(fused: Fused) -> Entry:
    candidate = fused.candidate
    return Entry(candidate.id, candidate.key, candidate.cosine, candidate.bm25, fused.score)


def clean_question(text: str) -> str:
    """The question in one line, without control and invisible characters.

    Raises:
        InvalidQuestion: nothing with a letter or digit is left, or it is too long; the message is for the asker.
    """
    cleaned = " ".join(_CONTROL.sub(" ", text).split())
    if not any(character.isalnum() for character in cleaned):
        raise InvalidQuestion(say("en", "no-words"), "no-words")
    if len(cleaned) > MAX_QUESTION:
        values = {"length": len(cleaned), "most": MAX_QUESTION}
        raise InvalidQuestion(say("en", "too-long", **values), "too-long", **values)
    return cleaned
