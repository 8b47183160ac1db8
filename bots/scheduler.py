"""What happens by itself while `answerloop serve` runs: sources are synchronised when they are due."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from rag_core.bootstrap import Core, open_library
from rag_core.errors import AnswerloopError, Busy
from rag_core.records.documents import SourceRecord
from rag_core.records.releases import Releases
from rag_core.settings import SourceSettings, duration_s

if TYPE_CHECKING:
    from rag_core.ingest.library import Library

__all__ = ["due", "keep_synchronised"]

LOOK_EVERY_S = 15.0
log = logging.getLogger(__name__)


async def keep_synchronised(core: Core, look_every_s: float = LOOK_EVERY_S) -> None:
    """Take up the settings' sources, then synchronise each that has a schedule when it is due.

    Returns once `ingest --rebuild` has made another release active: its index is not this process's to
    write. Another process that is synchronising, or a source that fails, is waited for until the next look.
    """
    attempts: dict[str, datetime] = {}
    configured = False
    while not await _superseded(core):
        configured = configured or await _configure(core)
        now = datetime.now(UTC)
        waiting = [s for s in await core.documents.sources() if due(s, attempts.get(s.name), now)]
        if waiting and await _synchronise(core, {s.name for s in waiting}):
            attempts.update((s.name, now) for s in waiting)
        await asyncio.sleep(look_every_s)


async def _superseded(core: Core) -> bool:
    active = await Releases(core.database).active()
    if active is None or active.id == core.release.id:
        return False
    log.warning(
        "release %s is active now, and this process answers from %s: restart it to change over",
        active.id,
        core.release.id,
    )
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


async def _configure(core: Core) -> bool:
    try:
        async with open_library(core) as library:
            for name in await library.configure(core.settings.sources):
                log.warning("%s is no longer in the settings; its documents were removed", name)
    except AnswerloopError as error:
        log.info("the settings' sources wait: %s", error)
        return False
    return True


async def _synchronise(core: Core, names: set[str]) -> bool:
    """Whether it was tried: not while another process has the library."""
    try:
        async with open_library(core) as library:
            for source in await library.sources():
                if source.name in names:
                    await _synchronise_one(library, source)
    except Busy:
        log.info("another process is synchronising")
        return False
    except AnswerloopError as error:
        log.warning("synchronisation failed: %s", error)
    return True


async def _synchronise_one(library: Library, source: SourceSettings) -> None:
    try:
        did = await library.sync(source)
    except AnswerloopError as error:
        log.warning("%s could not be synchronised: %s", source.name, error)
        return
    log.info("%s: %d added, %d changed, %d removed", source.name, did.added, did.changed, did.removed)
    if did.error:
        log.warning("%s could not be synchronised: %s", source.name, did.error)
