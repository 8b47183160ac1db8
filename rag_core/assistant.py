"""ask(): scopes -> standalone question -> standard answer, cache, detour, or retrieve and generate -> record. Begin here."""

from __future__ import annotations

import logging
import secrets
import time
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from rag_core.access import Access, narrowed
from rag_core.answering import Answering
from rag_core.cache import CachedAnswer, Caching, Flights
from rag_core.compute import Compute
from rag_core.conversation import Rewriter, Standalone, recent
from rag_core.errors import Unavailable
from rag_core.generation.inert import inert
from rag_core.generation.protocol import Draft, Generator, Said, Usage, nothing
from rag_core.generation.writing.prompt import clean_tone
from rag_core.index.stores import StoreState, VectorStore
from rag_core.index.stores.protocol import Vector
from rag_core.messages import small_print
from rag_core.records.feedback.recording import Feedback
from rag_core.records.index.releases import Release
from rag_core.retrieval.attaching import speaks_of_file
from rag_core.retrieval.search import Found, Search, clean_question
from rag_core.routing import Router
from rag_core.saying import Saying, Searched
from rag_core.speech import Speeches
from rag_core.standard.answer import StandardAnswer
from rag_core.standard.answers import StandardAnswers
from rag_core.types import Answer, Attached, Question, Ranked, Turn, Vote

if TYPE_CHECKING:
    from rag_core.cache.semantic import SemanticCache

__all__ = ["OVER_EVERYTHING", "Assistant", "Preview", "Searched"]

KEPT_PASSAGES = 20
"""How many of the passages found are recorded with an answer."""
OVER_EVERYTHING = "@everything"
"""Recorded beside the files' scopes where the asker might read everything. No rule can grant it."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be answered now, and from what."""

    answer: Answer
    """Recorded nowhere, so that it has no id."""
    ranked: tuple[Ranked, ...]
    """What the index has for the question, best first; also where a standard answer goes before it."""


@dataclass(frozen=True, slots=True)
class _Made:
    """An answer before it has an id."""

    answer: CachedAnswer
    timings_ms: dict[str, float] = field(default_factory=dict)
    cached: bool = False
    usage: Usage | None = None
    vector: Vector = field(default_factory=lambda: np.zeros(0, np.float32))
    """Of the question, where it was made anew."""
    lasting: bool = False
    """Whether it is worth keeping."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question as it is understood, and all else that its answer is made from."""

    question: Standalone
    turns: tuple[Turn, ...]
    scopes: frozenset[str] | None
    """What is read for it; None: everything."""
    tone: str
    attached: tuple[Attached, ...]


class Assistant:
    """Answers questions from one release. Made by rag_core.bootstrap."""

    def __init__(
        self,
        release: Release,
        store: VectorStore,
        search: Search,
        generator: Generator,
        access: Access,
        feedback: Feedback,
        compute: Compute,
        caching: Caching,
        rewriter: Rewriter,
        standard: StandardAnswers,
        searched: Searched,
        semantic: SemanticCache | None = None,
        language: str = "",
        ask_person: str = "",
        router: Router | None = None,
    ) -> None:
        """semantic: where given, the answer to a question is also that to its paraphrases. searched, language, ask_person:
        as Saying has them. router: of the release, where it has one."""
        self.release = release
        self._store = store
        self._search = search
        self._generator = generator
        self._answering = Answering(search, generator, compute, router)
        self._access = access
        self._feedback = feedback
        self._compute = compute
        self._caching = caching
        self._rewriter = rewriter
        self._standard = standard
        self._semantic = semantic
        self._saying = Saying(searched, language, ask_person)
        self._flights: Flights[_Made] = Flights()
        self._speeches = Speeches()

    async def ask(self, question: Question, said: Said = nothing) -> Answer:
        """Answer from what the asker may read, or abstain; the answer is recorded before it is returned.

        said: is told the text so far while it is written. The answer's own text is what counts in the end.

        Raises:
            InvalidQuestion: there is nothing to search for; the message is for the asker.
            Unavailable: the index or the database does not work now, or an attached file was read for another release.
        """
        started = time.perf_counter()
        self._refuse_foreign(question.attached)
        async with self._compute.turn:
            text = clean_question(question.text)
            scopes = narrowed(self._access.scopes_of(question.principal), question.scopes)
        files = frozenset(one.scope for one in question.attached)
        turns = await self._history(question.turns, None if scopes is None else scopes | files)
        standalone = await self._rewriter(text, turns)
        asked = _Asked(standalone, turns, scopes, clean_tone(question.tone), question.attached)
        standard = await self._standard_answer(asked, question)
        # Read before anything is looked up: what is made from a newer index is never kept as this one's.
        state = await self._store.state()
        timings = {"understand": (time.perf_counter() - started) * 1e3}
        if standard is not None:
            self._standard.hit(standard.id)
            made = _Made(_approved(standard))
        elif asked.attached:
            made = await self._anew(asked, said)
        else:
            made = await self._shared(asked, state, said)
        answered = time.perf_counter()
        timings |= made.timings_ms
        answer = await self._worded(question, asked, made)
        answer = replace(answer, timings_ms=_rounded(timings))
        took_ms = (time.perf_counter() - started) * 1e3
        await self._record(question, answer, made, _made_from(scopes, files), state, took_ms)
        ended = time.perf_counter()
        timings |= {"record": (ended - answered) * 1e3, "total": (ended - started) * 1e3}
        return replace(answer, timings_ms=_rounded(timings))

    async def preview(self, question: Question, scopes: frozenset[str] | None) -> Preview:
        """What somebody who may read these scopes would be answered to this question now, anew and by itself. Nothing of it
        is recorded, counted, or kept for anybody who asks; what whoever looks at it may read plays no part.

        scopes: None: everything. question: its principal says where a standard answer would hold.

        Raises:
            InvalidQuestion: there is nothing to search for.
            Unavailable: the index, the language model or the database does not work now.
        """
        standalone = Standalone(clean_question(question.text))
        asked = _Asked(standalone, (), scopes, clean_tone(question.tone), ())
        standard = await self._standard_answer(asked, question)
        started = time.perf_counter()
        if standard is not None:
            found, made = await self._search(standalone.text, scopes), _Made(_approved(standard))
        else:
            anew = await self._answering(standalone.text, scopes, asked.tone)
            found, made = anew.found, _Made(_answer(anew.draft, anew.found), anew.found.timings_ms)
        answer = await self._worded(question, asked, made)
        took = {**made.timings_ms, "total": (time.perf_counter() - started) * 1e3}
        return Preview(replace(answer, id="", timings_ms=_rounded(took)), tuple(found.ranked))

    async def search(self, text: str, scopes: frozenset[str] | None, keep: int) -> list[Ranked]:
        """The passages that the index has for these words, best first.

        Raises:
            InvalidQuestion: there is nothing to search for.
            Unavailable: the index does not work now.
        """
        return (await self._search(clean_question(text), scopes, keep)).ranked

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

    async def _history(self, turns: tuple[Turn, ...], scopes: frozenset[str] | None) -> tuple[Turn, ...]:
        """The latest turns, without answers made from what this asker may not read, and the questions to them; with the
        titles of what the others cite."""
        turns = recent(turns, self._rewriter.turns)
        named = {turn.answer for turn in turns if turn.answer}
        readable = await self._feedback.readable(named, scopes) if named else {}
        hidden = {i for i, turn in enumerate(turns) if turn.answer and turn.answer not in readable}
        return tuple(
            replace(turn, titles=readable[turn.answer]) if turn.answer else turn
            for i, turn in enumerate(turns)
            if i not in hidden and i + 1 not in hidden
        )

    def _refuse_foreign(self, attached: tuple[Attached, ...]) -> None:
        """Vectors of two embedders say nothing of each other."""
        if any(one.release != self.release.id for one in attached):
            raise Unavailable(
                f"A file was read for another release than {self.release.id}; read it once more."
            )

    async def _standard_answer(self, asked: _Asked, question: Question) -> StandardAnswer | None:
        """None where files came along: what was approved does not know them."""
        if asked.attached:
            return None
        text, embed = asked.question.text, self._search.embed
        return await self._standard.find(text, question.principal, asked.scopes, embed)

    async def _shared(self, asked: _Asked, state: StoreState, said: Said) -> _Made:
        """With all who ask the same at this moment."""
        # The same words understood alike may have been asked differently, and both are searched.
        question = asked.question
        earlier = (*asked.turns, Turn("user", question.asked)) if question.follows_up else ()
        key = self._caching.keys.answer(question.text, asked.scopes, state.generation, earlier, asked.tone)
        with self._speeches.heard(key, said) as speech:
            return await self._flights.run(key, lambda: self._made(key, asked, state, speech))

    async def _made(self, key: str, asked: _Asked, state: StoreState, said: Said) -> _Made:
        """From the cache, or anew."""
        started = time.perf_counter()
        known = await self._caching.answer(key)
        # What leans on a conversation beyond its words has no paraphrases.
        semantic = None if asked.question.follows_up else self._semantic
        partition = ""
        if semantic is not None:
            partition = self._caching.keys.partition(asked.scopes, state.generation, asked.tone)
        if known is None and semantic is not None:
            earlier = await semantic.find(partition, asked.question.text, self._search.embed)
            known = await self._caching.answer(earlier) if earlier else None
        if known is not None:
            return _Made(known, {"cache": (time.perf_counter() - started) * 1e3}, cached=True)
        # What leans on a conversation is no small talk; and what was answered once is not taken for it.
        if not asked.question.follows_up and (detour := await self._answering.detour(asked.question.text)):
            return _Made(_answer(detour.draft, detour.found), detour.found.timings_ms)
        made = await self._anew(asked, said)
        if made.lasting:
            self._caching.keep_answer(key, made.answer)
            if semantic is not None and not made.answer.abstained:  # other words may find what these did not
                semantic.add(partition, asked.question.text, made.vector, key)
        return made

    async def _anew(self, asked: _Asked, said: Said) -> _Made:
        """From what is found now, and kept nowhere."""
        question = asked.question
        before = next((turn.text for turn in reversed(asked.turns) if turn.role == "user"), "")
        alone = speaks_of_file(question.text, asked.attached, before)
        found = await self._search(
            question.text, asked.scopes, asked=question.asked, attached=asked.attached, alone=alone
        )
        retrieved = time.perf_counter()
        turns = asked.turns if question.follows_up else ()
        draft = await self._answering.drafted(found, question.text, turns, asked.tone, said)
        timings = {**found.timings_ms, "generate": (time.perf_counter() - retrieved) * 1e3}
        # That there is nothing to read is found out anew each time.
        lasting = bool(found.ranked) and not draft.passing
        return _Made(_answer(draft, found), timings, False, draft.usage, found.vector, lasting)

    async def _worded(self, question: Question, asked: _Asked, made: _Made) -> Answer:
        """With an id, and the bot's own sentences in the asker's language."""
        kept = made.answer
        language = self._saying.language_of(question)
        text = await self._saying.text(kept, language, asked.scopes, asked.attached)
        return Answer(
            id=secrets.token_hex(8),
            text=text,
            citations=kept.citations,
            confidence=round(kept.confidence, 4),
            abstained=kept.abstained,
            release=self.release.id,
            timings_ms={},
            nearest=kept.nearest,
            cached=made.cached,
            standalone=asked.question.text if asked.question.follows_up else "",
            generator=kept.generator,
            notices=small_print(language, kept.notices),
        )

    async def _record(
        self,
        question: Question,
        answer: Answer,
        made: _Made,
        scopes: frozenset[str] | None,
        state: StoreState,
        took_ms: float,
    ) -> None:
        """An answer that cannot be recorded is still given: without a record it can only not be voted on."""
        try:
            await self._feedback.record_answer(
                question,
                answer,
                passages=list(made.answer.passages),
                scopes=scopes,
                generation=state.generation,
                generator_version=self._generator.version,
                notices=made.answer.notices,
                usage=made.usage,
                prompt_version=made.answer.prompt_version,
                took_ms=took_ms,
            )
        except Unavailable:
            log.exception("answer %s could not be recorded", answer.id)


def _made_from(scopes: frozenset[str] | None, files: frozenset[str]) -> frozenset[str] | None:
    """What is recorded as read. Nobody has the scope of a file but who asks with that file again."""
    if not files:
        return scopes
    return files | (frozenset({OVER_EVERYTHING}) if scopes is None else scopes)


def _approved(standard: StandardAnswer) -> CachedAnswer:
    text, citations = standard.rendered()
    return CachedAnswer(
        inert(text, text), citations, 1.0, False, (), (), f"standard:{standard.id}", ("standard-answer",)
    )


def _answer(draft: Draft, found: Found) -> CachedAnswer:
    return CachedAnswer(
        draft.text,
        draft.citations,
        draft.confidence,
        draft.abstained,
        draft.nearest,
        tuple(_kept(found)),
        draft.generator,
        draft.notices,
        draft.prompt_version,
    )


def _kept(found: Found) -> list[dict[str, str | float]]:
    """In their order: the first has rank 1."""
    return [_scored(ranked) for ranked in found.ranked[:KEPT_PASSAGES]]


def _scored(ranked: Ranked) -> dict[str, str | float]:
    """probability: the reranker's, where it read the passage."""
    scores: dict[str, str | float] = {
        "passage": ranked.passage.id,
        "cosine": round(ranked.cosine, 4),
        "bm25": round(ranked.bm25, 3),
        "score": round(ranked.score, 4),
    }
    if ranked.probability is not None:
        scores["probability"] = round(ranked.probability, 4)
    return scores


def _rounded(timings: dict[str, float]) -> dict[str, float]:
    return {stage: round(ms, 2) for stage, ms in timings.items()}
