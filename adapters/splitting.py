"""Markdown -> pieces that a platform takes, each of which stands for itself. Pure.

A cut prefers the ends of blocks, then of their parts, lines, sentences and words. Fenced code, tables and code within a
line are closed before a cut and opened again behind it. Links, images, citations' marks, escapes and what a reader sees
as one character are cut only where they alone are longer than a piece; emphasis is left whole where it can be.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from adapters.graphemes import last_boundary
from adapters.outline import BLOCK, LINE, PART, Frame, Outline, cut_range

__all__ = ["SHORTEST", "Piece", "split"]

SHORTEST = 60
"""A piece can be held this short, by its length function; shorter ones have no room for what is opened again."""
_SENTENCE = re.compile(r"[.!?…]+[)\]\"'”’»*_]*\s+|[。！？]+[」』）]?\s*|\n[ \t]*")
_WORD = re.compile(r"\s+")
_TO_LINE = re.compile(r"\s*\n|[ \t]+")
_BLANK_LINES = re.compile(r"(?:[ \t]*(?:\r\n|\r|\n))*")
_FILLED = {BLOCK: 0.25, PART: 0.4, LINE: 0.4}
"""So much of a piece is filled before a cut of this kind is taken."""
_FILLED_BY_SENTENCE, _FILLED_BY_WORD = 0.3, 0.05
_ROOM_FOR_FRAME = 3
"""What is opened again takes up no more than one part in so many; longer heads of tables are not repeated."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text. The bodies of all pieces, put together, are the text."""

    body: str
    """Its part of the text, as it stands there."""
    text: str
    """What to show: `before`, the body and `after`, without blank lines and spaces at its ends where these are not in
    code, and without the indentation that a list which began earlier gave it."""
    before: str = ""
    """Repeated from an earlier piece: an opening fence, a table's head, a backtick."""
    after: str = ""
    """What closes it."""


def split(
    text: str, most: int, length: Callable[[str], int] = len, *, rows: int | None = None
) -> list[Piece]:
    """The text in pieces of at most `most`; none where there is nothing but space.

    most: SHORTEST at least. length: of a text, 0 for ''; for a longer beginning of the same text it is no less, and of
    two texts put together at most that of both. rows: lines of a table in one piece, its head included.

    Raises:
        ValueError: `most` is less than SHORTEST.
    """
    if most < SHORTEST:
        raise ValueError(f"Pieces of {most} are too short; take {SHORTEST} or more.")
    if not text.strip():
        return []
    return list(_joined(_Splitter(text, most, length, rows).pieces()))


def _joined(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Pieces that show nothing go with the one before, or the first one."""
    held: Piece | None = None
    waiting = ""
    for piece in pieces:
        if not piece.text:
            if held:
                held = replace(held, body=held.body + piece.body)
            else:
                waiting += piece.body
            continue
        if held:
            yield held
        held, waiting = replace(piece, body=waiting + piece.body), ""
    if held:
        yield held


class _Splitter:
    def __init__(self, text: str, most: int, length: Callable[[str], int], rows: int | None) -> None:
        self._text = text
        self._most = most
        self._length = length
        self._rows = max(rows, 3) if rows else None
        self._outline = Outline(text)

    def pieces(self) -> Iterator[Piece]:
        at = 0
        while at < len(self._text):
            end = self._end(at)
            yield self._piece(at, end)
            at = end

    def _piece(self, at: int, end: int) -> Piece:
        body = self._text[at:end]
        opened, closed = self._frame(at), self._frame(end)
        before = opened.opening if opened and self._opens(opened, at) else ""
        after = closed.closing if closed else ""
        shown = body
        if not opened or not opened.lines:
            shown = shown.lstrip("\r\n")
        if closed and closed.lines and not closed.table:
            shown += ("" if shown.endswith(("\n", "\r")) else "\n") + after
        else:
            shown = shown.rstrip() + (after if shown.strip() else "")
        shown = before + shown if shown else ""
        if self._outline.is_line(at) and not self._is_verbatim(at):
            shown = _dedented(shown)
        return Piece(body, shown, before, after)

    def _opens(self, frame: Frame, at: int) -> bool:
        """Not behind a cut within a row: what is left of it is no row."""
        return not frame.table or self._outline.is_line(at)

    def _frame(self, at: int) -> Frame | None:
        """What is closed and opened again here, unless it would leave too little room."""
        frame = self._outline.frame(at)
        if frame and self._length(frame.opening + frame.closing) * _ROOM_FOR_FRAME > self._most:
            return None
        return frame

    def _is_verbatim(self, at: int) -> bool:
        ranges = self._outline.verbatim
        n = bisect_right(ranges, (at, len(self._text))) - 1
        return n >= 0 and at < ranges[n][1]

    def _end(self, at: int) -> int:
        """Where the piece ends that begins here."""
        limit = self._within_tables(at, len(self._text))
        if self._length(self._piece(at, limit).text) <= self._most:
            return limit
        limit = min(limit, self._furthest(at))
        if limit == len(self._text):
            return limit
        end = self._best(at, limit)
        if frame := self._outline.frame(end):
            return end if frame.lines else self._behind_space(end)
        return self._behind_space(end)

    def _behind_space(self, end: int) -> int:
        """Spaces and blank lines at a cut belong to what is before it; the indentation of the next line does not."""
        if end > 0 and self._text[end - 1] in "\r\n":
            space = _BLANK_LINES.match(self._text, end)
        else:
            space = _TO_LINE.match(self._text, end)
        return space.end() if space else end

    def _furthest(self, at: int) -> int:
        """The furthest end, with room for whatever has to be closed there."""
        opened = self._frame(at)
        room = self._most - (self._length(opened.opening) if opened and self._opens(opened, at) else 0)
        low, high = at + 1, min(len(self._text), at + self._most)
        while high < len(self._text) and self._length(self._text[at:high]) <= room:
            low, high = high, min(len(self._text), high + 2 * (high - at))
        while low < high:
            middle = (low + high + 1) // 2
            if self._length(self._text[at:middle]) <= room:
                low = middle
            else:
                high = middle - 1
        room -= self._closing(at, low)
        while low > at + 1 and self._length(self._text[at:low]) > room:
            low -= 1
        return low

    def _closing(self, at: int, limit: int) -> int:
        """The longest that may have to be put where a piece is cut between these places."""
        frames = self._outline.frames
        first = bisect_left([frame.end for frame in frames], at)
        longest = 0
        for frame in frames[first:]:
            if frame.begin >= limit:
                break
            if frame.closing and self._frame(frame.begin + 1) is frame:
                longest = max(longest, self._length("\n" + frame.closing))
        return longest

    def _within_tables(self, at: int, limit: int) -> int:
        """The limit, or less: the end of a row that was cut, or of the rows that one piece may have."""
        inside = self._outline.frame(at)
        if inside and inside.table and not self._outline.is_line(at):
            return min(limit, self._outline.line_end(at))
        if self._rows is None:
            return limit
        lines = self._outline.lines
        for frame in self._outline.frames:
            if not frame.table or frame.end <= at:
                continue
            if frame.begin >= limit:
                break
            last = bisect_left(lines, max(frame.begin, at)) + self._rows - 2
            if last < len(lines) and lines[last] < frame.end:
                return min(limit, lines[last])
        return limit

    def _best(self, at: int, limit: int) -> int:
        """The best place to cut behind `at`, up to the limit."""
        outline = self._outline
        for ranges, filled in (
            (outline.loose, 1.0),
            (outline.loose, 0.0),
            (outline.whole, 1.0),
            (outline.whole, 0.0),
        ):
            whole = ranges is outline.loose
            for place in self._places(at, limit, filled, whole):
                if outline.allows(place, ranges):
                    return place
        cut = cut_range(outline.whole, limit)
        if cut and cut[0] > at and outline.allows(cut[0], ()):
            return cut[0]
        if not outline.allows(cut[0] if cut and cut[0] > at else limit, ()):
            # A closing fence alone would be left: some of its code goes with it.
            limit -= max(limit - (cut[0] if cut else limit), 0) + 1 + (limit - at) // 4
        return last_boundary(self._text, max(limit, at + 1), at)

    def _places(self, at: int, limit: int, filled: float, whole: bool) -> Iterator[int]:
        """Places to cut, the best first. whole: lines of code and rows of tables are."""
        outline = self._outline
        lines = outline.lines[bisect_right(outline.lines, at) : bisect_right(outline.lines, limit)]
        for rank, least in _FILLED.items():
            first = at + least * filled * (limit - at)
            yield from (line for line in reversed(lines) if line > first and outline.rank(line) <= rank)
        for ends, least in ((_SENTENCE, _FILLED_BY_SENTENCE), (_WORD, _FILLED_BY_WORD)):
            first = at + int(least * filled * (limit - at)) + 1
            found = [match.end() for match in ends.finditer(self._text, at, limit)]
            for place in reversed(found):
                if place >= first and not (whole and self._in_line(place)):
                    yield place

    def _in_line(self, at: int) -> bool:
        """Whether a line of code or a row would be cut."""
        frame = self._outline.frame(at)
        return frame is not None and frame.lines and not self._outline.is_line(at)


def _dedented(text: str) -> str:
    """The text without the indentation of its first line, as far as it goes on."""
    width = len(text) - len(text.lstrip(" "))
    if not width:
        return text
    lines = text.split("\n")
    for n, line in enumerate(lines):
        if line.strip() and not line.startswith(" " * width):
            break
        lines[n] = line[min(width, len(line) - len(line.lstrip(" "))) :]
    return "\n".join(lines)
