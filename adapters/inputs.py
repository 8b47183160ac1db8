"""A text for several inputs of a form, where one does not hold it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import zip_longest

__all__ = ["parts", "together"]


def parts(text: str, most: int, length: Callable[[str], int] = len) -> tuple[list[str], list[str]]:
    """The text in pieces of at most so many characters, cut at white space where that can be; and what stood between them,
    since an input keeps no white space at its ends. length: at least one for each character."""
    found: list[str] = []
    between: list[str] = []
    rest = text.strip()
    while length(rest) > most:
        window = _window(rest, most, length)
        ends = (rest.rfind(mark, 1, window) for mark in ("\n\n", "\n", " "))
        cut = next((end for end in ends if end > window // 2), window)
        found.append(rest[:cut].rstrip())
        behind = rest[cut:].lstrip()
        between.append(rest[len(found[-1]) : len(rest) - len(behind)])
        rest = behind
    return [*found, rest], between


def together(pieces: Sequence[str], between: Sequence[str]) -> str:
    """The text that parts() took apart, its pieces perhaps changed."""
    return "".join(piece + behind for piece, behind in zip_longest(pieces, between, fillvalue="")).strip()


def _window(text: str, most: int, length: Callable[[str], int]) -> int:
    end = most
    while length(text[:end]) > most:
        end -= 1
    return max(end, 1)
