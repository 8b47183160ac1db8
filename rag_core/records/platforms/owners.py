"""Who holds deliveries: names of processes, and which of them are gone."""

from __future__ import annotations

import itertools
import os
import secrets
import socket
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

__all__ = ["Gone", "Holder", "ended_here", "new_owner"]

_HOST = socket.gethostname()[:60]
_PROCESS = secrets.token_hex(4)
"""Tells this process from one that had its number before: in a container that is restarted, both are number 1."""
_COUNT = itertools.count()


@dataclass(frozen=True, slots=True)
class Holder:
    owner: str
    lease_until: datetime | None
    """The latest of what it holds."""
    overdue: bool
    """By the clock of the database; a clock may jump."""


def new_owner() -> str:
    """HOST:PID:RANDOM, another each time."""
    return f"{_HOST}:{os.getpid()}:{_PROCESS}.{next(_COUNT)}"


def ended_here(owner: str) -> bool:
    """Whether it was a process of this machine that runs no more. False where that cannot be told."""
    host, _, rest = owner.rpartition(":")[0].rpartition(":")
    pid, random = rest, owner.rpartition(":")[2]
    if host != _HOST or not (pid.isascii() and pid.isdecimal()):
        return False
    if int(pid) == os.getpid():
        return random.partition(".")[0] != _PROCESS
    return not _runs(int(pid))


def _runs(pid: int) -> bool:
    if os.name != "posix":  # there, signal 0 is no question
        return True
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # another user's
        return True
    return True


class Gone:
    """Tells which holders are gone: at once for an ended process of this machine; any other when its lease is over and
    was not renewed for another patience_s, so that a clock that jumps takes nothing from a process that is alive.

    clock: seconds, as time.monotonic gives them.
    """

    def __init__(self, patience_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._patience_s = patience_s
        self._clock = clock
        self._overdue: dict[str, tuple[datetime | None, float]] = {}

    def among(self, holders: Collection[Holder]) -> set[str]:
        now = self._clock()
        overdue = {holder.owner: holder.lease_until for holder in holders if holder.overdue}
        before = self._overdue
        self._overdue = {
            owner: before[owner] if owner in before and before[owner][0] == lease else (lease, now)
            for owner, lease in overdue.items()
        }
        lapsed = {o for o, (_, since) in self._overdue.items() if now - since >= self._patience_s}
        return lapsed | {holder.owner for holder in holders if ended_here(holder.owner)}
