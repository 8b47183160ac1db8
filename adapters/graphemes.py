"""Where a text can be cut without cutting what a reader sees as one character. Pure.

After Unicode's extended grapheme clusters (UAX #29), without its rarest rules.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["last_boundary"]

_JOINER = "\u200d"
_EXTENDS = re.compile("[\u200c\u200d\uff9e\uff9f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]")
_REGIONAL = "".join(map(chr, range(0x1F1E6, 0x1F200)))
_HANGUL = re.compile(
    "[\u1100-\u115f][\u1100-\u11a7\uac00-\ud7a3]|[\u1160-\u11ff\uac00-\ud7a3][\u1160-\u11ff]"
)
_LONGEST = 64
"""More in one character has no honest reason to be."""


def last_boundary(text: str, at: int, after: int = 0) -> int:
    """The last place up to `at`, and behind `after`, between two characters; `at` where there is none."""
    for place in range(at, max(after, at - _LONGEST), -1):
        if _is_boundary(text, place):
            return place
    return at - 1 if at - 1 > after and _halves(text, at) else at


def _is_boundary(text: str, at: int) -> bool:
    if at <= 0 or at >= len(text):
        return True
    before, behind = text[at - 1], text[at]
    if before in "\r\n" or behind in "\r\n":
        return before + behind != "\r\n"
    return not (
        before == _JOINER
        or _EXTENDS.match(behind)
        or unicodedata.category(behind) in ("Mn", "Me", "Mc")
        or _HANGUL.match(before + behind)
        or _halves(text, at)
        or _half_a_flag(text, at)
    )


def _halves(text: str, at: int) -> bool:
    """Whether a pair of surrogates would be cut."""
    return "\ud800" <= text[at - 1] <= "\udbff" and "\udc00" <= text[at : at + 1] <= "\udfff"


def _half_a_flag(text: str, at: int) -> bool:
    if text[at] not in _REGIONAL:
        return False
    before = text[:at]
    return (at - len(before.rstrip(_REGIONAL))) % 2 == 1
