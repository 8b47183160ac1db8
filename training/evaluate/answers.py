"""Asks a generator all questions of a set, the way a person's question is answered."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from rag_core.compute import Compute
from rag_core.errors import DocumentError, InvalidQuestion
from rag_core.generation.protocol import Draft, Generator, Request
from rag_core.generation.writing.pieces import Pieces
from rag_core.ingest.indexing import Indexer
from rag_core.retrieval.merging import merge_neighbours
from rag_core.retrieval.search import Search, clean_question
from rag_core.types import Passage
from training.evaluate.retrieval import SCOPES, index_beir
from training.evaluate.sets import Beir
from training.evaluate.wording import holds

__all__ = ["Asked", "Reply", "Supports", "evaluate_answers", "questions", "without_marks"]

Supports = Callable[[str, Sequence[Passage]], Awaitable[bool]]
"""Whether passages support a sentence."""
Kind = Literal["answerable", "unanswerable", "stranger"]
_MARK = re.compile(r"\s*\[(\d+|\?)\]")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, with what is known of its answer."""

    id: str
    kind: Kind
    text: str
    accepted: tuple[str, ...] = ()
    """Answers that count as right; () where the set has none for this question."""
    relevant: frozenset[str] = frozenset()
    """Documents that answer it, where the set says."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a question was answered with."""

    asked: Asked
    draft: Draft
    """Made with a threshold of 0, so that it has what would have been said below the threshold too."""
    abstained: bool
    """Whether it is an abstention as served."""
    ms: float
    """From the question to the answer, beside the others asked at the same time."""
    documents: Mapping[str, str] = field(default_factory=dict)
    """passage -> document, of those that were found"""
    supported: tuple[bool, ...] = ()
    """Of each sentence, list item or row that cites, whether the passages it cites support it; () where nobody checked."""

    @property
    def text(self) -> str:
        """Without citation marks, and as it would have been said without a threshold."""
        return without_marks(self.draft)

    @property
    def said(self) -> str:
        """The same; '' with an abstention."""
        return "" if self.abstained else self.text

    @property
    def right(self) -> bool | None:
        """Whether an accepted answer stands in what would have been said. Never for a question that has no answer; None
        where the set does not tell."""
        if self.asked.kind == "answerable" and not self.asked.accepted:
            return None
        return holds(self.text, self.asked.accepted)

    @property
    def cited(self) -> list[str]:
        """The document of each citation."""
        return [self.documents.get(c.passage, "") for c in self.draft.citations]

    def row(self) -> dict[str, Any]:
        """For a file to look into."""
        return {
            **asdict(self.asked),
            "relevant": sorted(self.asked.relevant),
            "reply": self.draft.text,
            "abstained": self.abstained,
            "confidence": round(self.draft.confidence, 4),
            "right": self.right,
            "citations": [
                {"number": c.number, "document": d, "quote": c.quote}
                for c, d in zip(self.draft.citations, self.cited, strict=True)
            ],
            "supported": list(self.supported),
            "generator": self.draft.generator,
            "notices": list(self.draft.notices),
            "ms": round(self.ms, 1),
        }


def without_marks(draft: Draft) -> str:
    """The text without '[1]' where there is a citation of that number, and without '[?]'."""
    numbers = {"?", *(str(citation.number) for citation in draft.citations)}
    return _MARK.sub(lambda mark: "" if mark[1] in numbers else mark[0], draft.text)


def questions(data: Beir, strangers: Sequence[str] = ()) -> list[Asked]:
    """The set's own questions, those to decline, and strangers.

    Raises:
        DocumentError: one of them has no words, or too many; the message names it.
    """
    return [_checked(asked) for asked in _questions(data, strangers)]


def _questions(data: Beir, strangers: Sequence[str]) -> Iterator[Asked]:
    for query, text in data.queries.items():
        accepted, relevant = data.answers.get(query, ()), data.relevant.get(query, ())
        yield Asked(query, "answerable", text, tuple(accepted), frozenset(relevant))
    for n, text in enumerate(data.unanswerable, start=1):
        yield Asked(f"unanswerable-{n}", "unanswerable", text)
    for n, text in enumerate(strangers, start=1):
        yield Asked(f"stranger-{n}", "stranger", text)


def _checked(asked: Asked) -> Asked:
    try:
        clean_question(asked.text)
    except InvalidQuestion:
        raise DocumentError(f"Question {asked.id} cannot be asked: it has no words, or too many.") from None
    return asked


async def evaluate_answers(
    data: Beir,
    indexer: Indexer,
    search: Search,
    generator: Generator,
    compute: Compute,
    declines: Callable[[Request, Draft], bool],
    at_once: int = 1,
    strangers: Sequence[str] = (),
    supports: Supports | None = None,
    progress: Callable[[str, int, int], None] = lambda stage, done, total: None,
) -> list[Reply]:
    """Index the corpus into an empty store and answer all questions from it; see scores.py for what comes of that.

    generator: made with a threshold of 0. declines: whether such a draft is an abstention as served. at_once: questions
    asked side by side. supports: checks each sentence that cites; None: none is checked.

    Raises:
        DocumentError: a question cannot be asked.
    """
    asked = questions(data, strangers)
    total = len(data.documents)
    await index_beir(data.documents, indexer, lambda done, _: progress("indexing", done, total))
    await indexer.tidy()
    waiting, replies, done = iter(enumerate(asked)), dict[int, Reply](), 0

    async def work() -> None:
        nonlocal done
        for n, question in waiting:
            replies[n] = await _reply(question, search, generator, compute, declines, supports)
            done += 1
            progress("answering", done, len(asked))

    await _together(work, at_once)
    return [replies[n] for n in range(len(asked))]


async def _together(work: Callable[[], Coroutine[Any, Any, None]], times: int) -> None:
    """The first error of any, by itself, once the others have stopped."""
    try:
        async with asyncio.TaskGroup() as workers:
            for _ in range(times):
                workers.create_task(work())
    except ExceptionGroup as group:
        raise group.exceptions[0] from None


async def _reply(
    asked: Asked,
    search: Search,
    generator: Generator,
    compute: Compute,
    declines: Callable[[Request, Draft], bool],
    supports: Supports | None,
) -> Reply:
    """As rag_core.assistant has it, without cache, conversation and record."""
    started = time.perf_counter()
    text = clean_question(asked.text)
    found = await search(text, SCOPES)
    if not found.ranked:
        ms = (time.perf_counter() - started) * 1e3
        return Reply(asked, Draft("", (), 0.0, abstained=True), True, ms)
    async with compute.turn:
        ranked = merge_neighbours(found.ranked)
    request = Request(text, found.vector, ranked)
    draft = await generator.generate(request)
    ms = (time.perf_counter() - started) * 1e3
    passages = {r.passage.id: r.passage for r in ranked}
    abstained = draft.abstained or declines(request, draft)
    checked = await _supported(draft, passages, supports) if supports and not abstained else ()
    return Reply(asked, draft, abstained, ms, {i: p.document for i, p in passages.items()}, checked)


async def _supported(draft: Draft, passages: Mapping[str, Passage], supports: Supports) -> tuple[bool, ...]:
    cited = {c.number: passages[c.passage] for c in draft.citations if c.passage in passages}
    splitter = Pieces()
    pieces = [*splitter.feed(draft.text), *splitter.end()]
    known = [(piece.text, [cited[n] for n in piece.cited if n in cited]) for piece in pieces]
    return tuple([await supports(text, by) for text, by in known if by])
