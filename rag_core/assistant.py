"""ask(): scopes -> question -> retrieve -> generate -> record. Read this first."""

from __future__ import annotations

import logging
import secrets
import time
from dataclasses import asdict, replace
from typing import Any

from rag_core.access import Access
from rag_core.errors import Unavailable
from rag_core.generation.extractive import Draft, Extractive
from rag_core.index.stores import VectorStore
from rag_core.records.feedback import Feedback
from rag_core.records.releases import Release
from rag_core.retrieval.search import Found, Search, clean_question
from rag_core.types import Answer, Question, Vote

__all__ = ["Assistant"]

NO_DOCUMENTS = "I have no documents to answer from yet. `answerloop ingest FOLDER` gives me some."
KEPT_PASSAGES = 20
"""How many of the passages found are recorded with an answer."""
log = logging.getLogger(__name__)


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
    ) -> None:
        self.release = release
        self._store = store
        self._search = search
        self._generator = generator
        self._access = access
        self._feedback = feedback

    async def ask(self, question: Question) -> Answer:
        """Answer from what the asker may read, or abstain; the answer is recorded before it is returned.

        Raises:
            InvalidQuestion: there is nothing to search for; the message is for the asker.
            Unavailable: the index or the database does not work now.
        """
        started = time.perf_counter()
        text = clean_question(question.text)
        scopes = self._access.scopes_of(question.principal)
        found = await self._search(text, scopes)
        retrieved = time.perf_counter()
        draft = await self._drafted(text, found)
        generated = time.perf_counter()
        answer = Answer(
            id=secrets.token_hex(8),
            text=draft.text,
            citations=draft.citations,
            confidence=round(draft.confidence, 4),
            abstained=draft.abstained,
            release=self.release.id,
            timings_ms={},
            nearest=draft.nearest,
        )
        timings = {**found.timings_ms, "generate": (generated - retrieved) * 1e3}
        answer = replace(answer, timings_ms=_rounded(timings))
        await self._record(question, answer, found, scopes)
        ended = time.perf_counter()
        timings |= {"record": (ended - generated) * 1e3, "total": (ended - started) * 1e3}
        return replace(answer, timings_ms=_rounded(timings))

    async def vote(self, vote: Vote) -> None:
        """Record a person's opinion of an answer; the last one counts.

        Raises:
            NotFound: there is no such answer.
        """
        await self._feedback.record_vote(vote)

    async def state(self) -> dict[str, object]:
        """What answers now: the release, the index's generation, and how many passages it has."""
        return {"release": self.release.id, **asdict(await self._store.state())}

    async def _drafted(self, text: str, found: Found) -> Draft:
        if not found.ranked and (await self._store.state()).passages == 0:
            return Draft(NO_DOCUMENTS, (), 0.0, abstained=True)
        return self._generator.generate(text, found.vector, found.ranked)

    async def _record(
        self, question: Question, answer: Answer, found: Found, scopes: frozenset[str] | None
    ) -> None:
        """An answer that cannot be recorded is still given: without a record it can only not be voted on."""
        try:
            await self._feedback.record_answer(
                question,
                answer,
                passages=_kept(found),
                scopes=scopes,
                generation=(await self._store.state()).generation,
            )
        except Unavailable:
            log.exception("answer %s could not be recorded", answer.id)


def _kept(found: Found) -> list[dict[str, Any]]:
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
