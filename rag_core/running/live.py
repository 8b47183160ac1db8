"""The settings of a running process: access rules, sources, channels and reviewers are read again when the file changes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from rag_core.access import Access
from rag_core.errors import SettingsError
from rag_core.settings import Settings

__all__ = ["LIVE", "READ_AT_START", "LiveSettings"]

LOOK_EVERY_S = 10.0
SETTLE_S = 1.0
"""A change counts once it has been read twice, so that a file that is being written is not taken for its beginning."""
LIVE = ("access", "sources", "channels", "review", "votes", "admin")
"""The tables of the settings file that are read again while a process runs."""
READ_AT_START = frozenset({"admin.host", "admin.port", "admin.hosts"})
"""Settings in them that are not."""
log = logging.getLogger(__name__)


class LiveSettings:
    """Who may read what, and from which sources, as the settings say it now.

    A file with a mistake, or that has gone, changes nothing: what was last read without one stays in force, and the
    mistake is logged. All other settings are those of the start.
    """

    def __init__(self, load: Callable[[], Settings], settings: Settings) -> None:
        """load: reads the settings again, or raises SettingsError. settings: what it gave at the start."""
        self._load = load
        self._complaint = ""
        self.current = settings
        self.access = Access(settings.access.rules, settings.access.groups)

    async def keep(self, look_every_s: float = LOOK_EVERY_S, settle_s: float = SETTLE_S) -> None:
        """Look again and again, until cancelled."""
        while True:
            await asyncio.sleep(look_every_s)
            await self.look(settle_s)

    async def look(self, settle_s: float = SETTLE_S) -> None:
        """Take up what has changed and is the same a moment later."""
        found = self._read()
        if found is None or _live(found) == _live(self.current):
            return
        await asyncio.sleep(settle_s)
        again = self._read()
        if again is not None and _live(again) == _live(found):
            self._take_up(again)

    def _read(self) -> Settings | None:
        try:
            settings = self._load()
        except (SettingsError, OSError) as error:
            if str(error) != self._complaint:
                log.error("the settings cannot be read again, those from before stay in force: %s", error)
            self._complaint = str(error)
            return None
        self._complaint = ""
        return settings

    def _take_up(self, settings: Settings) -> None:
        if settings.access != self.current.access:
            self.access.replace(settings.access.rules, settings.access.groups)
            log.warning("the access rules have changed: %d in force now", len(settings.access.rules))
        if settings.sources != self.current.sources:
            log.warning("the sources have changed: %s", ", ".join(s.name for s in settings.sources) or "none")
        self.current = settings


def _live(settings: Settings) -> object:
    return tuple(getattr(settings, name) for name in LIVE)
