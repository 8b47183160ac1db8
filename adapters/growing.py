"""What of a text that is still being written can be shown. Pure."""

from __future__ import annotations

import re

from rag_core.generation.inert.fences import Fence, blocks

__all__ = ["in_fence", "without_half"]

_HALF = re.compile(
    r"!?\[[^\]]{0,400}$"  # the words of a link
    r"|!?\[[^\]]{0,400}\]\([^)\s]*$"  # and where it goes
    r"|<[^\s>=][^>]{0,400}$"  # a tag
    r"|&#?\w{0,31}$"  # an entity
    r"|\S*(?:://|www\.)\S*$"  # an address
    r"|[*_~`\\!]+$"  # marks of which more may come
)
_LONGEST_HALF, _ROUNDS = 1_000, 50
"""What begins further back, or is left after so many, is shown: looking for it takes its time with each word."""


def in_fence(text: str) -> bool:
    """Whether it ends in code that nothing has closed yet."""
    last = _last(text)
    return isinstance(last, Fence) and not last.closing


def without_half(text: str) -> str:
    """The text without what may become something else as it goes on: half a link, code or tag at its end."""
    if isinstance(_last(text), Fence):
        return text
    begin = text.rfind("\n") + 1
    line = text[begin:]
    if line.count("`") % 2:
        line = line[: line.rfind("`")].rstrip("`")
    for _ in range(_ROUNDS):
        if not (half := _HALF.search(line, max(0, len(line) - _LONGEST_HALF))):
            break
        line = line[: half.start()]
    return text[:begin] + line


def _last(text: str) -> Fence | str:
    *_, last = "", *blocks(text)
    return last
