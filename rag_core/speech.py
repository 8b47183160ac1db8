"""What is said of an answer while it is written, to all who wait for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rag_core.generation.protocol import Said

__all__ = ["Speeches"]


class Speeches:
    """By the answer's key. Nothing is remembered of a speech that nobody listens to any more."""

    def __init__(self) -> None:
        self._speeches: dict[str, _Speech] = {}

    @contextmanager
    def heard(self, key: str, said: Said) -> Iterator[Said]:
        """Listen to the speech of this key; what is given says more of it. Who comes later hears what was said so far."""
        speech = self._speeches.setdefault(key, _Speech())
        if speech.text:
            said(speech.text)
        speech.listeners.append(said)
        try:
            yield speech
        finally:
            speech.listeners.remove(said)
            if not speech.listeners and self._speeches.get(key) is speech:
                del self._speeches[key]


class _Speech:
    def __init__(self) -> None:
        self.text = ""
        self.listeners: list[Said] = []

    def __call__(self, text: str) -> None:
        self.text = text
        for said in self.listeners:
            said(text)
