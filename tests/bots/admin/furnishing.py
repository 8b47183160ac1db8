"""What stands on the other pages besides questions: golden questions, a comparison, a training run, a second release."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.index.embedding import ModelCard
from rag_core.records.database import transaction
from rag_core.records.evaluation.comparisons import Comparisons, Item, Shown
from rag_core.records.evaluation.golden import GoldenQuestions, GoldenResult
from rag_core.records.evaluation.runs import Runs
from rag_core.records.index.releases import Releases
from rag_core.records.tables import answers

__all__ = ["Furnished", "furnish"]

GOLDEN = 4
JUDGED = 6


@dataclass(frozen=True, slots=True)
class Furnished:
    """Ids."""

    comparison: str
    run: str
    """That goes on."""
    ended: str
    """A run, too."""
    active: str
    """The release that answers."""
    release: str
    """That does not."""
    golden: str


async def furnish(database: AsyncEngine, card: ModelCard, by: str = "local:reviewer") -> Furnished:
    """To be done after seed()."""
    active = await Releases(database).active()
    assert active is not None
    second = await Releases(database).add(active.embedder, card)
    golden = await _golden(database, active.id, by)
    comparison = await _comparison(database, active.id, second.id, by)
    ended, going = await _runs(database, by)
    return Furnished(comparison, going, ended, active.id, second.id, golden)


async def _golden(database: AsyncEngine, release: str, by: str) -> str:
    """Of answers that cite something; the last one fails."""
    kept = GoldenQuestions(database)
    seen: dict[str, str] = {}
    for row in await _given(database):
        if row.citations and row.question not in seen and len(seen) < GOLDEN and row.question.isprintable():
            cited = row.citations[0]
            expected = {
                "document": cited["passage"].rpartition("#")[0],
                "source": "examples",
                "title": cited["title"],
                "text": cited["quote"],
            }
            seen[row.question] = await kept.add(row.question, ["public"], [expected], "", by)
    now = datetime.now(UTC)
    *passed, failed = seen.values()
    results = [GoldenResult(id, release, True, rank, "", now) for rank, id in enumerate(passed, 1)]
    why = "The passage is not among the first ten."
    await kept.put_results([*results, GoldenResult(failed, release, False, None, why, now)])
    return failed


async def _comparison(database: AsyncEngine, baseline: str, candidate: str, by: str) -> str:
    kept = Comparisons(database)
    begun = await kept.begin("A first look at the new retriever", baseline, candidate, by, JUDGED, seed=7)
    rows = [row for row in await _given(database) if not row.abstained][:JUDGED]
    for number, row in enumerate(rows, 1):
        cited = tuple(row.citations)
        sides = Shown(row.answer, cited, False), Shown(row.answer.partition(". ")[0], cited[:1], False)
        await kept.add(
            Item(begun.id, number, row.id, row.platform, row.question, tuple(row.scopes or ()), *sides)
        )
    await kept.prepared(begun.id)
    return begun.id


async def _runs(database: AsyncEngine, by: str) -> tuple[str, str]:
    """One that has ended, with a curve; and one that goes on."""
    runs = Runs(database)
    async with runs.recorded("calibration", started_by=by) as run:
        for step in range(40):
            run.point("loss", step, round(0.2 + 0.7 * math.exp(-step / 9), 4))
        run.figure("Brier score", 0.141)
        await run.ended(
            "succeeded", report="# Calibrated\n\nOn **212** reviewed answers: the Brier score is 0.141."
        )
    going = await runs.begin("reranker", by)
    await runs.progress(going, "Training", 320, 1200)
    return (await runs.latest())[-1].id, going


async def _given(database: AsyncEngine) -> Sequence[Row[Any]]:
    async with transaction(database) as connection:
        return (await connection.execute(select(answers).order_by(answers.c.created_at))).all()
