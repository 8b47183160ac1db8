"""Markdown -> code and everything else, written so that all renderers agree on which is which. Pure, linear time.

Renderers differ in what they take for code: only CommonMark knows '~~~', lets a list end a fence and lets a code span go
over several lines. What is given back here is code to CommonMark, Slack and Discord alike: fences are of backticks and
closed, spans begin and end on one line, and no other backtick is left.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

__all__ = ["Fence", "blocks", "spans"]

_OPENS = re.compile(
    r"([ \t]*+(?:(?:[-*+]|\d{1,9}[.)])[ \t]++)*+)(?:(`{3,}+)([ \t]*[\w+#-]*)[^`]*|(~{3,}+)([ \t]*[\w+#-]*).*)"
)
_RUN = re.compile(r"`+")


@dataclass(slots=True)
class Fence:
    """A fenced block of code."""

    prefix: str
    """Indentation and list marks before the fence."""
    ticks: str
    info: str
    lines: list[str] = field(default_factory=list)
    closing: str = ""

    def text(self, body: str) -> str:
        """The block with another body."""
        ticks = self.ticks if self.ticks[0] == "`" else "```"
        body = body.replace("```", "'''")  # which ends a block on some platforms, wherever it stands
        closing = self.closing if self.closing.strip() == ticks else " " * _width(self.prefix) + ticks
        return "\n".join([self.prefix + ticks + self.info, *([body] if self.lines else []), closing])


def blocks(text: str) -> Iterator[Fence | str]:
    """Fences, and the text between them; put together with line breaks they are the text."""
    prose: list[str] = []
    fence: Fence | None = None
    for line in text.split("\n"):
        if fence is not None:
            if _closes(line, fence):
                fence.closing = line if 0 <= _indent(line) - _width(fence.prefix) <= 3 else ""
                yield fence
                fence = None
                continue
            if not line.strip() or _indent(line) >= _width(fence.prefix):
                fence.lines.append(line)
                continue
            yield fence  # its list has ended, and so has it
            fence = None
        if opens := _OPENS.fullmatch(line):
            if prose:
                yield "\n".join(prose)
                prose = []
            fence = Fence(opens[1], opens[2] or opens[4], opens[3] or opens[5] or "")
        else:
            prose.append(line)
    if fence is not None:
        yield fence
    if prose:
        yield "\n".join(prose)


def _closes(line: str, fence: Fence) -> bool:
    mark = line.strip()
    return len(mark) >= len(fence.ticks) and mark == fence.ticks[0] * len(mark)


def _indent(line: str) -> int:
    return _width(line[: len(line) - len(line.lstrip(" \t"))])


def _width(prefix: str) -> int:
    return len(prefix.expandtabs(4))


def spans(line: str, code: Callable[[str, str], str]) -> str:
    """A line with what `code(ticks, content)` gives in the place of each code span; no other backtick is left."""
    runs = [match.span() for match in _RUN.finditer(line)]
    by_length: dict[int, list[int]] = defaultdict(list)
    for n, (a, b) in enumerate(runs):
        by_length[b - a].append(n)
    parts: list[str] = []
    at = n = 0
    while n < len(runs):
        begin, end = runs[n]
        parts.append(line[at:begin])
        same = by_length[end - begin]
        closing = bisect_left(same, n + 1)
        if _escaped(line, begin) or closing == len(same):
            parts.append("'" if _escaped(line, begin) else "")
            at, n = end, n + 1
            continue
        a, b = runs[same[closing]]
        parts.append(code(line[begin:end], line[end:a]))
        at, n = b, same[closing] + 1
    return "".join([*parts, line[at:]])


def _escaped(line: str, at: int) -> bool:
    before = line[max(0, at - 20) : at]
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1
