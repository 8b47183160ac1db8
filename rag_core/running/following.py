"""An index that was not kept up to date -> one that may be answered from.

What is synchronised is the active release's index alone. Before another one answers, be it tried out or returned to, nothing
in it may stand under a scope that its source has no longer, or come from a source that is gone: that is a matter of moments,
since nothing is read or embedded for it. What changed in the documents comes after that.
"""

from __future__ import annotations

import asyncio
import logging

from sqlalchemy import func, select

from rag_core.bootstrap import Core, only_writer
from rag_core.errors import Busy
from rag_core.ingest.mirroring import Index, mirror
from rag_core.ingest.scoping import Scoping, digest_of
from rag_core.records.database import transaction
from rag_core.records.tables import documents

__all__ = ["catch_up", "put_in_force", "put_in_force_soon"]

MARK = 8
"""Characters by which a digest tells the scope."""
TRY_EVERY_S = 0.5
TOLD_AFTER = 20
"""Tries after which the log says what is waited for."""
log = logging.getLogger(__name__)


async def put_in_force(core: Core) -> None:
    """Give all that is stored in this index the scope that its source has now, and remove what is of no source any more.
    Where that is so already, as mostly, nobody is waited for.

    Raises:
        Busy: something is to be changed, and another process is writing to an index.
        Unavailable: the store or the database does not answer.
    """
    if not await _is_in_force(core):
        with only_writer(core.settings):
            await _put_in_force(core)


async def put_in_force_soon(core: Core) -> None:
    """The same; while another process is writing it is tried again and again."""
    tried = 0
    while True:
        try:
            return await put_in_force(core)
        except Busy:
            tried += 1
            if tried == TOLD_AFTER:
                log.warning("release %s waits for another process that is synchronising", core.release.id)
            await asyncio.sleep(TRY_EVERY_S)


async def catch_up(core: Core, active: Core) -> int:
    """Bring the index of a release to what that of the active one holds; how many documents differed. Nothing is read from
    the sources again.

    Raises:
        Busy: another process is writing to an index.
        NotReady: a passage is too long for its embedder.
        Unavailable: a store or the database does not answer.
    """
    if core.release.index_name == active.release.index_name:
        return 0
    with only_writer(core.settings):
        await _put_in_force(core)
        source, target = (Index(one.store, one.documents) for one in (active, core))
        return await mirror(source, target, core.embedder)


async def _is_in_force(core: Core) -> bool:
    """By the register, whose digests begin with a mark of the scope."""
    marks = {name: digest_of(scope, ())[:MARK] for name, scope in (await _scopes(core)).items()}
    c = documents.c
    stored = select(c.source, func.substr(c.digest, 1, MARK)).distinct()
    stored = stored.where(c.index_name == core.release.index_name, c.passages > 0)
    async with transaction(core.database) as connection:
        return all(marks.get(source) == mark for source, mark in (await connection.execute(stored)).all())


async def _scopes(core: Core) -> dict[str, str]:
    """Of the sources that there are now."""
    return {record.name: record.spec.get("scope", "public") for record in await core.documents.sources()}


async def _put_in_force(core: Core) -> None:
    scopes = await _scopes(core)
    for name in await core.documents.totals():
        if name not in scopes:
            await _remove(core, name)
    scoping = Scoping(core.documents, core.store)
    for name, scope in scopes.items():
        await scoping.apply(name, scope)


async def _remove(core: Core, source: str) -> None:
    """All that is stored of a source."""
    keys = list(await core.documents.of(source))
    await core.documents.unsettle(source, keys)
    await core.store.replace([f"{source}/{key}" for key in keys], [])
    await core.documents.remove(source, keys)
    log.warning("%s is no source any more; what %s had of it was removed", source, core.release.id)
