"""The release that is made of what was learned: recorded, its index built or sampled, its last models and numbers fitted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from rag_core.bootstrap import Core, open_core
from rag_core.index.stores import VectorStore
from rag_core.records.evaluation.golden import GoldenQuestions
from rag_core.records.index.releases import Release, Releases
from rag_core.records.index.tuning import Tuning
from training.dataset import Dataset
from training.evaluate.sampling import LIMIT, Wanted, sample_indexes
from training.job.changeover import build_index, bulk_embedder
from training.job.folder import is_of_run
from training.job.job import Job, Learned
from training.job.learning import learn_reranker, made_of
from training.tasks.task import Refused

__all__ = ["Searched", "begun", "completed", "searched_in"]


@dataclass(frozen=True, slots=True)
class Searched:
    """Where both releases are measured."""

    before: VectorStore | None = None
    """None: the active release's own index, as below the candidate's."""
    after: VectorStore | None = None

    @property
    def sampled(self) -> bool:
        return self.after is not None


async def begun(job: Job, active: Core, learned: Sequence[Learned]) -> Release:
    """What the candidate is so far. One with an index of its own is recorded, so that the index has a name; another is not
    yet."""
    made = made_of(job.settings, active.release, learned)
    records = Releases(job.database)
    if (recorded := await records.of_run(job.folder.id)) is not None:
        return recorded
    if made.embedder == active.release.embedder:
        return made
    return await records.add_from(made, job.folder.id, _note(learned), own_index=True)


@asynccontextmanager
async def searched_in(job: Job, data: Dataset, active: Core, candidate: Release) -> AsyncIterator[Searched]:
    """A small index is built whole before the candidate is measured; of a large one a sample is embedded, and the whole only
    once the candidate is worth it."""
    if candidate.index_name == active.release.index_name:
        yield Searched()
        return
    if job.folder.finished("measured") is not None:  # nothing is searched any more
        yield Searched()
        return
    async with open_core(job.settings, candidate) as core:
        if (await active.store.state()).passages <= LIMIT:
            await build_index(job, active, core)
            yield Searched()
            return
        wanted = Wanted.by(
            [*data.examples, *data.general], await GoldenQuestions(job.database).all(enabled=True)
        )
        embedder, _ = await asyncio.to_thread(bulk_embedder, job, core)
        sampling = sample_indexes(active.store, embedder, wanted, job.watcher, folder=job.samples())
        async with sampling as (before, after):
            yield Searched(before, after)


async def completed(
    job: Job, data: Dataset, active: Core, candidate: Release, where: Searched, learned: Sequence[Learned]
) -> tuple[Release, list[Learned]]:
    """The candidate with what reads the passages that its own search finds, and the numbers that are fitted to it; recorded.

    Raises:
        Refused: nothing was learned.
    """
    async with open_core(job.settings, candidate) as opened:
        core = replace(opened, store=where.after) if where.after else opened
        reranker = await learn_reranker(job, data, core)
        learned = [*learned, reranker] if reranker else list(learned)
        folder = next((one.folder for one in learned if one.task == "reranker" and one.folder), None)
        made = replace(candidate, reranker=folder or candidate.reranker)
    readers = (made.embedder, made.query_map, made.reranker)
    trained = any(name is not None and is_of_run(name) for name in readers)
    made = replace(made, tuning=await _tuned(job, data, made, where, trained))
    if (made.models, made.tuning) == (active.release.models, active.release.tuning):
        raise Refused(
            " ".join(["Nothing better was learned.", *(one.refused for one in learned if one.refused)])
        )
    records = Releases(job.database)
    if (recorded := await records.of_run(job.folder.id)) is None:
        return await records.add_from(made, job.folder.id, _note(learned), own_index=False), learned
    await records.complete(replace(made, id=recorded.id), _note(learned))
    return await records.get(recorded.id), learned


async def _tuned(job: Job, data: Dataset, made: Release, where: Searched, trained: bool) -> Tuning:
    """trained: whether its models have seen the train part, in this run or in an earlier one."""
    known = job.folder.finished("tuning")
    if known is not None:
        return Tuning.of(known["tuning"])
    from training.evaluate.releases import opened
    from training.evaluate.tuning import tune

    used = [one for one in data.examples if one.part != "test"]
    async with opened(job.settings, made, where.after) as served:
        fitted = await tune(served, used, job.watcher, trained)
    said = {
        "tuning": fitted.tuning.stored(),
        "reasons": dict(fitted.reasons),
        "figures": dict(fitted.figures),
    }
    job.folder.finish("tuning", said)
    return fitted.tuning


def _note(learned: Sequence[Learned]) -> str:
    return "trained: " + (", ".join(one.task for one in learned if one.folder) or "weights and thresholds")
