"""Marks [n] of answers, numbered anew by the passages of an example. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["renumbered"]

_CODE = re.compile(r"(```.*?(?:```|\Z)|`[^`\n]*`)", re.DOTALL)
_MARK = re.compile(r"(\s*)(?<!\w)\[(\d{1,3})\](?!\()")


def renumbered(text: str, numbers: Mapping[int, int]) -> str:
    """The text with each mark as numbers has it; one that it has not is taken out. Code is left as it is."""

    def marked(match: re.Match[str]) -> str:
        number = numbers.get(int(match[2]))
        return f"{match[1]}[{number}]" if number else ""

    pieces = _CODE.split(text)
    return "".join(piece if n % 2 else _MARK.sub(marked, piece) for n, piece in enumerate(pieces)).strip()
