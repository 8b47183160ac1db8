"""The candidate in the active release's place: model, index, fusion weights and calibration in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from rag_core.bootstrap import Core, named_models, only_writer
from rag_core.errors import Busy
from rag_core.ingest.mirroring import WRITE_AT, Index, mirror
from rag_core.records.audit import ITSELF
from rag_core.records.index.releases import Confirm, Release, Releases
from rag_core.records.leases import Lease
from rag_core.records.tables import releases
from rag_core.settings import Settings
from training.job.job import Job
from training.tasks.task import Refused, Watcher

__all__ = ["build_index", "bulk_embedder", "change_over"]

LOOK_EVERY_S = 1.0
WAIT_S = 1800.0
"""For a synchronisation that is under way."""
PASSES = 5
"""The index is brought up to date so often while documents go on changing; what is left is done while none can."""


async def build_index(job: Job, active: Core, candidate: Core) -> None:
    """Fill the candidate's own index from that of the active release, beside it; on a GPU where there is one.

    Raises:
        NotReady: a passage is longer than the new model's window.
        Unavailable: a store or the database does not answer; what was built stays.
    """
    for _ in range(PASSES):
        if not await _caught_up(job, active, candidate):
            return


async def change_over(job: Job, active: Core, candidate: Core, share: float) -> None:
    """Make the candidate the active release or, with a share above 0, the one that is tried out beside it.

    Raises:
        Refused: another release was promoted since the run began.
        Busy: another process took over the run, or synchronises without end.
    """
    records = Releases(candidate.database)
    confirm = _still(active.release, job.lease)
    async with _nobody_writes(candidate.settings, job.watcher):
        if candidate.release.index_name != active.release.index_name:
            await _caught_up(job, active, candidate)
        if share > 0:
            await records.try_out(candidate.release.id, share, ITSELF, confirm)
        else:
            await records.activate(candidate.release.id, ITSELF, named_models(candidate.settings), confirm)


async def _caught_up(job: Job, active: Core, candidate: Core) -> int:
    source, target = Index(active.store, active.documents), Index(candidate.store, candidate.documents)

    def told(done: int, total: int) -> None:
        job.watcher.step("Building its index beside the active one", done, total)

    embedder, at_once = await asyncio.to_thread(bulk_embedder, job, candidate)
    return await mirror(source, target, embedder, told, at_once)


def bulk_embedder(job: Job, candidate: Core) -> tuple[Any, int]:
    """On a GPU the model that was exported, where this run has it; and how many passages to give it together."""
    from training.tasks.task import device_of

    device, trained = device_of(job.settings.training.device), job.work("retriever")
    if not device.startswith("cuda") or not trained.is_dir():
        return candidate.embedder, WRITE_AT
    from training.bulk import AT_ONCE, BulkEmbedder

    return BulkEmbedder(trained, candidate.release.card, device), AT_ONCE


@asynccontextmanager
async def _nobody_writes(settings: Settings, watcher: Watcher) -> AsyncIterator[None]:
    """While documents are not synchronised."""
    loop = asyncio.get_running_loop()
    until = loop.time() + WAIT_S
    with ExitStack() as stack:
        while True:
            try:
                stack.enter_context(only_writer(settings))
                break
            except Busy:
                if loop.time() > until:
                    raise
            watcher.step("Waiting for a synchronisation to end")
            await asyncio.sleep(LOOK_EVERY_S)
        yield


def _still(active: Release, lease: Lease) -> Confirm:
    """The run is ours, and the release that the candidate was measured against still answers."""

    async def confirm(connection: AsyncConnection) -> None:
        await lease.confirm(connection)
        now = await connection.scalar(select(releases.c.id).where(releases.c.active))
        if now != active.id:
            raise Refused(
                f"{now} was made the active release meanwhile, in the place of {active.id}; the next run begins with it."
            )

    return confirm
