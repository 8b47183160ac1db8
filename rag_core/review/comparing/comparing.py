"""Two releases answer the same questions; people say blindly which answer is better; what came of it.

Which of the two stands on the left is decided for each rater and each question by a hash of the comparison's seed, which
raters do not see: sides are balanced, and a page that is loaded again shows the same.

For the gate of the learning loop: `latest_for(database, candidate, baseline)` gives the HumanVerdict of the newest
comparison of two releases that has judgements, or None. `low` and `high` bound the candidate's share of the questions
that were decided (Wilson, 95%): low above .5 says that people prefer it, high below .5 that they prefer the other.
"""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.answering import Answering
from rag_core.bootstrap import open_core
from rag_core.errors import AnswerloopError, InvalidQuestion, NotFound, NotReady
from rag_core.records.evaluation.comparisons import (
    Comparison,
    Comparisons,
    Item,
    Judgement,
    Preference,
    Shown,
)
from rag_core.records.evaluation.golden import GoldenQuestions
from rag_core.records.index.releases import Release, Releases
from rag_core.review.answering import by_itself
from rag_core.review.comparing.sampling import Asked, asked_lately, stratified
from rag_core.review.comparing.tally import result
from rag_core.settings import Settings

__all__ = [
    "HumanVerdict",
    "latest_for",
    "left_is",
    "meant",
    "next_for",
    "prepare",
    "questions_for",
    "verdict",
]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class HumanVerdict:
    wins: int
    """Questions on which most raters prefer the candidate."""
    losses: int
    ties: int
    low: float
    """The candidate's share of wins among what was decided lies from here…"""
    high: float
    """…to here, at 95%; 0 and 1 where nothing was decided."""
    raters: int
    alpha: float | None
    """Krippendorff's, of the raters; None: it is not known."""


# --- preparing ---------------------------------------------------------------------------------------------------


async def questions_for(database: AsyncEngine, n: int, seed: int, of_golden: bool = False) -> list[Asked]:
    """The sample: of what was asked lately, by platform and outcome; or of the golden questions.

    Raises:
        NotReady: there is nothing to sample from.
    """
    if of_golden:
        golden = await GoldenQuestions(database).all(enabled=True)
        there = [Asked("", "", one.question, one.scopes, "golden") for one in golden]
    else:
        there = await asked_lately(database)
    if not there:
        raise NotReady(
            "There are no questions to compare on yet: add golden questions, or wait until people ask."
        )
    return stratified(there, [(one.platform, one.outcome) for one in there], n, seed)


async def prepare(
    settings: Settings, database: AsyncEngine, comparison: Comparison, questions: Sequence[Asked]
) -> None:
    """Have both releases answer; then it can be judged. What goes wrong is recorded with it, in a sentence."""
    records = Comparisons(database)
    try:
        await _answer_all(settings, database, comparison, questions)
        await records.prepared(comparison.id)
    except AnswerloopError as error:
        await records.failed(comparison.id, str(error))
    except Exception:
        log.exception("comparison %s could not be prepared", comparison.id)
        await records.failed(comparison.id, "Something went wrong that the log tells more of.")


async def _answer_all(
    settings: Settings, database: AsyncEngine, comparison: Comparison, questions: Sequence[Asked]
) -> None:
    records, releases = Comparisons(database), await _releases(database, comparison)
    async with AsyncExitStack() as stack:
        cores = [await stack.enter_async_context(open_core(settings, release)) for release in releases]
        baseline, candidate = (by_itself(core) for core in cores)
        for number, asked in enumerate(questions, 1):
            scopes = None if asked.scopes is None else tuple(sorted(asked.scopes))
            answers = [await _shown(answering, asked) for answering in (baseline, candidate)]
            of = (comparison.id, number, asked.answer_id or None, asked.platform, asked.question, scopes)
            await records.add(Item(*of, *answers))


async def _releases(database: AsyncEngine, comparison: Comparison) -> list[Release]:
    known = {release.id: release for release in await Releases(database).all()}
    for id in (comparison.baseline, comparison.candidate):
        if id not in known:
            raise NotFound(f"There is no release {id}.")
    return [known[comparison.baseline], known[comparison.candidate]]


async def _shown(answering: Answering, asked: Asked) -> Shown:
    try:
        draft = (await answering(asked.question, asked.scopes)).draft
    except InvalidQuestion:
        return Shown("", (), True)
    citations = tuple(
        {"number": c.number, "title": c.title, "location": c.location, "quote": c.quote, "place": c.place}
        for c in draft.citations
    )
    return Shown("" if draft.abstained else draft.text, citations, draft.abstained)


# --- judging, blind ----------------------------------------------------------------------------------------------


def left_is(comparison: Comparison, number: int, rater: str) -> Literal["baseline", "candidate"]:
    """Which release's answer this rater sees on the left."""
    return "candidate" if _chance(comparison, "side", number, rater) % 2 else "baseline"


def meant(comparison: Comparison, number: int, rater: str, choice: str) -> Preference:
    """What a rater prefers who chose 'left', 'right', 'tie' or 'skipped'."""
    if choice in ("tie", "skipped"):
        return "tie" if choice == "tie" else "skipped"
    left = left_is(comparison, number, rater)
    other: Preference = "candidate" if left == "baseline" else "baseline"
    return left if choice == "left" else other


def next_for(
    comparison: Comparison, items: Sequence[Item], judgements: Sequence[Judgement], rater: str
) -> Item | None:
    """The question to judge next: those with the fewest judgements first, in an order of the rater's own; then those that
    the rater skipped, the earliest first. None: all are judged."""
    mine = {one.number: one for one in judgements if one.rater == rater}
    others = Counter(one.number for one in judgements if one.preference != "skipped")
    open_ = [
        item
        for item in items
        if not item.identical and (item.number not in mine or mine[item.number].preference == "skipped")
    ]

    def order(item: Item) -> tuple[float, int, int]:
        skipped = mine[item.number].at.timestamp() if item.number in mine else 0.0
        return skipped, others[item.number], _chance(comparison, "order", item.number, rater)

    return min(open_, key=order, default=None)


def _chance(comparison: Comparison, what: str, number: int, rater: str) -> int:
    key = f"{comparison.seed}:{comparison.id}:{what}:{number}:{rater}"
    return int.from_bytes(hashlib.sha256(key.encode("utf-8", "replace")).digest()[:8], "big")


# --- what came of it ---------------------------------------------------------------------------------------------


async def verdict(database: AsyncEngine, comparison: Comparison) -> HumanVerdict:
    """What people said so far."""
    records = Comparisons(database)
    found = result(await records.items(comparison.id), await records.judgements(comparison.id))
    count, rate = found.count, found.count.rate
    low, high = (rate.low, rate.high) if rate else (0.0, 1.0)
    return HumanVerdict(count.wins, count.losses, count.ties, low, high, found.raters, found.alpha)


async def latest_for(database: AsyncEngine, candidate: str, baseline: str) -> HumanVerdict | None:
    """Of the newest comparison of these two releases that somebody judged; None: there is none."""
    for comparison in await Comparisons(database).between(candidate, baseline):
        found = await verdict(database, comparison)
        if found.raters:
            return found
    return None
