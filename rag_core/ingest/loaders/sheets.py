"""Spreadsheets and delimited text as tables, row by row, so that memory grows with their text only."""

from __future__ import annotations

import csv
import datetime
import io
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from rag_core.errors import DocumentError
from rag_core.ingest.loaders.plain import read_text
from rag_core.ingest.loaders.writing import Loaded, heading, table

__all__ = ["read_csv", "read_xlsx"]

_MAX_COLUMNS = 1000


def read_xlsx(path: Path, max_chars: int) -> Loaded:
    """Each visible sheet that holds something: its name as a heading, then its cells as last calculated.

    Raises:
        DocumentError: it holds more than max_chars characters.
    """
    import openpyxl

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl tells of styles and extensions that it leaves out
        book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
        try:
            parts: list[str] = []
            for sheet in book.worksheets:
                if sheet.sheet_state == "visible" and (rows := _rows(sheet, max_chars)):
                    parts += [heading(2, sheet.title), table(rows)]
                    max_chars -= len(parts[-1])
            title = book.properties.title or ""
        finally:
            book.close()
    return Loaded(title, "\n\n".join(parts) + "\n")


def _rows(sheet: Any, max_chars: int) -> list[list[str]]:
    sheet.reset_dimensions()  # the declared ones may be wrong, or a million rows of nothing
    values = sheet.iter_rows(values_only=True, max_col=_MAX_COLUMNS)
    return _limited(([_cell(value) for value in row] for row in values), max_chars)


def _limited(rows: Iterable[list[str]], max_chars: int) -> list[list[str]]:
    """The rows without empty ones and empty cells at their ends, refused once they are too much."""
    kept: list[list[str]] = []
    total = 0
    for row in rows:
        while row and not row[-1].strip():
            row.pop()
        total += sum(map(len, row)) + 3 * len(row)
        if total > max_chars:
            raise DocumentError(f"holds more than {max_chars:,} characters")
        if row:
            kept.append(row)
    return kept


def _cell(value: Any) -> str:
    """A cell's value as a spreadsheet shows it, without times of midnight and needless decimals."""
    if value is None:
        return ""
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    if isinstance(value, float):
        return f"{value:.15g}"
    return str(value)


def read_csv(path: Path, suffix: str, max_chars: int) -> Loaded:
    """Delimited text as one table, whichever delimiter it uses.

    Raises:
        DocumentError: it is not text, not a table, or holds more than max_chars characters.
    """
    text = read_text(path)
    try:
        rows = _limited(_records(text, suffix), max_chars)
    except csv.Error as error:
        raise DocumentError(f"is not a table that can be read ({error})") from error
    return Loaded("", table(rows) + "\n")


def _records(text: str, suffix: str) -> Iterator[list[str]]:
    csv.field_size_limit(10_000_000)
    return iter(csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text, suffix)))


def _delimiter(text: str, suffix: str) -> str:
    """The sign that splits the first records most evenly into most columns."""
    if suffix == ".tsv":
        return "\t"
    sample = text[:65536].split("\n")[:20]
    return max(",;\t|", key=lambda sign: _evenness(sample, sign))


def _evenness(sample: list[str], sign: str) -> tuple[float, int]:
    widths = [len(row) for row in csv.reader(sample, delimiter=sign) if row]
    usual = max(set(widths), key=widths.count, default=1)
    return (0.0, 0) if usual < 2 else (widths.count(usual) / len(widths), usual)
