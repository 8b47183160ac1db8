"""Markdown -> sections of pieces, the smallest things that chunking moves. Pure.

Conventions of the Markdown that the loaders make: '## Title {#anchor}' and, on a line of its own, '<!-- page 3 -->'.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

from rag_core.ingest.sentences import sentence_spans
from rag_core.types import Place

__all__ = ["Piece", "Section", "read_sections"]

_ANCHOR = re.compile(r"\s*\{#([^}\s]+)[^}]*\}\s*$")
_PAGE = re.compile(r"^\s*<!-- page (\d+) -->\s*$")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_TAG = re.compile(r"</?[A-Za-z][^>]*>")
_HARD_BREAK = "\u2028"
_MAX_NESTING = 100
"""Two for each level of a list; what is nested deeper, the parser leaves out. Its own default is 20."""


@dataclass(frozen=True, slots=True)
class Piece:
    """The smallest thing that packing moves: a sentence, a list item, a table row, a code block."""

    text: str
    glue: str
    """What stands between this piece and the one before, when both are in one chunk."""
    line: int
    tokens: int = 0
    prefix: str = ""
    """Repeated when a chunk begins with this piece: the head of a table."""
    code: int = 0
    """The line on which a block's code begins; 0 for anything else. Code that alone is too large is divided between
    its lines and fenced again, anything else between its words."""


@dataclass(frozen=True, slots=True)
class Section:
    headings: tuple[str, ...]
    place: Place
    pieces: list[Piece]


def read_sections(markdown: str, *, plain: bool = False) -> Iterator[Section]:
    """The sections of a document in reading order.

    plain: plain text, in which lists, tables and fences count, but *, _, #, < and indentation stand for themselves.
    """
    return _sections(_parser(plain).parse(markdown))


@cache
def _parser(plain: bool) -> MarkdownIt:
    options = {"maxNesting": _MAX_NESTING}
    if plain:
        return MarkdownIt("zero", options).enable(["fence", "list", "table", "newline"])
    return MarkdownIt("commonmark", options).enable("table")


def _sections(tokens: list[Token]) -> Iterator[Section]:
    """One section for each heading that has text below it, and for each page that begins within it."""
    path: list[tuple[int, str]] = []
    anchor: str | None = None
    page: int | None = None
    slugs: dict[str, int] = {}
    pieces: list[Piece] = []
    line = 1

    def section() -> Section:
        headings = tuple(text for _, text in path)
        return Section(headings, Place(line=None if page else line, page=page, anchor=anchor), pieces)

    for start, block in _blocks(tokens):
        token = block[0]
        if token.type == "heading_open" or (marker := _page_marker(token)):
            if pieces:
                yield section()
                pieces = []
            if token.type == "heading_open":
                text, given = _heading(block[1])
                level = int(token.tag[1])
                path = [*(entry for entry in path if entry[0] < level), (level, text)] if text else path
                anchor = given or _slug(text, slugs)
            else:
                page = marker
            line = start + 1
            continue
        found = list(_pieces(block, start + 1))
        if found and not pieces and (not path or page):
            line = start + 1
        pieces.extend(found)
    if pieces:
        yield section()


def _blocks(tokens: list[Token]) -> Iterator[tuple[int, list[Token]]]:
    """The top-level blocks of a document with their first line, counted from 0."""
    begin = 0
    depth = 0
    for i, token in enumerate(tokens):
        depth += token.nesting
        if depth == 0:
            block = tokens[begin : i + 1]
            yield (block[0].map[0] if block[0].map else 0), block
            begin = i + 1


def _page_marker(token: Token) -> int | None:
    match = _PAGE.match(token.content) if token.type == "html_block" else None
    return int(match[1]) if match else None


def _heading(inline: Token) -> tuple[str, str | None]:
    text = " ".join(_inline(inline).split())
    match = _ANCHOR.search(text)
    return (text[: match.start()].strip(), match[1]) if match else (text, None)


def _slug(text: str, taken: dict[str, int]) -> str | None:
    """The anchor that GitHub and most renderers give a heading."""
    slug = re.sub(r"[^\w\- ]", "", text.lower()).strip().replace(" ", "-")
    if not slug:
        return None
    taken[slug] = taken.get(slug, -1) + 1
    return f"{slug}-{taken[slug]}" if taken[slug] else slug


def _inline(token: Token) -> str:
    """The text of a paragraph: links and images reduced to their words, emphasis dropped, code kept in backticks.

    Where a line of the source ends, there is a line end in it, and where a line must end, a _HARD_BREAK.
    """
    parts: list[str] = []
    for child in token.children or []:
        if child.type == "code_inline":
            parts.append(_code_span(child.content))
        elif child.type == "softbreak":
            parts.append("\n")
        elif child.type == "hardbreak":
            parts.append(_HARD_BREAK + "\n")
        elif child.type in ("text", "image"):
            parts.append(child.content)
        elif child.type == "html_inline" and child.content.lower().startswith("<br"):
            parts.append(_HARD_BREAK)
    return "".join(parts)


def _code_span(code: str) -> str:
    marks = _backticks(code, least=1)
    space = " " if len(marks) > 1 else ""
    return f"{marks}{space}{code}{space}{marks}"


def _backticks(code: str, least: int) -> str:
    """More of them than stand together anywhere in the code."""
    return "`" * max(least, 1 + max((len(run) for run in re.findall(r"`+", code)), default=0))


def _pieces(block: list[Token], line: int) -> Iterator[Piece]:
    kind = block[0].type
    if kind in ("fence", "code_block"):
        yield from _code(block[0], "", line)
    elif kind == "table_open":
        yield from _table(block, line)
    elif kind in ("bullet_list_open", "ordered_list_open"):
        yield from _list(block, "", line)
    elif kind == "paragraph_open":
        yield from _paragraph(_inline(block[1]), line)
    elif kind == "blockquote_open":
        for start, inner in _blocks(block[1:-1]):
            yield from _pieces(inner, start + 1)
    elif kind == "heading_open":
        yield from _paragraph(_heading(block[1])[0], line)
    elif kind == "html_block":
        yield from _paragraph(_TAG.sub(" ", _COMMENT.sub(" ", block[0].content)), line)


def _paragraph(text: str, line: int) -> Iterator[Piece]:
    glue = "\n\n"
    for row in text.split(_HARD_BREAK):
        starts: list[int] = []
        lines: list[int] = []
        joined = ""
        for number, words in enumerate((" ".join(part.split()) for part in row.split("\n")), start=line):
            if words:
                joined += " " if joined else ""
                starts.append(len(joined))
                lines.append(number)
                joined += words
        for a, b in sentence_spans(joined):
            yield Piece(joined[a:b], glue, lines[bisect_right(starts, a) - 1])
            glue = " "
        glue = "\n"
        line += row.count("\n")


def _code(token: Token, indent: str, line: int) -> Iterator[Piece]:
    body = token.content.rstrip("\n")
    if body.strip():
        fence = _backticks(body, least=3)
        language = token.info.split()[0] if token.info.strip() else ""
        text = "\n".join(indent + row for row in [fence + language, *body.split("\n"), fence])
        yield Piece(text, "\n" if indent else "\n\n", line, code=line + 1 if token.type == "fence" else line)


def _table(block: list[Token], line: int) -> Iterator[Piece]:
    rows: list[list[str]] = []
    lines: list[int] = []
    for token in block:
        if token.type == "tr_open":
            rows.append([])
            lines.append(token.map[0] + 1 if token.map else line)
        elif token.type == "inline":
            rows[-1].append(" ".join(_inline(token).split()).replace("|", "\\|"))
    head = f"{_row(rows[0])}\n{_row(['---'] * len(rows[0]))}\n"
    if len(rows) == 1:
        yield Piece(head.rstrip("\n"), "\n\n", line)
    for i, row in enumerate(rows[1:], start=1):
        yield Piece(_row(row), "\n\n" if i == 1 else "\n", lines[i], prefix=head)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _list(block: list[Token], indent: str, line: int) -> Iterator[Piece]:
    """Each item with what belongs to it; the items of a nested list are pieces of their own, indented."""
    ordered = block[0].type == "ordered_list_open"
    first = block[0].attrGet("start")
    number = 1 if first is None else int(first)
    for n, (start, item) in enumerate(_blocks(block[1:-1])):
        mark = f"{number + n}. " if ordered else "- "
        yield from _item(item, indent + mark, indent + " " * len(mark), start + 1)


def _item(item: list[Token], lead: str, inside: str, line: int) -> Iterator[Piece]:
    for start, inner in _blocks(item[1:-1]):
        kind = inner[0].type
        if kind == "paragraph_open":
            text = " ".join(_inline(inner[1]).split())
            if text:
                yield Piece(lead + text, "\n", start + 1)
            lead = inside
        elif kind in ("bullet_list_open", "ordered_list_open"):
            yield from _list(inner, inside, start + 1)
        elif kind in ("fence", "code_block"):
            yield from _code(inner[0], inside, start + 1)
        else:
            yield from _pieces(inner, start + 1)
