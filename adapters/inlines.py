"""What stands within a line of Markdown and means something only as a whole: code, links, escapes, emphasis. Pure."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator

__all__ = ["Range", "code_spans", "emphasised", "links", "merged", "signs"]

Range = tuple[int, int]

_RUN = re.compile(r"`+")
_SIGN = re.compile(r"\\[!-/:-@\[-`{-~]|&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_BRACKET = re.compile(r"\\.|!?\[|\]", re.DOTALL)
_DESTINATION = re.compile(
    r"\((?:[^()\n\\]|\\.|\((?:[^()\n\\]|\\.){0,2000}\)){0,4000}+\)|\[[^\[\]\n]{0,300}\]"
)
_EMPHASIS = re.compile(
    r"\*\*(?=\S)(?:[^*]|\*(?!\*)){1,600}(?<=\S)\*\*|__(?=\S)(?:[^_]|_(?!_)){1,600}(?<=\S)__"
    r"|~~(?=\S)[^~]{1,600}(?<=\S)~~|(?<!\w)([*_])(?=\S)[^*_]{1,600}(?<=\S)\1(?!\w)"
)
_LONGEST_MARK = 12
"""Characters of a citation's mark, '[12]' or '[1, 2]', that is no link."""


def code_spans(text: str, begin: int, end: int) -> Iterator[tuple[int, int, str]]:
    """Where code stands within a paragraph, its backticks included, and these backticks."""
    runs = [match.span() for match in _RUN.finditer(text, begin, end)]
    by_length: dict[int, list[int]] = defaultdict(list)
    for n, (a, b) in enumerate(runs):
        by_length[b - a].append(n)
    n = 0
    while n < len(runs):
        a, b = runs[n]
        same = by_length[b - a]
        closing = bisect_left(same, n + 1)
        if text[max(begin, a - 1) : a] == "\\" or closing == len(same):
            n += 1
            continue
        yield a, runs[same[closing]][1], text[a:b]
        n = same[closing] + 1


def links(text: str, begin: int, end: int, code: Iterable[Range]) -> Iterator[Range]:
    """Links, images and marks of citations within a paragraph."""
    within = list(code)
    opened: list[int] = []
    at = begin
    while match := _BRACKET.search(text, at, end):
        at = match.end()
        if span := next((s for s in _around(within, match.start())), None):
            at = span[1]
        elif match.group().endswith("["):
            opened.append(match.start())
        elif match.group() == "]" and opened:
            first = opened.pop()
            if target := _DESTINATION.match(text, at, end):
                yield first, target.end()
                at = target.end()
            elif at - first <= _LONGEST_MARK:
                yield first, at


def signs(text: str, begin: int, end: int) -> Iterator[Range]:
    """Escaped characters and entities."""
    return (match.span() for match in _SIGN.finditer(text, begin, end))


def emphasised(text: str, begin: int, end: int) -> Iterator[Range]:
    """Words between marks of emphasis."""
    return (match.span() for match in _EMPHASIS.finditer(text, begin, end))


def merged(ranges: Iterable[Range]) -> list[Range]:
    """The ranges in order, those that overlap as one."""
    found: list[Range] = []
    for begin, end in sorted(ranges):
        if found and begin < found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((begin, end))
    return found


def _around(ranges: list[Range], at: int) -> Iterator[Range]:
    """The range of a sorted list that contains the place, if any."""
    n = bisect_left(ranges, (at + 1,)) - 1
    if n >= 0 and ranges[n][0] <= at < ranges[n][1]:
        yield ranges[n]
