"""PDF by pdfium: lines with their place and size on the page, put together to paragraphs and headings."""

from __future__ import annotations

import ctypes
import itertools
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag_core.errors import DocumentError
from rag_core.ingest.loaders.pdf_tables import GAP, Piece, find_tables
from rag_core.ingest.loaders.writing import (
    Loaded,
    escape_block,
    first_heading,
    heading,
    page_mark,
    squash,
    table,
)

__all__ = ["read_pdf"]

_OPEN = "\u00ad"
"""Stands at the end of a line whose last word goes on in the next."""
_HYPHENS = "\x02\ufffe\u00ad"
"""How pdfium marks a hyphen at a line's end that is no part of the word, and the soft hyphen of Unicode."""
_SIGNS = "•▪◦●○■□☐❑➢–‣·\x80-\x9f\ue000-\uf8ff"
"""Bullets. In symbol fonts they have no letter's number, but a control's or one of the private area."""
_BULLET = re.compile(rf"\s*(?:[{_SIGNS}-]|\(?\d{{1,3}}[.)]|\(?[a-z][.)])\s+\S")
_BULLET_SIGN = re.compile(rf"^\s*[{_SIGNS}]\s*")
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_FIXED = re.compile(rb"courier|mono(?!type)|nimbusmon|consol|menlo|monaco|typewriter|cmtt|sftt|code", re.I)
_BOLD = re.compile(rb"bold|black|heavy|BX\d|[a-z]Bd\b", re.I)
_LIGATURES = {ord(sign): unicodedata.normalize("NFKC", sign) for sign in "ﬀﬁﬂﬃﬄﬅﬆ"}
_REASONS = {4: "is encrypted", 5: "is encrypted in a way that is not supported"}
_NO_TITLE = re.compile(
    r"\.(?:docx?|pptx?|xlsx?|pdf|tex|dvi|indd|qxd)$|^untitled|^microsoft|^powerpoint", re.I
)
_HEADING_LENGTH = 150
_LARGER = 1.12
"""A line is a heading from this ratio to the size of most of the text on."""


@dataclass(slots=True)
class _Line:
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


def read_pdf(path: Path, max_chars: int) -> Loaded:
    """The pages in the order of their content, each behind its page mark.

    Raises:
        DocumentError: it is damaged, encrypted, without a text layer, or longer than max_chars.
    """
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        reason = _REASONS.get(getattr(error, "err_code", None) or 0, "is a damaged PDF file")
        raise DocumentError(reason) from error
    try:
        pages = _pages(document, max_chars)
        title = squash(document.get_metadata_value("Title"))
    finally:
        document.close()
    if not any(pages):
        raise DocumentError("has no text layer: its pages are pictures")
    markdown = _markdown(pages)
    return Loaded(title if _is_title(title) else first_heading(markdown), markdown)


def _is_title(title: str) -> bool:
    """Word processors put the name of the file there, or 'Microsoft Word - draft.doc'."""
    return bool(title) and not _NO_TITLE.search(title)


def _pages(document: Any, max_chars: int) -> list[list[_Line]]:
    pages: list[list[_Line]] = []
    total = 0
    for number in range(len(document)):
        page = document[number]
        text = page.get_textpage()
        total += text.count_chars()
        if total > max_chars:
            raise DocumentError(f"holds more than {max_chars:,} characters")
        pages.append([line for line in _lines(text) if line.table or line.text.strip()])
        text.close()
        page.close()
    return pages


def _lines(text: Any) -> Iterator[_Line]:
    """The lines of a page as pdfium breaks them, and the tables. A hyphenated word stays open at its line's end."""
    stretches = list(_stretches(text))
    pieces = [_piece(text, stretch) for stretch in stretches]
    at = 0
    for found in find_tables(pieces):
        yield from _joined_lines(text, stretches[at : found.start])
        yield _table_line(pieces[found.start], found.rows)
        at = found.end
    yield from _joined_lines(text, stretches[at:])


def _joined_lines(text: Any, stretches: list[_Stretch]) -> Iterator[_Line]:
    for _, group in itertools.groupby(stretches, lambda stretch: stretch.line):
        parts = list(group)
        signs = [sign for part in parts for sign in part.signs]
        yield _line(text, signs, [place for part in parts for place in part.places])


def _table_line(first: Piece, rows: list[list[list[str]]]) -> _Line:
    written = table([[_one_line(cell) for cell in row] for row in rows])
    return _Line("", first.left, first.right, first.top, first.bottom, first.size, b"", False, table=written)


def _one_line(lines: list[str]) -> str:
    """The lines of a cell as one, a word hyphenated at a line's end whole again."""
    return " ".join(line.strip() for line in lines).replace(f"{_OPEN} ", "").rstrip(_OPEN)


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


def _line(text: Any, signs: list[str], places: list[int]) -> _Line:
    shown = [place for sign, place in zip(signs, places, strict=True) if sign.isalnum()] or places
    first, middle, last = shown[0], shown[len(shown) // 2], shown[-1]
    left, right, bottom, top = _box(text, first)
    end = _box(text, last)
    return _Line(
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
    return text.rstrip() + (_OPEN if ends_open else "")


def _markdown(pages: list[list[_Line]]) -> str:
    _mark_headings(pages)
    parts: list[str] = []
    for number, page in enumerate(pages, 1):
        _mark_early_ends(page)
        parts += [page_mark(number), *map(_block, _blocks(page))]
    return "\n\n".join(parts) + "\n"


def _mark_headings(pages: list[list[_Line]]) -> None:
    """By size against that of most of the text; bold lines that stand alone rank below the sizes."""
    counts: Counter[float] = Counter()
    for page in pages:
        for line in page:
            counts[line.size] += len(line.text) + len(line.table)
    body = counts.most_common(1)[0][0]
    levels = _levels([line for page in pages for line in page], body)
    for page in pages:
        before: _Line | None = None
        for line in page:
            line.level = levels.get(line.size) if _is_larger(line, body) else None
            runs_on = before is not None and before.bold and before.level is None
            if line.level is None and line.size >= body * 0.97 and _stands_out(line) and not runs_on:
                line.level = min(max(levels.values(), default=1) + 1, 5)
            before = line


def _levels(lines: list[_Line], body: float) -> dict[float, int]:
    """Heading levels by size, the largest first; sizes that nearly agree share one."""
    levels: dict[float, int] = {}
    level, largest = 0, math.inf
    for size in sorted({line.size for line in lines if _is_larger(line, body)}, reverse=True):
        if size < largest * 0.95:
            level, largest = level + 1, size
        levels[size] = min(level, 4)
    return levels


def _is_larger(line: _Line, body: float) -> bool:
    return line.size >= body * _LARGER and len(line.text) <= _HEADING_LENGTH and _wordy(line.text)


def _stands_out(line: _Line) -> bool:
    ends_open = line.text.rstrip().endswith((".", ",", ";", ":", _OPEN))
    return line.bold and len(line.text) <= 80 and not ends_open and _wordy(line.text)


def _wordy(text: str) -> bool:
    """Letters enough for a heading, and no bullet before them; a chapter's number is none."""
    letters = sum(sign.isalpha() for sign in text)
    return letters >= max(2, len(text) * 0.5) and not (_BULLET.match(text) and not text.lstrip()[0].isdigit())


def _mark_early_ends(page: list[_Line]) -> None:
    """A line ends early if it leaves room, up to the edge of its column, for the first word of the next."""
    for line, after in itertools.pairwise(page):
        word = len(after.text.split(" ", 1)[0]) + 1
        width = (line.right - line.left) / max(len(line.text), 1)
        line.ends_early = _column_edge(line, page) - line.right > word * width


def _column_edge(line: _Line, page: list[_Line]) -> float:
    """How far right most lines go that begin about where this one does; a few, as captions, go further."""
    column = [other for other in page if abs(other.left - line.left) < 100 and other.left < line.right]
    edges = sorted(other.right for other in column if other is line or not other.table)
    return edges[int(len(edges) * 0.85)]


def _blocks(page: list[_Line]) -> Iterator[list[_Line]]:
    group: list[_Line] = []
    for line in page:
        if group and _starts_block(group[-1], line):
            yield group
            group = []
        group.append(line)
    if group:
        yield group


def _starts_block(last: _Line, line: _Line) -> bool:
    """Whether a line begins a paragraph: by level, a bullet, a gap, or another font after a short line."""
    if last.table or line.table:
        return True
    if last.text.endswith(_OPEN):
        return False
    if last.level != line.level or _BULLET.match(line.text):
        return True
    height = max(line.size, last.size, 1.0)
    gap = last.bottom - line.top
    if gap < -3 * height:  # back up: a column may end in the middle of a paragraph, a page number does not
        return len(last.text) < 25 or last.ends_early or last.text.endswith((".", ":", "!", "?"))
    if gap > height * 0.75:
        return True
    return last.ends_early and last.font != line.font


def _block(group: list[_Line]) -> str:
    if group[0].table:
        return group[0].table
    text = _joined(group)
    if group[0].level and len(text) <= _HEADING_LENGTH * 2:
        return heading(group[0].level, text)
    if _BULLET_SIGN.match(text):
        return "- " + _BULLET_SIGN.sub("", text)
    return escape_block(text)


HARD_BREAK = "  \n"
"""Markdown's: the lines stay lines."""


def _joined(group: list[_Line]) -> str:
    """Running text on one line, a word hyphenated at a line's end whole again; tables and code by line."""
    text = group[0].text
    for last, line in itertools.pairwise(group):
        if text.endswith(_OPEN):
            text = text[:-1] + line.text.lstrip()
        else:
            text += ("\n" if last.ends_early else " ") + line.text
    return HARD_BREAK.join(squash(row) for row in text.rstrip(_OPEN).split("\n"))
