"""Citation marks as language models write them, besides the [1] that they are asked for. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

__all__ = [
    "CITED",
    "FOOTNOTE",
    "OPENINGS",
    "attributed",
    "cited",
    "each_mark",
    "in_parentheses",
    "unattributed",
]

_NUMBER = r"\d{1,3}"
_NOUN = r"(?:passages?|sources?|documents?|docs?|refs?|references?|citations?|passagen?|quellen?|#|n[o°]\.?)"
_ITEM = rf"(?:{_NOUN}\s*)?\^?{_NUMBER}(?:†[^\[\]【】\n]{{0,40}})?"
_LIST = rf"{_ITEM}(?:\s*(?:[,;&–—-]|and|und|et|y|to|bis)\s*{_ITEM}){{0,19}}"
CITED = re.compile(
    rf"\s{{0,3}}(?P<bold>\*\*)?(?:\[\[\s*{_LIST}\s*\]\]|\\?\[\s*{_LIST}\s*\\?\]|【\s*{_LIST}\s*】|"
    rf"\(\s*{_NOUN}\s*{_LIST}\s*\)|<sup>\s*\[\s*{_LIST}\s*\]\s*</sup>|(?<!\d)(?<!\b\w)(?<!\b\w\w)<sup>{_LIST}</sup>)(?(bold)\*\*)(?:\(#[\w-]{{0,40}}\))?",
    re.IGNORECASE,
)
"""[1], [1, 2], [1-3], [^1], [[1]], \\[1\\], 【1†source】, [Source 1], (passage 1), **[1]**, <sup>1</sup>, [1](#p-1)."""
_CODE_OR_MARK = re.compile(
    rf"(?<!`)(?P<ticks>`{{1,3}})(?!`)[^`\n]+(?P=ticks)(?!`)|{CITED.pattern}", re.IGNORECASE
)
OPENINGS = "[【(\\*<"
"""A mark that is half written begins with one of these."""
FOOTNOTE = re.compile(
    rf"\s*(?:[-*+]\s+|{_NUMBER}[.)]\s+)?(?:\*\*)?(?:\[\^?{_NUMBER}\]:|\[\^?{_NUMBER}\](?=\s)(?!.*[.!?。！？]\W*$)).*"
)
"""A line that says what a number stands for: '[1] Handbook, page 3', '[^1]: Handbook'."""
_RANGE = re.compile(rf"({_NUMBER})\s*(?:[–—-]|to|bis)\s*({_NUMBER})", re.IGNORECASE)
_PARENTHESES = re.compile(rf"\s\(({_NUMBER}(?:\s*[,;]\s*{_NUMBER})*)\)(?=[.!?]?$)")
_NAMED = rf"(?:(?:the\s+|la\s+|el\s+)?{_NOUN}\s*[\[(]?\s*(?:{_LIST})\s*[\])]?|\[\s*(?:{_LIST})\s*\])"
_ATTRIBUTED = re.compile(
    rf"(?:(?:according to|as (?:stated|described|mentioned|noted|shown) in|based on|in|per|laut|gemäß|selon|d'après|"
    rf"según)\s+({_NAMED}),\s*|({_NAMED})\s+(?:says?|states?|notes?|mentions?|explains?|describes?|shows?)\s+that\s+)(?=\S)",
    re.IGNORECASE,
)
_LEFT_OVER = re.compile(
    r"\s{1,3}\(\s{0,3}(?:see(?: also)?|cf\.?|siehe|vgl\.?|voir|véase)?\s*\)|"
    r",?\s{1,3}(?:as (?:stated|described|mentioned|noted|shown|explained) in|according to|see(?: also)?|"
    r"siehe|vgl\.)(?=[.!?]?$)",
    re.IGNORECASE,
)
"""Of a sentence whose marks were taken out: '(see )', ', as described in.'"""
_MOST = 20


def each_mark(text: str, change: Callable[[str], str]) -> str:
    """The text with something in place of each citation mark; what stands in code is none."""
    return _CODE_OR_MARK.sub(lambda m: m[0] if m[0].startswith("`") else change(m[0]), text)


def cited(mark: str) -> Iterator[int]:
    """The numbers of a mark; a range of up to twenty is all the numbers in it."""
    mark = re.sub(r"†[^\[\]【】\n]*|\(#.*\)", "", mark)
    at = 0
    for match in re.finditer(_NUMBER, mark):
        if match.start() < at:
            continue
        if (span := _RANGE.match(mark, match.start())) and 0 <= int(span[2]) - int(span[1]) < _MOST:
            yield from range(int(span[1]), int(span[2]) + 1)
            at = span.end()
        else:
            yield int(match[0])


def in_parentheses(text: str) -> tuple[str, tuple[int, ...]]:
    """A sentence without the '(1)' at its end, and its numbers: for models that cite so and not otherwise."""
    found = _PARENTHESES.search(text)
    if found is None:
        return text, ()
    return text[: found.start()] + text[found.end() :], tuple(int(n) for n in re.findall(_NUMBER, found[1]))


def attributed(text: str) -> tuple[str, tuple[int, ...]]:
    """A sentence without its 'According to passage 2,', and the number: the reader does not see passages numbered so."""
    found = _ATTRIBUTED.match(text)
    if found is None:
        return text, ()
    rest = text[found.end() :]
    return rest[0].upper() + rest[1:], tuple(cited(found[1] or found[2]))


def unattributed(text: str) -> str:
    """A sentence whose marks were taken out, without the words that led to them."""
    return _LEFT_OVER.sub("", text)
