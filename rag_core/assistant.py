"""ask(): scopes -> question -> look in the cache -> retrieve -> generate -> record. Read this first."""

from __future__ import annotations

import logging
import secrets
import time
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING

from rag_core.access import Access
from rag_core.cache import CachedAnswer, Caching, Flights
from rag_core.compute import Compute
from rag_core.errors import Unavailable
from rag_core.generation.extractive import Draft, Extractive
from rag_core.index.stores import StoreState, VectorStore
from rag_core.records.feedback import Feedback
from rag_core.records.releases import Release
from rag_core.retrieval.merging import merge_neighbours
from rag_core.retrieval.search import Found, Search, clean_question
from rag_core.types import Answer, Question, Vote

if TYPE_CHECKING:
    from rag_core.cache.semantic import SemanticCache

__all__ = ["Assistant"]

NO_DOCUMENTS = "I have no documents that you may read. `answerloop ingest FOLDER` gives me some."
KEPT_PASSAGES = 20
"""How many of the passages found are recorded with an answer."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Made:
    """An answer before it has an id."""

    answer: CachedAnswer
    timings_ms: dict[str, float] = field(default_factory=dict)
    cached: bool = False


class Assistant:
    """Answers questions from one release. Made by rag_core.bootstrap."""

    def __init__(
        self,
        release: Release,
        store: VectorStore,
        search: Search,
        generator: Extractive,
        access: Access,
        feedback: Feedback,
        compute: Compute,
        caching: Caching,
        semantic: SemanticCache | None = None,
    ) -> None:
        """semantic: where given, the answer to a question is also that to its paraphrases."""
        self.release = release
        self._store = store
        self._search = search
        self._generator = generator
        self._access = access
        self._feedback = feedback
        self._compute = compute
        self._caching = caching
        self._semantic = semantic
        self._flights: Flights[_Made] = Flights()

    async def ask(self, question: Question) -> Answer:
        """Answer from what the asker may read, or abstain; the answer is recorded before it is returned.

        Raises:
            InvalidQuestion: there is nothing to search for; the message is for the asker.
            Unavailable: the index or the database does not work now.
        """
        started = time.perf_counter()
        async with self._compute.turn:
            text = clean_question(question.text)
            scopes = self._access.scopes_of(question.principal)
        # Read before anything is looked up: what is made from a newer index is never kept as this one's.
        state = await self._store.state()
        key = self._caching.keys.answer(text, scopes, state.generation, question.turns)
        made = await self._flights.run(key, lambda: self._made(key, question, text, scopes, state))
        answered = time.perf_counter()
        answer = Answer(
            id=secrets.token_hex(8),
            text=made.answer.text,
            citations=made.answer.citations,
            confidence=round(made.answer.confidence, 4),
            abstained=made.answer.abstained,
            release=self.release.id,
            timings_ms=_rounded(made.timings_ms),
            nearest=made.answer.nearest,
            cached=made.cached,
        )
        await self._record(question, answer, made.answer, scopes, state)
        ended = time.perf_counter()
        timings = {**made.timings_ms, "record": (ended - answered) * 1e3, "total": (ended - started) * 1e3}
        return replace(answer, timings_ms=_rounded(timings))

    async def vote(self, vote: Vote) -> None:
        """Record a person's opinion of an answer; the last one counts.

        Raises:
            NotFound: there is no such answer.
        """
        await self._feedback.record_vote(vote)

    async def state(self) -> dict[str, object]:
        """What answers now: the release, the index's generation, how many passages it has, and how the cache does."""
        state = asdict(await self._store.state())
        return {"release": self.release.id, **state, "cache": self._caching.state()}

    async def _made(
        self, key: str, question: Question, text: str, scopes: frozenset[str] | None, state: StoreState
    ) -> _Made:
        """From the cache, or anew."""
        started = time.perf_counter()
        known = await self._caching.answer(key)
        # What a question within a conversation asks depends on the turns before, so it has no paraphrases.
        semantic = None if question.turns else self._semantic
        partition = self._caching.keys.partition(scopes, state.generation) if semantic is not None else ""
        if known is None and semantic is not None:
            earlier = await semantic.find(partition, text, self._search.embed)
            known = await self._caching.answer(earlier) if earlier else None
        if known is not None:
            return _Made(known, {"cache": (time.perf_counter() - started) * 1e3}, cached=True)
        found = await self._search(text, scopes)
        retrieved = time.perf_counter()
        async with self._compute.turn:
            draft = self._drafted(text, found)
        timings = {**found.timings_ms, "generate": (time.perf_counter() - retrieved) * 1e3}
        answer = _answer(draft, found)
        if found.ranked:  # that there is nothing to read is found out anew each time
            self._caching.keep_answer(key, answer)
            if semantic is not None and not draft.abstained:  # other words may find what these did not
                semantic.add(partition, text, found.vector, key)
        return _Made(answer, timings)

    def _drafted(self, text: str, found: Found) -> Draft:
        if not found.ranked:  # whether there are documents that others may read is not told
            return Draft(NO_DOCUMENTS, (), 0.0, abstained=True)
        return self._generator.generate(text, found.vector, merge_neighbours(found.ranked))

    async def _record(
        self,
        question: Question,
        answer: Answer,
        made: CachedAnswer,
        scopes: frozenset[str] | None,
        state: StoreState,
    ) -> None:
        """An answer that cannot be recorded is still given: without a record it can only not be voted on."""
        try:
            await self._feedback.record_answer(
                question, answer, passages=list(made.passages), scopes=scopes, generation=state.generation
            )
        except Unavailable:
            log.exception("answer %s could not be recorded", answer.id)


def _answer(draft: Draft, found: Found) -> CachedAnswer:
    return CachedAnswer(
        draft.text, draft.citations, draft.confidence, draft.abstained, draft.nearest, tuple(_kept(found))
    )


def _kept(found: Found) -> list[dict[str, str | float]]:
    return [
        {
            "passage": r.passage.id,
            "cosine": round(r.cosine, 4),
            "bm25": round(r.bm25, 3),
            "score": round(r.score, 4),
        }
        for r in found.ranked[:KEPT_PASSAGES]
    ]


def _rounded(timings: dict[str, float]) -> dict[str, float]:
    return {stage: round(ms, 2) for stage, ms in timings.items()}
