"""What a release answers to a question by itself: nothing comes from the cache, nothing is recorded, nobody is told."""

from __future__ import annotations

from dataclasses import dataclass

from rag_core.bootstrap import Core
from rag_core.generation.protocol import Draft, Request
from rag_core.retrieval.merging import merge_neighbours
from rag_core.retrieval.search import Search, clean_question
from rag_core.types import Ranked

__all__ = ["Answering", "Made"]


@dataclass(frozen=True, slots=True)
class Made:
    ranked: tuple[Ranked, ...]
    """As they were found, best first."""
    draft: Draft


class Answering:
    """Of one release, in the steps of Assistant. Standard answers stay out: they are the same whatever release answers."""

    def __init__(self, core: Core) -> None:
        self._core = core
        settings = core.settings.retrieval
        self._search = Search(core.embedder, core.store, core.compute, settings, None, core.reranker)

    async def __call__(self, question: str, scopes: frozenset[str] | None) -> Made:
        """question: standing by itself. scopes: what is read for it; None: everything.

        Raises:
            InvalidQuestion: there is nothing to search for.
            Unavailable: the index does not work now.
        """
        text = clean_question(question)
        found = await self._search(text, scopes)
        if not found.ranked:
            return Made((), Draft("", (), 0.0, abstained=True, notices=("no-documents",)))
        async with self._core.compute.turn:
            passages = merge_neighbours(found.ranked)
        draft = await self._core.generator.generate(Request(text, found.vector, passages))
        return Made(tuple(found.ranked), draft)
