"""Tokens as they are written -> text, with no character cut in two. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

__all__ = ["Detokeniser"]

_HALF = "\ufffd"
"""What bytes that are no character yet decode to."""


class Detokeniser:
    """Turns each token into the text that it adds; '' while a character or an end mark may be incomplete.

    A token's text depends on those before it (spaces, accents, bytes of one character), so each is decoded behind the last
    ones and the difference is taken. How many are decoded again does not grow with the answer.

    decode: token ids -> text, without special tokens.
    ends: texts that end the answer when they are written; they and all behind them are left out.
    """

    def __init__(self, decode: Callable[[Sequence[int]], str], ends: Sequence[str] = ()) -> None:
        self._decode = decode
        self._ends = tuple(ends)
        self._ids: list[int] = []
        self._known = 0
        """How many at the beginning of _ids have their text given out; the rest is new."""
        self._held = ""
        """Given out later: it may be the beginning of an end."""
        self.ended = False
        """Whether one of `ends` was written."""

    def add(self, token: int) -> str:
        self._ids.append(token)
        before, after = self._decode(self._ids[: self._known]), self._decode(self._ids)
        if after.endswith(_HALF) or len(after) <= len(before):
            return ""
        self._ids = self._ids[self._known :]
        self._known = len(self._ids)
        return self._released(after[len(before) :])

    def rest(self) -> str:
        """What is left when no token follows. Bytes that make no character are dropped."""
        if self.ended:
            return ""
        before, after = self._decode(self._ids[: self._known]), self._decode(self._ids)
        return self._held + after[len(before) :].rstrip(_HALF)

    def _released(self, text: str) -> str:
        if self.ended:
            return ""
        text = self._held + text
        found = [at for end in self._ends if (at := text.find(end)) >= 0]
        if found:
            self.ended, self._held = True, ""
            return text[: min(found)]
        held = max((_overlap(text, end) for end in self._ends), default=0)
        self._held = text[len(text) - held :]
        return text[: len(text) - held]


def _overlap(text: str, end: str) -> int:
    """How many characters at the end of the text are a beginning of `end`."""
    return next((n for n in range(min(len(text), len(end) - 1), 0, -1) if text.endswith(end[:n])), 0)
