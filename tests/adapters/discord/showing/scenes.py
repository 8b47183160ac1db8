"""Attempts to answer one question, and surfaces for its answers over a real discord.py client."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.chat import Reply
from adapters.discord.showing.rendering import body
from adapters.discord.showing.surfaces import Look, Pace
from adapters.progress import Progress

__all__ = ["LOOK", "QUESTION", "QUICK", "Attempts", "final"]

QUICK = Pace(first=0.0, edited=0.1, typing=0.1)
QUESTION = "How long do refunds take?"


def final(reply: Reply) -> Sequence[dict[str, Any]]:
    """Each page of the text a message."""
    return [body(page) for page in reply.text.split("\f")]


LOOK = Look(final, str)


class Attempts:
    """What the inbox keeps of a delivery."""

    def __init__(self, key: str = "message:1") -> None:
        self.key = key
        self.noted: Mapping[str, Any] = {}
        self.count = 0

    def next(self, **more: Any) -> Progress:
        self.count += 1
        return Progress(self.key, self.count, self.noted, self._note, **more)

    def forget(self) -> None:
        """The process ended before it could note anything."""
        self.noted = {}

    async def _note(self, progress: Mapping[str, Any]) -> None:
        self.noted = dict(progress)
