"""Jupyter notebooks (nbformat 4, and 3 where its cells are alike): prose, code, what the code printed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from rag_core.errors import DocumentError
from rag_core.ingest.loaders.html import page_markdown
from rag_core.ingest.loaders.plain import clean_markdown, read_text
from rag_core.ingest.loaders.writing import Loaded, fence, first_heading

__all__ = ["read_ipynb"]

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_MAX_OUTPUT = 20_000
"""Characters kept of one output: enough for a table or a trace, not a training log."""


def read_ipynb(path: Path) -> Loaded:
    """The cells in order; outputs as text or tables, never as pictures.

    Raises:
        DocumentError: it is not a notebook.
    """
    try:
        notebook = json.loads(read_text(path))
    except ValueError as error:
        raise DocumentError("is not a notebook: its JSON is damaged") from error
    if not isinstance(notebook, dict):
        raise DocumentError("is not a notebook")
    cells = notebook.get("cells") or list(
        chain(*(sheet["cells"] for sheet in notebook.get("worksheets", [])))
    )
    language = _language(notebook)
    markdown = "\n\n".join(part for cell in cells for part in _cell(cell, language) if part.strip()) + "\n"
    return Loaded(str(notebook.get("metadata", {}).get("title") or "") or first_heading(markdown), markdown)


def _language(notebook: dict[str, Any]) -> str:
    metadata = notebook.get("metadata", {})
    found = metadata.get("language_info", {}).get("name") or metadata.get("kernelspec", {}).get("language")
    return str(found or "python")


def _text(value: Any) -> str:
    return "".join(map(str, value)) if isinstance(value, list) else str(value or "")


def _cell(cell: dict[str, Any], language: str) -> Iterator[str]:
    source = _text(cell.get("source", cell.get("input")))
    if cell.get("cell_type") == "markdown":
        yield clean_markdown(source)
    elif source.strip():
        yield fence(source, language if cell.get("cell_type") == "code" else "")
    for output in cell.get("outputs", []):
        yield _output(output)


def _output(output: dict[str, Any]) -> str:
    data = output.get("data", {})
    if "text/markdown" in data:
        return clean_markdown(_text(data["text/markdown"]))
    if "<table" in (page := _text(data.get("text/html"))):
        return page_markdown(page[: _MAX_OUTPUT * 10]).markdown
    trace = "\n".join(map(str, output.get("traceback", [])))
    text = _COLOURS.sub("", _text(data.get("text/plain") or output.get("text")) or trace)
    return fence(text[:_MAX_OUTPUT]) if text.strip() else ""
