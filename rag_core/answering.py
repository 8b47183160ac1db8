"""A question and what was found for it -> a draft: the part that every way to an answer goes, recorded or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag_core.compute import Compute
from rag_core.generation.protocol import Draft, Generator, Request, Said, nothing
from rag_core.retrieval.merging import merge_neighbours
from rag_core.retrieval.search import Found, Search, clean_question
from rag_core.types import Ranked, Turn

__all__ = ["Answering", "Made"]


@dataclass(frozen=True, slots=True)
class Made:
    found: Found
    draft: Draft

    @property
    def ranked(self) -> list[Ranked]:
        """The passages as they were found, best first."""
        return self.found.ranked


class Answering:
    """Records nothing and tells nobody. Knows no standard answers: they are the same whatever release answers."""

    def __init__(self, search: Search, generator: Generator, compute: Compute) -> None:
        self._search = search
        self._generator = generator
        self._compute = compute

    async def __call__(self, question: str, scopes: frozenset[str] | None, tone: str = "") -> Made:
        """A question by itself. scopes: what is read for it; None: everything.

        Raises:
            InvalidQuestion: there is nothing to search for.
            Unavailable: the index does not work now.
        """
        text = clean_question(question)
        found = await self._search(text, scopes)
        return Made(found, await self.drafted(found, text, (), tone))

    async def drafted(
        self, found: Found, question: str, turns: Sequence[Turn] = (), tone: str = "", said: Said = nothing
    ) -> Draft:
        """From what was found. turns: what was said before it, where the question leans on that. said: is told the text so
        far while it is written."""
        if not found.ranked:  # whether there are documents that others may read is not told
            return Draft("", (), 0.0, abstained=True, notices=("no-documents",))
        async with self._compute.turn:
            passages = merge_neighbours(found.ranked)
        request = Request(found.text or question, found.sought, passages, tuple(turns), tone)
        return await self._generator.generate(request, said)
