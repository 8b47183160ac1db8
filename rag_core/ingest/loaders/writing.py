"""The Markdown that every loader writes, so that the chunker reads one dialect. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = ["Loaded", "escape_block", "fence", "first_heading", "heading", "page_mark", "squash", "table"]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A document as Markdown.

    A heading whose source has an id ends in ` {#id}`. Each page or slide begins with a line
    `<!-- page N -->`, counted from 1. Tables are GFM pipe tables, code is fenced with its language where
    known, images are their alternative text, and there are no data: addresses. Markdown and plain text keep
    their line numbers.
    """

    title: str
    """From the document itself where it names one, else its first heading, else the file's name."""
    markdown: str
    plain: bool = False
    """Plain text: lists, tables and fences count; *, _, # and < stand for themselves."""
    lines: bool = False
    """Whether a line's number here is its number in the file."""


_ANCHOR = re.compile(r"[^\s{}]{1,200}")
_BLOCK_START = re.compile(r"^([ \t]*)(?=#{1,6}(?:\s|$)|```|~~~|<!--|={3,}\s*$|-{3,}\s*$|>\s)", re.M)
_HEADING = re.compile(r"^#{1,6}\s+(.*?)(?:\s+\{#[^}\s]+\})?\s*#*\s*$", re.M)


def squash(text: str) -> str:
    """The text on one line, single spaces between words."""
    return " ".join(text.split())


def heading(level: int, text: str, anchor: str | None = None) -> str:
    """A heading's line; an anchor that would break the attribute is left out."""
    line = f"{'#' * min(max(level, 1), 6)} {squash(text)}"
    return f"{line} {{#{anchor}}}" if anchor and _ANCHOR.fullmatch(anchor) else line


def page_mark(number: int) -> str:
    return f"<!-- page {number} -->"


def fence(code: str, language: str = "") -> str:
    """A fenced code block that nothing within the code can close."""
    longest = max((len(run) for run in re.findall(r"`{3,}", code)), default=2)
    ticks = "`" * (longest + 1)
    return f"{ticks}{language}\n{code.rstrip()}\n{ticks}"


def table(rows: Iterable[Sequence[str]]) -> str:
    """A pipe table; the first row is its header. Rows are made equally long; no rows give ''."""
    cells = [[squash(cell).replace("|", "\\|") for cell in row] for row in rows]
    width = max((len(row) for row in cells), default=0)
    if not width:
        return ""
    lines = ["| " + " | ".join(row + [""] * (width - len(row))) + " |" for row in cells]
    return "\n".join([lines[0], "|" + " --- |" * width, *lines[1:]])


def escape_block(text: str) -> str:
    """Plain text as Markdown: no line of it may start a heading, a quote, a fence or a comment."""
    return _BLOCK_START.sub(r"\1\\", text)


def first_heading(markdown: str) -> str:
    """The text of the first heading, or ''."""
    match = _HEADING.search(markdown)
    return match[1].strip() if match else ""
