"""Headings, introductions and table heads: written only when what they stand above is. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from rag_core.generation.writing.pieces import Piece

__all__ = ["FRAMES", "Outline", "indent_of", "moved"]

FRAMES = frozenset(("heading", "introduction", "head"))
"""Kinds of pieces that say nothing by themselves."""
_BOLD_LINE = 7
"""Level of a heading that is a bold line, below all of Markdown's."""
_ITEM = re.compile(r"([ \t]*)(?:[-*+•]|\d{1,3}[.)])\s+\Z")
_RULE = re.compile(r"[|\s:-]+")


@dataclass(slots=True)
class _Frame:
    piece: Piece
    level: int
    """Of a heading: 0 for a dividing line, 1 for '#'. Of an introduction: the indentation of its list item, or -1."""
    lost: bool = False
    """Whether something below it was left out."""


class Outline:
    """The frames that wait for something to be written below them."""

    def __init__(self) -> None:
        self._waiting: list[_Frame] = []

    def add(self, piece: Piece) -> None:
        """What stood above nothing goes."""
        frame = _Frame(piece, _level(piece))
        if piece.kind == "heading":
            self._drop(lambda f: f.lost or f.piece.kind == "head" or _closed_by(f, frame.level))
        elif piece.kind == "introduction":
            self._drop(lambda f: _ends(f, frame.level) or f.piece.kind == "head")
        elif not _RULE.fullmatch(piece.text):
            self._drop(lambda f: f.piece.kind == "head")
        self._waiting.append(frame)

    def lose(self) -> None:
        """A piece was left out."""
        for frame in self._waiting:
            frame.lost = frame.piece.kind == "introduction" or frame.lost

    def above(self, piece: Piece, *, first: bool) -> list[Piece]:
        """Those to write before this piece, which is kept. first: nothing is written yet."""
        if piece.kind != "row":
            self._drop(lambda f: f.piece.kind == "head")
        if piece.kind == "sentence" and (first or "\n" in piece.before):
            level = indent_of(piece.before)
            self._drop(lambda f: _ends(f, level))
        waiting = [
            f.piece for f in self._waiting if not (first and f.level == 0 and f.piece.kind == "heading")
        ]
        self._waiting.clear()
        return waiting

    def _drop(self, which: Callable[[_Frame], bool]) -> None:
        self._waiting = [f for f in self._waiting if not which(f)]


def _closed_by(frame: _Frame, level: int) -> bool:
    return frame.piece.kind == "heading" and frame.level >= level


def _ends(frame: _Frame, level: int) -> bool:
    """Whether a list item of this indentation, or a paragraph (-1), stands no longer below an introduction."""
    if frame.piece.kind != "introduction":
        return False
    return frame.lost if level < 0 else frame.level >= level


def _level(piece: Piece) -> int:
    if piece.kind == "introduction":
        return indent_of(piece.before)
    if piece.text.startswith("#"):
        return len(piece.text) - len(piece.text.lstrip("#"))
    return _BOLD_LINE if any(c.isalnum() for c in piece.text) else 0


def indent_of(before: str) -> int:
    """Columns before the list mark of the item that a piece begins; -1 where it begins none."""
    item = _ITEM.fullmatch(before.rpartition("\n")[2])
    return len(item[1].expandtabs(4)) if item else -1


def moved(before: str, indent: int) -> str:
    """What stands before a list item, with as many columns before its mark."""
    breaks, line, item = before.rpartition("\n")
    return breaks + line + " " * indent + item.lstrip()
