"""Markdown -> where it may be cut, and what a cut has to close and open again. Pure."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

from adapters.inlines import Range, code_spans, emphasised, links, merged, signs

__all__ = ["BLOCK", "LINE", "PART", "Frame", "Outline", "cut_range"]

_LINE = re.compile(r"\r\n|\r|\n")
_MARKS = re.compile(r"[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*")
_BLANK_LINES = re.compile(r"(?:[ \t]*(?:\r\n|\r|\n))*")
_LONGEST_INFO = 60
BLOCK, PART, LINE = 0, 1, 2
"""What begins at a line: a block, a part of one, or no more than a line."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What is closed at a cut and opened again behind it: fenced code, a table, code within a line."""

    begin: int
    """From here on a cut is inside: behind the opening fence, the head of the table, the first backtick."""
    end: int
    """Up to here."""
    opening: str
    closing: str
    table: bool = False
    lines: bool = True
    """Whether it is cut between its lines."""


class Outline:
    """The structure of a text, by character offsets."""

    def __init__(self, text: str) -> None:
        self.lines = [0, *(match.end() for match in _LINE.finditer(text))]
        if self.lines[-1] != len(text):
            self.lines.append(len(text))
        self.frames: list[Frame] = []
        """In order; none overlaps another."""
        self.verbatim: list[Range] = []
        """Code that is so by its indentation alone."""
        self._text = text
        self._ranks: dict[int, int] = {}
        self._never: set[int] = set()
        whole: list[Range] = []
        loose: list[Range] = []
        self._read(_parser().parse(text), whole, loose)
        self.frames.sort(key=lambda frame: frame.begin)
        self._begins = [frame.begin for frame in self.frames]
        self.whole = merged(whole)
        """What must not be cut while there is another place."""
        self.loose = merged([*whole, *loose])
        """And what had better not be."""

    def rank(self, line: int) -> int:
        """What begins at this line, which is given by its offset: the lower, the better a place to cut."""
        return self._ranks.get(line, LINE)

    def frame(self, at: int) -> Frame | None:
        """What a cut at this place has to close."""
        n = bisect_left(self._begins, at) - 1
        return self.frames[n] if n >= 0 and at < self.frames[n].end else None

    def allows(self, at: int, ranges: Sequence[Range]) -> bool:
        """Whether a cut here leaves the ranges whole, and no fence without code or table without rows."""
        return at not in self._never and cut_range(ranges, at) is None

    def is_line(self, at: int) -> bool:
        n = bisect_left(self.lines, at)
        return n < len(self.lines) and self.lines[n] == at

    def line_end(self, at: int) -> int:
        """Where the line ends in which this place is."""
        return self.lines[min(bisect_right(self.lines, at), len(self.lines) - 1)]

    def _read(self, tokens: Sequence[Token], whole: list[Range], loose: list[Range]) -> None:
        heading = -1
        read: set[int] = set()
        for token in tokens:
            if not token.map or token.map[0] >= len(self.lines) - 1:
                continue
            begin, end = (self.lines[min(n, len(self.lines) - 1)] for n in token.map)
            if token.type != "inline":
                rank = BLOCK if token.level == 0 else PART
                # A heading is no end.
                self._ranks.setdefault(begin, LINE if begin == heading else rank)
            if token.type == "heading_open":
                heading = self._behind_blank(end)
            elif token.type == "fence":
                self._fence(token, begin, end, whole)
            elif token.type == "table_open":
                self._table(token, begin, end, whole)
            elif token.type == "inline" and begin not in read:  # the cells of a row have one line
                read.add(begin)
                self._inline(begin, end, whole, loose)
            elif token.type == "code_block":
                self.verbatim.append((begin, end))

    def _behind_blank(self, at: int) -> int:
        match = _BLANK_LINES.match(self._text, at)
        return match.end() if match else at

    def _fence(self, token: Token, begin: int, end: int, whole: list[Range]) -> None:
        assert token.map is not None
        inside = self.line_end(begin)
        first = self._text[begin:inside]
        ticks = first.find(token.markup)
        prefix = re.sub(r"[^\s>]", " ", first[:ticks])
        info = first[ticks + len(token.markup) :].strip()
        closing = self.lines[min(token.map[1] - 1, len(self.lines) - 1)]
        last = self._text[closing:end].strip(" \t>\r\n")
        closed = closing > begin and len(last) >= len(token.markup) and not last.strip(token.markup[0])
        whole.append((begin, inside))
        self._never.add(inside)
        if closed:
            whole.append((closing, end))
            self._never.add(closing)
        opening = f"{prefix}{token.markup}{info if len(info) <= _LONGEST_INFO else ''}\n"
        # One that nothing closes goes on to the end, and is closed there.
        stop = closing if closed else end + 1 if end == len(self._text) else end
        self.frames.append(Frame(inside, stop, opening, prefix + token.markup))

    def _table(self, token: Token, begin: int, end: int, whole: list[Range]) -> None:
        assert token.map is not None
        inside = self.lines[min(token.map[0] + 2, len(self.lines) - 1)]
        head = self._text[begin:inside]
        if token.level > 0 and (marks := _MARKS.match(head)):
            head = re.sub(r"[^\s>]", " ", marks.group()) + head[marks.end() :]
        whole.append((begin, inside))
        if inside < end:
            self._never.add(inside)
        self.frames.append(Frame(inside, end, head, "", table=True))

    def _inline(self, begin: int, end: int, whole: list[Range], loose: list[Range]) -> None:
        code = list(code_spans(self._text, begin, end))
        spans = [(a, b) for a, b, _ in code]
        whole += [*spans, *links(self._text, begin, end, spans), *signs(self._text, begin, end)]
        loose += emphasised(self._text, begin, end)
        if not self._in_table(begin):
            self.frames += [Frame(a + len(t), b - len(t), t, t, lines=False) for a, b, t in code]

    def _in_table(self, begin: int) -> bool:
        """Whether this is in the block that was read last, and that a table."""
        return bool(self.frames) and self.frames[-1].table and begin < self.frames[-1].end


def cut_range(ranges: Sequence[Range], at: int) -> Range | None:
    """The range that a cut at this place would cut."""
    n = bisect_left(ranges, (at,)) - 1
    return ranges[n] if n >= 0 and ranges[n][0] < at < ranges[n][1] else None


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"maxNesting": 100}).enable("table")
    parser.core.ruler.enableOnly(["normalize", "block"])
    return parser
