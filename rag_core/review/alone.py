"""What takes much memory and time is done once at a time on a machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rag_core.errors import Busy
from rag_core.settings import Settings

__all__ = ["alone"]


@contextmanager
def alone(settings: Settings, what: str) -> Iterator[None]:
    """While it is held no other process that works in this home directory does the same. what: a plain name.

    Raises:
        Busy: another does.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(settings.home / f"{what}.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise Busy(f"Another process is at the same work ({what}); wait until it is done.") from None
    try:
        yield
    finally:
        lock.release()
