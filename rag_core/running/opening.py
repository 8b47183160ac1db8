"""The core opened for a process that answers until it is stopped, with all that goes on beside it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.access import Access
from rag_core.bootstrap import open_records
from rag_core.configuration import load_settings, settings_file
from rag_core.records.people.retention import keep_expiring
from rag_core.review.releasing.watching import keep_watching
from rag_core.review.triage import keep_triaged
from rag_core.running.active import ActiveRelease
from rag_core.running.background import kept_going
from rag_core.running.live import LOOK_EVERY_S, LiveSettings
from rag_core.running.preparation import active_release
from rag_core.running.synchronising import keep_synchronised
from rag_core.settings import Settings

__all__ = ["Running", "open_running", "settings_loader", "works_beside"]


@dataclass(frozen=True, slots=True)
class Running:
    """What a platform's bot is put together from."""

    settings: Callable[[], Settings]
    """Those in force now."""
    access: Access
    """The same object that the assistant judges by."""
    database: AsyncEngine
    assistant: ActiveRelease


def settings_loader(
    config: str | Path | None = None, home: str | Path | None = None
) -> Callable[[], Settings]:
    """What reads the settings, now and again; each call raises SettingsError where they have a mistake.

    config: the settings file; None: as for the command, and from then on that file: should it go, that is a mistake, and
    not a wish for the defaults. home: as the setting of that name.

    Raises:
        SettingsError: the file that was named does not exist.
    """
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    file = settings_file(Path(config) if config is not None else None)
    return partial(load_settings, file, Path(home) if home is not None else None)


@asynccontextmanager
async def open_running(
    load: Callable[[], Settings],
    *,
    adjust: Callable[[Settings], Settings] = lambda settings: settings,
    look_every_s: float = LOOK_EVERY_S,
) -> AsyncIterator[Running]:
    """Open records and the active release; settings are kept live, and sources synchronised, until the context is left.

    load: as settings_loader gives it. adjust: what is changed about the settings, whenever they are read.
    look_every_s: how often they are read again.

    Raises:
        SettingsError: the settings have a mistake.
        NotReady: a model cannot be exported, or the index is of another one.
        Unavailable: the database does not answer.
    """

    def loaded() -> Settings:
        return adjust(load())

    live = LiveSettings(loaded, loaded())
    settings = live.current
    async with open_records(settings) as database:
        release = await active_release(database, settings)
        async with ActiveRelease(settings, live.access, release) as active:
            works = works_beside(live, active, look_every_s)
            tasks = [asyncio.create_task(kept_going(name, work)) for name, work in works.items()]
            try:
                yield Running(lambda: live.current, live.access, database, active)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)


def works_beside(
    live: LiveSettings, active: ActiveRelease, look_every_s: float = LOOK_EVERY_S
) -> Mapping[str, Callable[[], Awaitable[None]]]:
    """What is to be kept going while the release answers, by its name in the log."""

    async def synchronise() -> None:
        await active.keep(
            lambda core: keep_synchronised(
                core, configured=lambda: live.current.sources, then=active.catch_up
            )
        )

    async def try_out() -> None:
        async with open_records(live.current) as database:
            await active.keep_trying_out(database)

    async def watch() -> None:
        async with open_records(live.current) as database:
            await keep_watching(database, lambda: live.current)

    async def triage() -> None:
        async with open_records(live.current) as database:
            await keep_triaged(database, lambda: live.current)

    async def retention() -> None:
        async with open_records(live.current) as database:
            await keep_expiring(database, lambda: live.current.retention)

    return {
        "watching the settings": partial(live.keep, look_every_s),
        "synchronisation": synchronise,
        "trying out a release": try_out,
        "watching the release": watch,
        "triage": triage,
        "retention": retention,
    }
