"""Sheets -> what static/js/charts.js draws. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bots.admin.routes.analytics.sheets import Sheet

__all__ = ["Chart", "chart"]


@dataclass(frozen=True, slots=True)
class Chart:
    title: str
    said: str
    """What it shows, for those who do not see it."""
    spec: dict[str, Any]
    """As charts.js reads it: kind, unit, labels, and series of name, colour, values and, where they are, low and high."""
    sheet: Sheet
    """The same numbers."""


def chart(
    sheet: Sheet,
    title: str,
    said: str,
    columns: Sequence[tuple[str, str]],
    kind: Literal["line", "bar"] = "line",
) -> Chart:
    """Columns of a sheet, each with the name of a colour in admin.css, over its first one."""
    names = [column.name for column in sheet.columns]
    kinds = {sheet.columns[names.index(name)].kind for name, _ in columns}
    unit = "percent" if "share" in kinds else "ms" if "ms" in kinds else "count"
    series = [_series(sheet, names.index(name), colour) for name, colour in columns]
    spec = {"kind": kind, "unit": unit, "labels": [row[0] for row in sheet.rows], "series": series}
    return Chart(title, said, spec, sheet.only(names[0], *(name for name, _ in columns)))


def _series(sheet: Sheet, at: int, colour: str) -> dict[str, Any]:
    column, values = sheet.columns[at], [row[at] for row in sheet.rows]
    named: dict[str, Any] = {"name": column.name, "colour": colour}
    if column.kind != "share":
        return named | {"values": [None if value is None else round(value, 1) for value in values]}
    ends = ("value", "low", "high")
    parts = {
        end: [None if one is None else round(100 * getattr(one, end), 1) for one in values] for end in ends
    }
    return named | {"values": parts["value"], "low": parts["low"], "high": parts["high"]}
