"""Golden questions against a release: whether it still finds what it must find, and still abstains where it must."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from rag_core.answering import Answering, Made
from rag_core.bootstrap import Core, open_core
from rag_core.errors import InvalidQuestion
from rag_core.records.evaluation.golden import GoldenQuestion, GoldenQuestions, GoldenResult
from rag_core.records.index.releases import Release
from rag_core.review.answering import by_itself
from rag_core.review.golden.matching import found_at
from rag_core.settings import Settings

__all__ = ["AMONG", "check", "check_release", "judged", "lost"]

AMONG = 10
"""So many of the passages found are looked through for what is expected."""
Progress = Callable[[int, int], None]
"""Is told how many questions are done, and of how many."""


async def check_release(
    settings: Settings, release: Release | None = None, progress: Progress | None = None
) -> list[GoldenResult]:
    """Open a release, ask it all golden questions that are switched on, and keep the results.

    release: None takes the active one. What it loses against the active one is told by `lost`.

    Raises:
        NotReady: the release cannot be opened; the message names the remedy.
        Unavailable: its index, or the database, does not answer.
    """
    async with open_core(settings, release) as core:
        return await check(core, progress)


async def check(core: Core, progress: Progress | None = None) -> list[GoldenResult]:
    """As check_release, of a release that is open."""
    golden = GoldenQuestions(core.database)
    questions = await golden.all(enabled=True)
    answering = by_itself(core)
    results: list[GoldenResult] = []
    for number, question in enumerate(questions, 1):
        results.append(await _checked(question, answering, core.release.id))
        if progress:
            progress(number, len(questions))
    await golden.put_results(results)
    return results


async def _checked(question: GoldenQuestion, answering: Answering, release: str) -> GoldenResult:
    try:
        made = await answering(question.question, question.scopes)
    except InvalidQuestion as error:
        rank, detail = None, str(error)
    else:
        rank, detail = judged(question, made)
    return GoldenResult(question.id, release, not detail, rank, detail, datetime.now(UTC))


def judged(question: GoldenQuestion, made: Made) -> tuple[int | None, str]:
    """The rank of what is expected, and why the question is not passed; '': it is.

    Passed is a question when one of the passages expected is among the first AMONG found (matching.py), and the answer
    cites the document that it stands in: which of its sentences a generator leans on is its own affair. One that must be
    abstained from is passed by an abstention.
    """
    if question.must_abstain:
        return None, "" if made.draft.abstained else "It answers, and must say that it does not know."
    found = found_at(question.expected, [ranked.passage for ranked in made.ranked[:AMONG]])
    if found is None:
        return None, f"What is expected is not among the first {AMONG} passages."
    rank, documents = found
    if made.draft.abstained:
        return rank, f"It finds what is expected (rank {rank}), and says that it does not know."
    of = {ranked.passage.id: ranked.passage.document for ranked in made.ranked}
    if not any(of.get(citation.passage) in documents for citation in made.draft.citations):
        return rank, f"It finds what is expected (rank {rank}), and cites other documents."
    return rank, ""


def lost(before: Iterable[GoldenResult], after: Sequence[GoldenResult]) -> list[GoldenResult]:
    """Those of `after` that are not passed and were passed before: what must hold a release back.

    A question that one of the two was not asked, because it was added or switched off in between, is not lost.
    """
    passed = {result.golden_id for result in before if result.passed}
    return [result for result in after if not result.passed and result.golden_id in passed]
