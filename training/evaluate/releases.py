"""One evaluator for the release that answers and the one that is to take its place: the same questions, the same passages.

A question goes the way that a person's goes: int8 vectors, both searches fused, refined, reranked where the release has one
for it, then drafted; nothing comes from a cache, nothing is recorded. What comes of it is in measured.py, which passages are
right in finding.py, and sampling.py makes a pair of small indexes where a candidate has no index of its own yet.
"""

from __future__ import annotations

import asyncio
import math
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from rag_core.answering import Answering, Made
from rag_core.bootstrap import Core, make_search, open_core
from rag_core.compute import Compute
from rag_core.errors import InvalidQuestion
from rag_core.generation.grounding import Grounding
from rag_core.generation.protocol import Draft, Generator
from rag_core.index.stores import VectorStore
from rag_core.records.evaluation.golden import GoldenQuestion, GoldenResult
from rag_core.records.index.releases import Release
from rag_core.retrieval.merging import merge_neighbours
from rag_core.retrieval.search import Found, Search, clean_question
from rag_core.review.golden.checking import judged
from rag_core.settings import Settings
from rag_core.types import Ranked
from training.dataset.rows import Example
from training.evaluate.answers import without_marks
from training.evaluate.finding import ranking_scores, scopes_of
from training.evaluate.measured import ANSWER, Measured, Scored
from training.evaluate.wording import bleu, rouge_l
from training.tasks.task import Watcher

__all__ = ["AT_ONCE", "Served", "asked", "golden_results", "latencies", "measure", "opened", "side_by_side"]

AT_ONCE = 16
"""Questions asked side by side: their embeddings go in batches."""
TIMED = 100
"""Questions that latencies asks, at most."""
_MARK = re.compile(r"\s*\[\d+\]")
Floats = NDArray[np.float64]
A = TypeVar("A")
B = TypeVar("B")


@dataclass(frozen=True, slots=True)
class Served:
    """A release that can be asked, by itself."""

    core: Core
    """Whose store may be a sample of the release's."""
    search: Search
    generator: Generator

    @classmethod
    def of(cls, core: Core) -> Served:
        return cls(core, make_search(core), core.generator)

    @property
    def release(self) -> Release:
        return self.core.release

    @property
    def compute(self) -> Compute:
        return self.core.compute

    @property
    def answering(self) -> Answering:
        return Answering(self.search, self.generator, self.compute, self.core.router)


@asynccontextmanager
async def opened(
    settings: Settings, release: Release | None = None, store: VectorStore | None = None
) -> AsyncIterator[Served]:
    """A release beside whatever answers. release: None takes the active one. store: searched instead of its own index, and
    filled by its embedder.

    Raises:
        NotReady: the release cannot be opened; the message names the remedy.
        Unavailable: its index, or the database, does not answer.
    """
    async with open_core(settings, release) as core:
        if core.model is not None:
            await core.model.ready()
        yield Served.of(replace(core, store=store) if store else core)


async def measure(
    served: Served, examples: Sequence[Example], general: Sequence[Example], watcher: Watcher
) -> Measured:
    """Ask one release everything, several questions at a time.

    examples: of the frozen test part, golden questions among them. general: questions that guard against forgetting; they
    are searched for and not answered.

    Raises:
        NotReady: rouge-score or sacrebleu is not installed, and there are answers to compare.
        Unavailable: the index or the language model does not work now.
    """
    total = len(examples) + len(general)
    words, done = f"Release {served.release.id or 'to be'} is asked the test questions", 0
    grounding = Grounding()

    def told(count: int = 0) -> None:
        nonlocal done
        done += count
        watcher.step(words, done, total)

    async def one(example: Example) -> Scored:
        scored = await _scored(served, example, grounding)
        told(1)
        return scored

    async def searched(example: Example) -> Scored:
        scored = await _searched(served, example)
        told(1)
        return scored

    told()
    scored = await side_by_side(one, examples)
    others = await side_by_side(searched, general)
    return Measured(served.release.id, tuple(scored), tuple(others), _corpus_bleu(examples, scored))


async def _scored(served: Served, example: Example, grounding: Grounding) -> Scored:
    started = time.perf_counter()
    found, draft, search_ms = await asked(served, example)
    ms = (time.perf_counter() - started) * 1e3
    ranked = found.ranked if found else []
    return Scored(
        **_named(example),
        **ranking_scores(example.right, ranked),
        **_worded(example, draft),
        groundedness=await _grounded(draft, ranked, grounding),
        confidence=round(draft.confidence, 6),  # the last bits depend on whether the index is in memory yet
        should_abstain=_should_abstain(example),
        abstained=float(draft.abstained),
        wanted=example.route or (ANSWER if example.right else ""),
        route=_routed(served, found),
        search_ms=search_ms,
        ms=ms,
        reply=without_marks(draft),
    )


async def _searched(served: Served, example: Example) -> Scored:
    started = time.perf_counter()
    found = await _found(served, example)
    ms = (time.perf_counter() - started) * 1e3
    scores = ranking_scores(example.right, found.ranked if found else [])
    return Scored(**_named(example), **scores, search_ms=ms)


async def asked(served: Served, example: Example) -> tuple[Found | None, Draft, float]:
    """What is found and drafted, and how long the search took, in ms. A question that cannot be searched for finds nothing,
    and is abstained from, as the bot says that it has no words, or too many."""
    started = time.perf_counter()
    try:
        detour = await served.answering.detour(clean_question(example.question))
    except InvalidQuestion:
        detour = None
    if detour is not None:  # the router sends it elsewhere, and nothing is searched for
        return detour.found, detour.draft, (time.perf_counter() - started) * 1e3
    found = await _found(served, example)
    ms = (time.perf_counter() - started) * 1e3
    if found is None:
        return None, Draft("", (), 0.0, abstained=True), ms
    return found, await served.answering.drafted(found, clean_question(example.question)), ms


async def _found(served: Served, example: Example) -> Found | None:
    try:
        return await served.search(clean_question(example.question), scopes_of(example))
    except InvalidQuestion:
        return None


def _named(example: Example) -> dict[str, Any]:
    return {"key": f"{example.origin.source}:{example.origin.id}", "group": example.group or example.question}


def _worded(example: Example, draft: Draft) -> Mapping[str, Any]:
    """BLEU and ROUGE-L beside what a person wrote, by their columns; {} where nobody did. An answer that was approved as it
    was given is the active release's own: by it every other release would do worse."""
    accepted = _written(example)
    if not accepted:
        return {}
    said = without_marks(draft)
    return {"bleu": bleu([said], [[accepted]]), "rouge_l": rouge_l(said, [accepted])}


def _corpus_bleu(examples: Sequence[Example], scored: Sequence[Scored]) -> float:
    pairs = [(s.reply, _written(e)) for e, s in zip(examples, scored, strict=True) if not math.isnan(s.bleu)]
    return bleu([said for said, _ in pairs], [[accepted] for _, accepted in pairs]) if pairs else math.nan


def _written(example: Example) -> str:
    """The correction, without marks; '': there is none."""
    return _MARK.sub("", example.answer).strip() if example.rejected else ""


async def _grounded(draft: Draft, ranked: Sequence[Ranked], grounding: Grounding) -> float:
    from training.evaluate.groundedness import groundedness

    if draft.abstained:
        return math.nan
    passages = {entry.passage.id: entry.passage for entry in merge_neighbours(ranked)}
    return await groundedness(draft, passages, grounding)


def _should_abstain(example: Example) -> float:
    if example.abstain:
        return 1.0
    return 0.0 if example.right or example.answer else math.nan


def _routed(served: Served, found: Found | None) -> str:
    """Without a router all questions are answered."""
    router = served.core.router
    return router.route(found.vector).label if router and found else ANSWER


async def golden_results(served: Served, questions: Sequence[GoldenQuestion]) -> list[GoldenResult]:
    """How a release does with golden questions, in their order; kept nowhere: review/golden/checking.py keeps them."""

    async def one(question: GoldenQuestion) -> GoldenResult:
        try:
            made: Made = await served.answering(question.question, question.scopes)
        except InvalidQuestion as error:
            rank, detail = None, str(error)
        else:
            rank, detail = judged(question, made)
        return GoldenResult(question.id, served.release.id, not detail, rank, detail, datetime.now(UTC))

    return await side_by_side(one, questions)


async def latencies(
    before: Served, after: Served, examples: Sequence[Example], most: int = TIMED
) -> tuple[Floats, Floats]:
    """Milliseconds that each release takes for the same questions, (questions, 2): the search, and the whole answer.

    One question at a time, of both in turn and each first every other time, so that whatever else the machine does falls on
    both. At most `most`, evenly from all; the first is asked once more before, untimed, to have all of both loaded.
    """
    chosen = [examples[i * len(examples) // most] for i in range(most)] if len(examples) > most else examples
    for served in (before, after) if chosen else ():
        await asked(served, chosen[0])
    times: dict[int, list[tuple[float, float]]] = {0: [], 1: []}
    for n, example in enumerate(chosen):
        for which in (n % 2, 1 - n % 2):
            started = time.perf_counter()
            _, _, search_ms = await asked((before, after)[which], example)
            times[which].append((search_ms, (time.perf_counter() - started) * 1e3))
    return np.array(times[0], float).reshape(-1, 2), np.array(times[1], float).reshape(-1, 2)


async def side_by_side(
    work: Callable[[A], Awaitable[B]], items: Sequence[A], at_once: int = AT_ONCE
) -> list[B]:
    """The results in the order of the items. The first error of any, by itself, once the others have stopped."""
    results: dict[int, B] = {}
    waiting = iter(enumerate(items))

    async def worker() -> None:
        for n, item in waiting:
            results[n] = await work(item)

    try:
        async with asyncio.TaskGroup() as workers:
            for _ in range(min(at_once, len(items))):
                workers.create_task(worker())
    except ExceptionGroup as group:
        raise _first(group) from None
    return [results[n] for n in range(len(items))]


def _first(group: ExceptionGroup[Any]) -> Exception:
    error: Exception = group.exceptions[0]
    return error
