"""A question and what is found for it -> a draft: the part that every way to an answer goes, recorded or not."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from rag_core.compute import Compute
from rag_core.generation.protocol import Draft, Generator, Request, Said, nothing
from rag_core.messages import say
from rag_core.retrieval.merging import merge_neighbours
from rag_core.retrieval.search import Found, Search, clean_question
from rag_core.routing import PERSON, SMALL_TALK, Route, Router
from rag_core.types import Ranked, Turn

__all__ = ["PERSON_ASKED", "SMALL_TALK_MADE", "Answering", "Made"]

SMALL_TALK_MADE = f"router:{SMALL_TALK}"
"""What "wrote" the bot's own word back to small talk, as an answer's generator."""
PERSON_ASKED = f"router:{PERSON}"
"""The same of the sentence that a person is to be asked."""


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

    def __init__(
        self, search: Search, generator: Generator, compute: Compute, router: Router | None = None
    ) -> None:
        """router: of the release, where it has one."""
        self._search = search
        self._generator = generator
        self._compute = compute
        self._router = router

    async def __call__(self, question: str, scopes: frozenset[str] | None, tone: str = "") -> Made:
        """A question by itself. scopes: what is read for it; None: everything.

        Raises:
            InvalidQuestion: there is nothing to search for.
            Unavailable: the index does not work now.
        """
        text = clean_question(question)
        if detour := await self.detour(text):
            return detour
        found = await self._search(text, scopes)
        return Made(found, await self.drafted(found, text, (), tone))

    async def detour(self, question: str) -> Made | None:
        """What the bot says itself where the release's router is sure that nothing is to be searched for: to small talk, and
        to what only a person can do. None: it is searched for.

        question: by itself, as clean_question gives it.
        """
        if self._router is None:
            return None
        started = time.perf_counter()
        vector = await self._search.embed(question)
        route = self._router.route(vector)
        if route.label not in (SMALL_TALK, PERSON):  # a topic of the team's own is answered
            return None
        took = {"route": (time.perf_counter() - started) * 1e3}
        return Made(Found(vector, vector, [], took), _own(route))

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


def _own(route: Route) -> Draft:
    """In English; whoever knows the asker's language says it in that (rag_core/saying.py)."""
    if route.label == PERSON:
        return Draft("", (), route.probability, abstained=True, generator=PERSON_ASKED)
    return Draft(say("en", "small-talk"), (), route.probability, abstained=False, generator=SMALL_TALK_MADE)
