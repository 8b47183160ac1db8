"""Discord away: one line when it begins, one when it is over, and growing pauses in between."""

from __future__ import annotations

import logging
import random
from collections.abc import Iterator
from dataclasses import dataclass

import aiohttp
import discord

from rag_core.errors import AnswerloopError

__all__ = ["Outage", "Paces", "asked_to_wait_s", "brief", "pauses"]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Paces:
    """How long is waited before Discord is tried again, in seconds."""

    first_s: float = 1.0
    longest_s: float = 60.0
    soon_s: float = 0.05
    """After a good connection that did not last; for each further one so much longer, ten times at most."""
    apart_s: float = 5.0
    """Between two identifications, as Discord wants it."""

    def pauses(self) -> Iterator[float]:
        """Before each further attempt, for ever."""
        return pauses(self.first_s, self.longest_s)


class Outage:
    """What is said of connections to Discord: a line for each change, not for each attempt."""

    def __init__(self, what: str = "Discord") -> None:
        """what: cannot be reached."""
        self._what = what
        self._away: set[int] = set()

    def began(self, why: str, who: int = 0) -> None:
        """who: of several connections."""
        if not self._away:
            log.warning("%s is not reached (%s); I keep trying", self._what, why)
        self._away.add(who)

    def over(self, who: int = 0) -> None:
        """Said when it is over for all."""
        if who in self._away:
            self._away.discard(who)
            if not self._away:
                log.warning("%s is reached again", self._what)


def pauses(first_s: float, longest_s: float) -> Iterator[float]:
    """Seconds to wait before each further attempt, for ever: doubled each time, and spread."""
    pause = first_s
    while True:
        yield pause * random.uniform(0.7, 1.3)  # noqa: S311 - spreads load, hides nothing
        pause = min(2 * pause, longest_s)


def asked_to_wait_s(error: BaseException) -> float:
    """How long Discord wants to be left alone, as far as it said so; ten minutes at most."""
    if not isinstance(error, discord.HTTPException) or error.status != 429:
        return 0.0
    try:
        return min(600.0, float(error.response.headers.get("Retry-After") or 0))
    except ValueError:
        return 0.0


def brief(error: BaseException) -> str:
    """What went wrong, in a few words: no address, which may hold a token, and nothing of what Discord replied."""
    if isinstance(error, discord.HTTPException):
        return f"status {error.status}"
    if isinstance(error, aiohttp.ClientResponseError):  # the gateway's handshake
        return f"status {error.status}"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, aiohttp.ClientConnectorError):
        return error.strerror or "no connection"
    if isinstance(error, AnswerloopError):
        return str(error)
    return type(error).__name__
