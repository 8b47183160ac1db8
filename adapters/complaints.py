"""What is wrong with an installation, in the log: once for each cause and hour."""

from __future__ import annotations

import logging
import time

__all__ = ["Complaints"]

REPEAT_S = 3600.0
"""For so long a cause is not logged again."""


class Complaints:
    """The log's line for what is wrong with an installation: one for each cause and hour, not for each event."""

    def __init__(self, log: logging.Logger, repeat_s: float = REPEAT_S) -> None:
        self._log = log
        self._repeat_s = repeat_s
        self._said: dict[str, float] = {}

    def about(self, cause: str, sentence: object) -> None:
        """Warn with the sentence, unless this cause was complained about within the hour."""
        now = time.monotonic()
        if now - self._said.get(cause, -self._repeat_s) < self._repeat_s:
            return
        self._said = {each: when for each, when in self._said.items() if now - when < self._repeat_s}
        self._said[cause] = now
        self._log.warning("%s", sentence)
