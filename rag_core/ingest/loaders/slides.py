"""PowerPoint presentations by python-pptx: slide by slide, in the order in which the shapes are read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

from rag_core.ingest.loaders.writing import (
    Loaded,
    escape_block,
    first_heading,
    heading,
    page_mark,
    squash,
    table,
)

__all__ = ["read_pptx"]


def read_pptx(path: Path) -> Loaded:
    """Each slide behind its page mark: title as heading, text, lists, tables, the data of charts, notes."""
    from pptx import Presentation

    presentation = Presentation(str(path))
    parts: list[str] = []
    for number, slide in enumerate(presentation.slides, 1):
        parts += [page_mark(number), *_slide(slide)]
    markdown = "\n\n".join(parts) + "\n"
    return Loaded(squash(presentation.core_properties.title or "") or first_heading(markdown), markdown)


def _slide(slide: Any) -> Iterator[str]:
    title = slide.shapes.title
    if title is not None and title.text_frame.text.strip():
        yield heading(1, title.text_frame.text)
    for shape in _ordered(slide.shapes):
        if title is None or shape.shape_id != title.shape_id:
            yield from _shape(shape)
    if slide.has_notes_slide and (frame := slide.notes_slide.notes_text_frame) and frame.text.strip():
        yield f"Notes: {escape_block(squash(frame.text))}"


def _ordered(shapes: Iterable[Any]) -> list[Any]:
    """Top to bottom, then left to right; placeholders without a place of their own first."""
    return sorted(shapes, key=lambda shape: (shape.top or 0, shape.left or 0))


def _shape(shape: Any) -> Iterator[str]:
    if hasattr(shape, "shapes"):
        for member in _ordered(shape.shapes):
            yield from _shape(member)
    elif getattr(shape, "has_table", False):
        yield table(_rows(shape.table))
    elif getattr(shape, "has_chart", False):
        yield from _chart(shape.chart)
        yield from filter(None, [_description(shape)])
    elif shape.has_text_frame:
        yield from _text(shape.text_frame)
    elif description := _description(shape):
        yield description


def _rows(grid: Any) -> Iterator[list[str]]:
    """The rows of a table; a merged cell is repeated, so that each row can be read alone."""
    merged: dict[tuple[int, int], str] = {}
    for r, row in enumerate(grid.rows):
        cells: list[str] = []
        for c, cell in enumerate(row.cells):
            text = merged.get((r, c), cell.text)
            if cell.is_merge_origin:
                covered = product(range(r, r + cell.span_height), range(c, c + cell.span_width))
                merged.update(dict.fromkeys(covered, text))
            cells.append(text)
        yield cells


def _chart(chart: Any) -> Iterator[str]:
    """A chart as the table behind it. Read from its XML: python-pptx knows no three-dimensional ones."""
    space = chart._chartSpace
    if title := squash(" ".join(space.xpath("c:chart/c:title//a:t/text()"))):
        yield title
    series = space.xpath("c:chart/c:plotArea//c:ser")
    labels = _points(series[0], "cat") or _points(series[0], "xVal") if series else {}
    columns = [(_points(one, "tx"), _points(one, "val") or _points(one, "yVal")) for one in series]
    rows = [["", *(name.get(0, "") for name, _ in columns)]]
    for number in sorted(set(labels).union(*(values for _, values in columns))):
        rows.append([labels.get(number, ""), *(values.get(number, "") for _, values in columns)])
    if len(rows) > 1:
        yield table(rows)


def _points(series: Any, kind: str) -> dict[int, str]:
    """The values that a chart keeps of one of its series, by their number."""
    found = series.xpath(f"c:{kind}//c:pt")
    return {int(point.get("idx", "0")): squash("".join(point.itertext())) for point in found}


def _text(frame: Any) -> Iterator[str]:
    """The paragraphs of a shape; those below the first level, or with a bullet or number, as a list."""
    lines: list[str] = []
    for paragraph in frame.paragraphs:
        text = squash(paragraph.text)
        if text and (mark := _mark(paragraph)):
            lines.append(f"{'   ' * paragraph.level}{mark.format(len(lines) + 1)} {text}")
        elif text:
            if lines:
                yield "\n".join(lines)
                lines = []
            yield escape_block(text)
    if lines:
        yield "\n".join(lines)


def _mark(paragraph: Any) -> str:
    """The sign of a list item as a format of its number; '' for text."""
    properties = paragraph._p.pPr
    marks = "" if properties is None else " ".join(str(child.tag) for child in properties)
    if "buAutoNum" in marks:
        return "{}."
    return "-" if paragraph.level > 0 or "buChar" in marks else ""


def _description(shape: Any) -> str:
    """The alternative text of a picture, unless it is the name of its file."""
    text = squash(shape._element.xpath("string(.//p:cNvPr/@descr)"))
    return "" if text.lower().endswith((".png", ".jpg", ".jpeg", ".gif", ".svg", ".emf")) else text
