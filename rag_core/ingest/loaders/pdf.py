"""PDF by pdfium: the lines of its pages put together to paragraphs and headings."""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rag_core.errors import DocumentError
from rag_core.ingest.loaders.pdf_lines import OPEN, Line, read_lines
from rag_core.ingest.loaders.writing import (
    Loaded,
    escape_block,
    first_heading,
    heading,
    page_mark,
    squash,
)

__all__ = ["read_pdf"]

_SIGNS = "•▪◦●○■□☐❑➢–‣·\x80-\x9f\ue000-\uf8ff"
"""Bullets. In symbol fonts they have no letter's number, but a control's or one of the private area."""
_BULLET = re.compile(rf"\s*(?:[{_SIGNS}-]|\(?\d{{1,3}}[.)]|\(?[a-z][.)])\s+\S")
_BULLET_SIGN = re.compile(rf"^\s*[{_SIGNS}]\s*")
_REASONS = {4: "is encrypted", 5: "is encrypted in a way that is not supported"}
_NO_TITLE = re.compile(
    r"\.(?:docx?|pptx?|xlsx?|pdf|tex|dvi|indd|qxd)$|^untitled|^microsoft|^powerpoint", re.I
)
_HEADING_LENGTH = 150
_LARGER = 1.12
"""A line is a heading from this ratio to the size of most of the text on."""


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


def _pages(document: Any, max_chars: int) -> list[list[Line]]:
    pages: list[list[Line]] = []
    total = 0
    for number in range(len(document)):
        page = document[number]
        text = page.get_textpage()
        total += text.count_chars()
        if total > max_chars:
            raise DocumentError(f"holds more than {max_chars:,} characters")
        pages.append([line for line in read_lines(text) if line.table or line.text.strip()])
        text.close()
        page.close()
    return pages


def _markdown(pages: list[list[Line]]) -> str:
    _mark_headings(pages)
    parts: list[str] = []
    for number, page in enumerate(pages, 1):
        _mark_early_ends(page)
        parts += [page_mark(number), *map(_block, _blocks(page))]
    return "\n\n".join(parts) + "\n"


def _mark_headings(pages: list[list[Line]]) -> None:
    """By size against that of most of the text; bold lines that stand alone rank below the sizes."""
    counts: Counter[float] = Counter()
    for page in pages:
        for line in page:
            counts[line.size] += len(line.text) + len(line.table)
    body = counts.most_common(1)[0][0]
    levels = _levels([line for page in pages for line in page], body)
    for page in pages:
        before: Line | None = None
        for line in page:
            line.level = levels.get(line.size) if _is_larger(line, body) else None
            runs_on = before is not None and before.bold and before.level is None
            if line.level is None and line.size >= body * 0.97 and _stands_out(line) and not runs_on:
                line.level = min(max(levels.values(), default=1) + 1, 5)
            before = line


def _levels(lines: list[Line], body: float) -> dict[float, int]:
    """Heading levels by size, the largest first; sizes that nearly agree share one."""
    levels: dict[float, int] = {}
    level, largest = 0, math.inf
    for size in sorted({line.size for line in lines if _is_larger(line, body)}, reverse=True):
        if size < largest * 0.95:
            level, largest = level + 1, size
        levels[size] = min(level, 4)
    return levels


def _is_larger(line: Line, body: float) -> bool:
    return line.size >= body * _LARGER and len(line.text) <= _HEADING_LENGTH and _wordy(line.text)


def _stands_out(line: Line) -> bool:
    ends_open = line.text.rstrip().endswith((".", ",", ";", ":", OPEN))
    return line.bold and len(line.text) <= 80 and not ends_open and _wordy(line.text)


def _wordy(text: str) -> bool:
    """Letters enough for a heading, and no bullet before them; a chapter's number is none."""
    letters = sum(sign.isalpha() for sign in text)
    return letters >= max(2, len(text) * 0.5) and not (_BULLET.match(text) and not text.lstrip()[0].isdigit())


def _mark_early_ends(page: list[Line]) -> None:
    """A line ends early if it leaves room, up to the edge of its column, for the first word of the next."""
    for line, after in itertools.pairwise(page):
        word = len(after.text.split(" ", 1)[0]) + 1
        width = (line.right - line.left) / max(len(line.text), 1)
        line.ends_early = _column_edge(line, page) - line.right > word * width


def _column_edge(line: Line, page: list[Line]) -> float:
    """How far right most lines go that begin about where this one does; a few, as captions, go further."""
    column = [other for other in page if abs(other.left - line.left) < 100 and other.left < line.right]
    edges = sorted(other.right for other in column if other is line or not other.table)
    return edges[int(len(edges) * 0.85)]


def _blocks(page: list[Line]) -> Iterator[list[Line]]:
    group: list[Line] = []
    for line in page:
        if group and _starts_block(group[-1], line):
            yield group
            group = []
        group.append(line)
    if group:
        yield group


def _starts_block(last: Line, line: Line) -> bool:
    """Whether a line begins a paragraph: by level, a bullet, a gap, or another font after a short line."""
    if last.table or line.table:
        return True
    if last.text.endswith(OPEN):
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


def _block(group: list[Line]) -> str:
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


def _joined(group: list[Line]) -> str:
    """Running text on one line, a word hyphenated at a line's end whole again; tables and code by line."""
    text = group[0].text
    for last, line in itertools.pairwise(group):
        if text.endswith(OPEN):
            text = text[:-1] + line.text.lstrip()
        else:
            text += ("\n" if last.ends_early else " ") + line.text
    return HARD_BREAK.join(squash(row) for row in text.rstrip(OPEN).split("\n"))
