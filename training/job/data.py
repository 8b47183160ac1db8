"""What a run learns from: gathered, cleaned and parted once, and kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.bootstrap import Core, make_search, open_core
from rag_core.errors import AnswerloopError
from rag_core.records.database import transaction
from rag_core.records.tables import reviews
from rag_core.settings import Settings
from rag_core.types import Ranked
from training.dataset import Dataset, build, read, read_parts, summary, write, write_parts
from training.dataset.files import datasets_folder, is_cut
from training.job.folder import RunFolder
from training.job.job import Job
from training.tasks.task import Refused, Watcher

__all__ = ["Preview", "data_of", "preview_data", "reviewed", "was_cut"]

DEEP = 50
"""Passages found for a question that may be hard negatives of it."""
REVIEWED = ("review", "golden", "standard")
"""Sources of rows that a person stands behind."""


async def data_of(job: Job, active: Core) -> Dataset:
    """As it was when the run began, less what was forgotten since.

    Raises:
        Refused: too few rows were reviewed.
    """
    folder = datasets_folder(job.settings.home) / job.folder.id
    if job.folder.finished("data") is None:
        built = await _built(job.settings, job.database, active, job.watcher)
        write(job.settings.home, job.folder.id, built.dataset)
        write_parts(job.settings.home, built.parts)
        job.folder.finish("data", dict(built.dataset.counts))
    data = read(folder)
    there, needed = (
        sum(one.origin.source in REVIEWED for one in data.examples),
        job.settings.training.min_rows,
    )
    if there < needed:
        raise Refused(
            f"Too little was reviewed: {there} rows, and it takes {needed} (training.min_rows). Review more of what waits "
            "in the admin pages' queue."
        )
    asked, least = len(data.of("test")), job.settings.training.gate.min_questions
    if asked < least:
        raise Refused(
            f"Too few test questions: {asked}, and it takes {least} (training.gate.min_questions) to tell whether what "
            "is learned is better. Review more of what was asked."
        )
    return data


def was_cut(home: Path, run: RunFolder) -> bool:
    """Whether somebody was forgotten whose rows this run has read."""
    if run.finished("data") is None:
        return False
    folder = datasets_folder(home) / run.id
    try:
        return is_cut(folder)
    except AnswerloopError:
        return True


async def _built(settings: Settings, database: AsyncEngine, active: Core, watcher: Watcher) -> Any:
    search = make_search(active)

    async def found(question: str, scopes: frozenset[str] | None) -> Sequence[Ranked]:
        return (await search(question, scopes, DEEP)).ranked

    previous = read_parts(settings.home)
    return await build(
        database, settings, active.store, active.embedder, found, active.model, watcher, previous
    )


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be learned from, for `answerloop train --dry-run`."""

    dataset: Dataset

    @property
    def counts(self) -> list[tuple[str, str, int]]:
        """Part, source, rows."""
        named = (name.partition(".") for name in self.dataset.counts)
        return [
            (part, source or "all", self.dataset.counts[f"{part}.{source}" if source else part])
            for part, _, source in named
        ]

    @property
    def drops(self) -> list[tuple[str, int, str]]:
        """Reason, rows, some of the questions."""
        return [(one.reason, one.count, "; ".join(one.examples)) for one in summary(self.dataset.dropped)]

    def as_json(self) -> dict[str, Any]:
        dropped = [{"reason": one.reason, "count": one.count} for one in summary(self.dataset.dropped)]
        return {"counts": dict(self.dataset.counts), "dropped": dropped, "notes": list(self.dataset.notes)}


async def preview_data(settings: Settings, database: AsyncEngine, watcher: Watcher) -> Preview:
    """Built as a run would, and kept nowhere.

    Raises:
        NotReady: there is no release yet.
    """
    async with open_core(settings) as active:
        return Preview((await _built(settings, database, active, watcher)).dataset)


async def reviewed(database: AsyncEngine) -> tuple[int, int]:
    """How many reviews were resolved because a document is missing or stale, and how many were resolved."""
    resolved = reviews.c.state == "resolved"
    lacking = reviews.c.resolution.in_(("missing_document", "stale_document"))
    async with transaction(database) as connection:
        counts = [
            await connection.scalar(select(func.count()).select_from(reviews).where(condition))
            for condition in (resolved & lacking, resolved)
        ]
    return int(counts[0] or 0), int(counts[1] or 0)
