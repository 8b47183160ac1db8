"""Tables, which Discord does not have, as aligned columns. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from adapters.discord.showing.escaping import length

__all__ = ["Table", "as_code"]

_WIDEST = 60
"""Columns of letters that stand side by side on most screens."""
_LONGEST = 1_300
"""Characters of a part: with as much again before it a message is not yet full."""
_LONGEST_CELL = 120
_GAP = "  "


@dataclass(frozen=True, slots=True)
class Table:
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    right: Sequence[bool]
    """Of each column, whether it is aligned to the right."""


def as_code(table: Table) -> list[str] | None:
    """The table in parts, each with the head, to be shown in letters of one width; None where it is too wide for that."""
    rows = [[" ".join(cell.split()) for cell in row] for row in (table.head, *table.rows)]
    widths = [max(map(_width, column)) for column in zip(*rows, strict=False)]
    if sum(widths) + len(_GAP) * (len(widths) - 1) > _WIDEST:
        return None
    if max(length(cell) for row in rows for cell in row) > _LONGEST_CELL:
        return None
    head, *lines = [_line(row, widths, table.right) for row in rows]
    top = f"{head}\n{_GAP.join('─' * width for width in widths)}"
    parts = [top]
    for line in lines:
        if length(parts[-1]) + length(line) > _LONGEST:
            parts.append(top)
        parts[-1] += f"\n{line}"
    return parts


def _line(row: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    cells = []
    for cell, width, is_right in zip(row, widths, right, strict=False):
        space = " " * (width - _width(cell))
        cells.append(space + cell if is_right else cell + space)
    return _GAP.join(cells).rstrip()


def _width(text: str) -> int:
    """Columns that it takes: letters of East Asia and emoji two, combining marks none."""
    return sum(
        0 if unicodedata.category(c) in ("Mn", "Me", "Cf") else 1 + (unicodedata.east_asian_width(c) in "WF")
        for c in text
    )
