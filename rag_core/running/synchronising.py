"""Sources are synchronised by themselves when they are due, beside what is served."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from rag_core.bootstrap import Core, open_library
from rag_core.errors import AnswerloopError, Busy, Unavailable
from rag_core.records.index.documents import Documents, SourceRecord
from rag_core.records.index.releases import Releases
from rag_core.settings import SourceSettings, duration_s

if TYPE_CHECKING:
    from rag_core.ingest.library import Library

__all__ = ["due", "keep_synchronised"]

LOOK_EVERY_S = 2.5
"""Soon enough for a person who asked for a sync, or made another release active, and waits."""
INTERRUPT_EVERY_S = 1.0
log = logging.getLogger(__name__)


async def _nothing() -> None:
    """Nobody follows."""


async def keep_synchronised(
    core: Core,
    look_every_s: float = LOOK_EVERY_S,
    configured: Callable[[], Sequence[SourceSettings]] | None = None,
    then: Callable[[], Awaitable[None]] = _nothing,
) -> None:
    """Take up the settings' sources, then synchronise each when it is due by its schedule, or somebody asked for it in the
    admin pages of any process (records/index/syncs.py).

    configured: the sources as the settings name them now; None: those of the start. A change interrupts what is being
    synchronised: a scope that was changed is put into force first. then: is done after each change of the index, for
    others that follow it.

    Returns soon after another release was made active, be it in the middle of a sync: its index is not this core's to
    write. Another process that is synchronising, or a source that fails, is waited for until the next look.
    """
    wanted = configured or (lambda: core.settings.sources)
    attempts: dict[str, datetime] = {}
    taken_up: Sequence[SourceSettings] | None = None
    while not await _superseded(core):
        if (sources := wanted()) != taken_up and await _configure(core, sources):
            taken_up = sources
            await then()
        await core.documents.syncs.recover()
        now = datetime.now(UTC)
        waiting = [
            s for s in await core.documents.sources() if s.wanted_at or due(s, attempts.get(s.name), now)
        ]
        work = _synchronise(core, {s.name for s in waiting}, then) if waiting else None
        if work and await _unless(functools.partial(_overtaken, core, wanted, sources), work):
            attempts.update((s.name, now) for s in waiting)
        if not await _overtaken(core, wanted, sources):
            await asyncio.sleep(look_every_s)


async def _overtaken(
    core: Core, wanted: Callable[[], Sequence[SourceSettings]], seen: Sequence[SourceSettings]
) -> bool:
    """Whether what is being synchronised is by other settings, or of another release, than what is in force now."""
    if wanted() != seen:
        return True
    try:
        return await _superseded(core)
    except Unavailable:  # of the database: the sync itself tells
        return False


async def _unless(changed: Callable[[], Awaitable[bool]], work: Coroutine[Any, Any, bool]) -> bool:
    """What the work returns; False where it was stopped because of a change."""
    task = asyncio.create_task(work)
    try:
        while not task.done() and not await changed():
            await asyncio.wait({task}, timeout=INTERRUPT_EVERY_S)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    return not task.cancelled() and task.result()


async def _superseded(core: Core) -> bool:
    active = await Releases(core.database).active()
    if active is None or active.id == core.release.id:
        return False
    log.info("release %s is active now, and no longer %s", active.id, core.release.id)
    return True


def due(source: SourceRecord, attempted: datetime | None, now: datetime) -> bool:
    """Whether the source's time has come since it was last read, or last tried by this process."""
    every = source.spec.get("every")
    if every is None:
        return False
    last = max((t for t in (_aware(source.synced_at), attempted) if t), default=None)
    return last is None or now - last >= timedelta(seconds=duration_s(every))


def _aware(time: datetime | None) -> datetime | None:
    """SQLite gives times back without their zone; all of ours are UTC."""
    return time.replace(tzinfo=UTC) if time and time.tzinfo is None else time


async def _configure(core: Core, sources: Sequence[SourceSettings]) -> bool:
    try:
        await _announce(core.documents, sources)
        async with open_library(core) as library:
            for name in await library.configure(sources):
                log.warning("%s is no longer in the settings; its documents were removed", name)
    except AnswerloopError as error:
        log.info("the settings' sources wait: %s", error)
        return False
    return True


async def _announce(documents: Documents, sources: Sequence[SourceSettings]) -> None:
    """Another process that is synchronising a source as it was configured before stops when it sees this."""
    recorded = {record.name: record.spec for record in await documents.sources()}
    for source in sources:
        spec = source.model_dump(mode="json")
        if source.name in recorded and recorded[source.name] != spec:
            await documents.put_source(source.name, spec, from_settings=True)


async def _synchronise(core: Core, names: set[str], then: Callable[[], Awaitable[None]]) -> bool:
    """Whether it was tried: not while another process has the library."""
    try:
        async with open_library(core) as library:
            for source in await library.sources():
                if source.name in names:
                    await _synchronise_one(core, library, source)
    except Busy:
        log.info("another process is synchronising")
        return False
    except AnswerloopError as error:
        log.warning("synchronisation failed: %s", error)
    await then()
    return True


async def _synchronise_one(core: Core, library: Library, source: SourceSettings) -> None:
    try:
        did = await library.sync(source)
    except AnswerloopError as error:
        log.warning("%s could not be synchronised: %s", source.name, error)
        await core.documents.mark_synced(source.name, str(error))
        return
    log.info("%s: %d added, %d changed, %d removed", source.name, did.added, did.changed, did.removed)
    if did.error:
        log.warning("%s could not be synchronised: %s", source.name, did.error)
