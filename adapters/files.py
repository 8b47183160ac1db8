"""Files that people give with their questions, read one after the other. What all platforms share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from rag_core.errors import DocumentError
from rag_core.messages import say
from rag_core.types import Attached

__all__ = ["LARGEST", "MOST", "Reader", "Reading", "read_each"]

LARGEST = 20 * 2**20
"""Bytes of a file that are read."""
MOST = 5
"""Of a conversation's files the latest are read."""


class Reader(Protocol):
    """What reads files; rag_core.running.active.ActiveRelease is the real one."""

    def known_file(self, id: str) -> Attached | None:
        """The file of this id, if it was read and is still kept."""

    async def read_file(self, id: str, name: str, data: bytes, url: str) -> Attached:
        """
        Raises:
            DocumentError: it cannot be read; a sentence for the asker.
        """


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of reading some files."""

    attached: tuple[Attached, ...] = ()
    refusals: tuple[str, ...] = ()
    """Sentences for the asker on those that could not be read."""


async def read_each(reads: Iterable[Callable[[], Awaitable[Attached]]], language: str) -> Reading:
    """reads: each reads a file, or raises DocumentError with what to say of it.

    Raises:
        Unavailable: the platform does not hand one out now.
    """
    attached, refusals = [], []
    for read in reads:
        try:
            attached.append(await read())
        except DocumentError as error:
            refusals.append(say(language, error.message, **error.values) if error.message else str(error))
    return Reading(tuple(attached), tuple(refusals))
