"""What is known of the attempts to answer one delivery, so that each goes on with what the others showed."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rag_core.errors import Unavailable

__all__ = ["Notes", "Progress"]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Progress:
    """The attempts so far."""

    delivery: str
    """Its key: by this, what was posted for it is found again."""
    attempt: int
    """From 1."""
    noted: Mapping[str, Any]
    """What earlier attempts noted."""
    note: Callable[[Mapping[str, Any]], Awaitable[None]]
    """Keeps it for later ones, in the place of what was noted before."""
    replaces: bool = False
    """An earlier answer stands there, or a sentence in its place, and stays until there is a better one."""


class Notes:
    """What was noted, and is. Where it cannot be kept, that is logged: what is shown is worth more than a note of it."""

    def __init__(self, progress: Progress) -> None:
        self._note = progress.note
        self._noted = dict(progress.noted)

    def get(self, name: str) -> Any:
        """None where nothing was noted by this name."""
        return self._noted.get(name)

    async def keep(self, **noted: Any) -> None:
        """Beside what was noted by other names. Values are JSON."""
        if all(self._noted.get(name) == value for name, value in noted.items()):
            return
        self._noted |= noted
        try:
            await self._note(dict(self._noted))
        except (Unavailable, OSError) as error:
            log.warning("Which messages show an answer could not be noted: %s", error)
