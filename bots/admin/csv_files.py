"""Rows -> files of comma-separated values for spreadsheets: UTF-8 with a byte order mark, and nothing that they run."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from typing import Any

from fastapi.responses import StreamingResponse

__all__ = ["csv_file", "csv_lines"]

MARK = "\ufeff"
"""Without it Excel reads UTF-8 as the machine's old code page."""
RUN = ("=", "+", "-", "@", "\t", "\r", "\n")
"""A text that begins with one of these is a formula to some spreadsheet (OWASP, CSV injection)."""
AT_ONCE = 500
"""Rows that are written at once."""


def csv_lines(rows: Iterable[Sequence[Any]]) -> str:
    """Texts that a spreadsheet would run begin with an apostrophe."""
    out = io.StringIO()
    csv.writer(out).writerows([_cell(value) for value in row] for row in rows)
    return out.getvalue()


def csv_file(name: str, header: Sequence[str], rows: AsyncIterator[Sequence[Any]]) -> StreamingResponse:
    """A response that is sent as its rows come."""

    async def text() -> AsyncIterator[str]:
        yield MARK + csv_lines([header])
        batch: list[Sequence[Any]] = []
        async for row in rows:
            batch.append(row)
            if len(batch) == AT_ONCE:
                yield csv_lines(batch)
                batch = []
        yield csv_lines(batch)

    said = {"content-disposition": f'attachment; filename="{name}.csv"', "cache-control": "no-store"}
    return StreamingResponse(text(), media_type="text/csv; charset=utf-8", headers=said)


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str) and value.lstrip(" ").startswith(RUN):
        return f"'{value}"
    return value
