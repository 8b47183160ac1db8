"""A page of a PDF -> its lines of text in reading order, with their place and look, tables put together."""

from __future__ import annotations

import ctypes
import itertools
import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rag_core.ingest.loaders.pdf_tables import GAP, Piece, find_tables
from rag_core.ingest.loaders.writing import table

__all__ = ["OPEN", "Line", "read_lines"]

OPEN = "\u00ad"
"""Stands at the end of a line whose last word goes on in the next."""
_HYPHENS = "\x02\ufffe\u00ad"
"""How pdfium marks a hyphen at a line's end that is no part of the word, and the soft hyphen of Unicode."""
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_FIXED = re.compile(rb"courier|mono(?!type)|nimbusmon|consol|menlo|monaco|typewriter|cmtt|sftt|code", re.I)
_BOLD = re.compile(rb"bold|black|heavy|BX\d|[a-z]Bd\b", re.I)
_LIGATURES = {ord(sign): unicodedata.normalize("NFKC", sign) for sign in "ﬀﬁﬂﬃﬄﬅﬆ"}


@dataclass(slots=True)
class Line:
    """A line of text and its look. Places are in points, from the lower left corner of the page."""

    text: str
    left: float
    right: float
    top: float
    bottom: float
    size: float
    font: bytes
    bold: bool
    ends_early: bool = False
    """Whether the next word would have fitted: what follows is not the same running text."""
    level: int | None = None
    """Its level, if it is a heading."""
    table: str = ""
    """The table that stands here instead of a line, as Markdown."""


@dataclass(slots=True)
class _Stretch:
    """Signs of one line of pdfium's, each with its index on the page; a wide gap ends a stretch."""

    line: int
    signs: list[str]
    places: list[int]


def read_lines(text: Any) -> Iterator[Line]:
    """The lines of a page as pdfium breaks them, and the tables. A hyphenated word stays open at its line's end."""
    stretches = list(_stretches(text))
    pieces = [_piece(text, stretch) for stretch in stretches]
    at = 0
    for found in find_tables(pieces):
        yield from _joined_lines(text, stretches[at : found.start])
        yield _table_line(pieces[found.start], found.rows)
        at = found.end
    yield from _joined_lines(text, stretches[at:])


def _joined_lines(text: Any, stretches: list[_Stretch]) -> Iterator[Line]:
    for _, group in itertools.groupby(stretches, lambda stretch: stretch.line):
        parts = list(group)
        signs = [sign for part in parts for sign in part.signs]
        yield _line(text, signs, [place for part in parts for place in part.places])


def _table_line(first: Piece, rows: list[list[list[str]]]) -> Line:
    written = table([[_one_line(cell) for cell in row] for row in rows])
    return Line("", first.left, first.right, first.top, first.bottom, first.size, b"", False, table=written)


def _one_line(lines: list[str]) -> str:
    """The lines of a cell as one, a word hyphenated at a line's end whole again."""
    return " ".join(line.strip() for line in lines).replace(f"{OPEN} ", "").rstrip(OPEN)


def _stretches(text: Any) -> Iterator[_Stretch]:
    for number, (signs, places) in enumerate(_broken(text)):
        start = 0
        for end in _wide_gaps(text, signs, places):
            yield _Stretch(number, signs[start:end], places[start:end])
            start = end
        yield _Stretch(number, signs[start:], places[start:])


def _broken(text: Any) -> Iterator[tuple[list[str], list[int]]]:
    """The signs of each line that is not blank, and their indexes on the page."""
    import pypdfium2.raw as pdfium

    signs: list[str] = []
    places: list[int] = []
    for index in range(text.count_chars()):
        sign = chr(pdfium.FPDFText_GetUnicode(text, index))
        if sign not in "\r\n":
            signs.append(sign)
            places.append(index)
        elif signs:
            yield signs, places
            signs, places = [], []
    if signs:
        yield signs, places


def _wide_gaps(text: Any, signs: list[str], places: list[int]) -> Iterator[int]:
    """Where in a line a word stands apart from the one before: far to the right, or not right of it at all."""
    shown = [n for n, sign in enumerate(signs) if not sign.isspace()]
    if not shown or _RIGHT_TO_LEFT.search("".join(signs)):
        return
    size = _size(text, places[shown[len(shown) // 2]])
    for before, n in itertools.pairwise(shown):
        if n - before > 1 and _is_apart(_box(text, places[before]), _box(text, places[n]), size):
            yield n


def _is_apart(last: _Place, place: _Place, size: float) -> bool:
    beside = place[3] > last[2] and last[3] > place[2]
    return place[0] - last[1] > GAP * size or place[1] < last[0] or not beside


def _piece(text: Any, stretch: _Stretch) -> Piece:
    signs = zip(stretch.signs, stretch.places, strict=True)
    shown = [place for sign, place in signs if not sign.isspace()] or stretch.places
    left, right, bottom, top = _box(text, shown[0])
    end = _box(text, shown[-1])
    return Piece(
        text=_clean("".join(stretch.signs)),
        left=min(left, end[0]),
        right=max(right, end[1]),
        top=top,
        bottom=bottom,
        size=_size(text, shown[len(shown) // 2]),
        fixed=bool(_FIXED.search(_font(text, shown[0]))),
    )


def _line(text: Any, signs: list[str], places: list[int]) -> Line:
    shown = [place for sign, place in zip(signs, places, strict=True) if sign.isalnum()] or places
    first, middle, last = shown[0], shown[len(shown) // 2], shown[-1]
    left, right, bottom, top = _box(text, first)
    end = _box(text, last)
    return Line(
        text=_clean(_in_order(text, signs, places)),
        left=min(left, end[0]),
        right=max(right, end[1]),
        top=top,
        bottom=bottom,
        size=_size(text, middle),
        font=_font(text, first),
        bold=all(_is_bold(text, index) for index in (first, middle, last)),
    )


def _in_order(text: Any, signs: list[str], places: list[int]) -> str:
    """pdfium takes the Arabic ligature lam-alef apart in the wrong order; both letters share one place."""
    for n, (sign, after) in enumerate(itertools.pairwise(signs)):
        if after == "ل" and sign in "اأإآ" and _box(text, places[n]) == _box(text, places[n + 1]):
            signs[n], signs[n + 1] = after, sign
    return "".join(signs)


_Place = tuple[float, float, float, float]


def _box(text: Any, index: int) -> _Place:
    """Left, right, bottom and top of a character, as high as its font."""
    import pypdfium2.raw as pdfium

    box = pdfium.FS_RECTF()
    pdfium.FPDFText_GetLooseCharBox(text, index, box)
    return box.left, box.right, box.bottom, box.top


def _size(text: Any, index: int) -> float:
    """The size a character is set in. The font's own is often 1, and the matrix makes it large."""
    import pypdfium2.raw as pdfium

    matrix = pdfium.FS_MATRIX()
    scale = math.hypot(matrix.c, matrix.d) if pdfium.FPDFText_GetMatrix(text, index, matrix) else 1.0
    return round(float(pdfium.FPDFText_GetFontSize(text, index)) * (scale or 1.0), 1)


def _font(text: Any, index: int) -> bytes:
    import pypdfium2.raw as pdfium

    name = ctypes.create_string_buffer(128)
    pdfium.FPDFText_GetFontInfo(text, index, name, 128, ctypes.c_int())
    return bytes(name.value)


def _is_bold(text: Any, index: int) -> bool:
    import pypdfium2.raw as pdfium

    return bool(_BOLD.search(_font(text, index))) or pdfium.FPDFText_GetFontWeight(text, index) >= 600


def _clean(text: str) -> str:
    """Surrogates joined, ligatures and presentation forms as letters, hyphenation only at the end."""
    if any("\ud800" <= sign <= "\udfff" for sign in text):
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    text = text.translate(_LIGATURES)
    if any("\ufb50" <= sign <= "\ufefc" for sign in text):
        text = unicodedata.normalize("NFKC", text)
    ends_open = text.rstrip().endswith(tuple(_HYPHENS))
    text = "".join(sign for sign in text if sign not in _HYPHENS and (sign >= " " or sign == "\t"))
    return text.rstrip() + (OPEN if ends_open else "")
