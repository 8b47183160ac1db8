"""Markdown -> chunks that fit the embedder's window. Pure: no files, no model; tokens are counted by a given function.

Chunks follow the headings, and a chunk never spans two sections. A code block or table row is never cut, unless it
alone is larger than the window: then code is divided between its lines and fenced again, a row between its words.
Conventions of the Markdown that the loaders make: '## Title {#anchor}' and, on a line of its own, '<!-- page 3 -->'.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

from rag_core.ingest.sentences import Span, sentence_spans
from rag_core.types import Place

__all__ = ["Chunk", "CountTokens", "chunk_markdown"]

CountTokens = Callable[[Sequence[str]], list[int]]
"""How many tokens each text has."""

HEADER_SHARE = 0.25
"""The most of the window that title and headings may take."""
_ANCHOR = re.compile(r"\s*\{#([^}\s]+)[^}]*\}\s*$")
_PAGE = re.compile(r"^\s*<!-- page (\d+) -->\s*$")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_TAG = re.compile(r"</?[A-Za-z][^>]*>")
_HARD_BREAK = "\u2028"
_MAX_NESTING = 100
"""Two for each level of a list; what is nested deeper, the parser leaves out. Its own default is 20."""


@dataclass(frozen=True, slots=True)
class Chunk:
    text: str
    header: str
    """Document title and heading path; goes before the text into the embedding and the keyword index."""
    headings: tuple[str, ...]
    place: Place
    units: tuple[Span, ...]
    """Character ranges in text that an answer can quote: sentences, list items, table rows, code blocks."""

    @property
    def whole(self) -> str:
        return f"{self.header}\n{self.text}" if self.header else self.text


@dataclass(frozen=True, slots=True)
class _Piece:
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
class _Section:
    headings: tuple[str, ...]
    place: Place
    pieces: list[_Piece]


def chunk_markdown(
    markdown: str, title: str, room: int, count: CountTokens, *, plain: bool = False
) -> list[Chunk]:
    """Divide a document.

    title: the document's; becomes the first line of every header.
    room: the most tokens that header and text together may have.
    plain: plain text, in which lists, tables and fences count, but *, _, #, < and indentation stand for themselves.

    Returns chunks in reading order, none empty, none above room.
    """
    chunks: list[Chunk] = []
    for section in _sections(_parser(plain).parse(markdown)):
        header = _header(title, section.headings, int(room * HEADER_SHARE), count)
        # The token of the line break between header and text is free in most tokenizers, but not in all.
        budget = room - count([header])[0] - 1 if header else room
        for n, pieces in enumerate(_packed(section.pieces, budget, count)):
            place = section.place
            if n and place.line is not None:
                place = replace(place, line=pieces[0].line)
            chunks.append(_chunk(pieces, header, section.headings, place))
    return _within(chunks, room, count)


def _within(chunks: list[Chunk], room: int, count: CountTokens) -> list[Chunk]:
    """Counted once more as a whole: a tokenizer may need more for a text than for the sum of its parts."""
    kept: list[Chunk] = []
    for chunk, tokens in zip(chunks, count([c.whole for c in chunks]), strict=True):
        if tokens <= room:
            kept.append(chunk)
            continue
        spare = room - count([chunk.header])[0] - 1
        for text in _halves(chunk.text, spare, count):
            kept.append(replace(chunk, text=text, units=((0, len(text)),)))
    return kept


def _halves(text: str, budget: int, count: CountTokens) -> list[str]:
    words = text.split(" ")
    if count([text])[0] <= budget or len(text) < 2:
        return [text]
    if len(words) == 1:
        middle = len(text) // 2
        parts = [text[:middle], text[middle:]]
    else:
        middle = len(words) // 2
        parts = [" ".join(words[:middle]), " ".join(words[middle:])]
    return [half for part in parts if part.strip() for half in _halves(part, budget, count)]


# --- Markdown -> sections of pieces ------------------------------------------------------------------------------


@cache
def _parser(plain: bool) -> MarkdownIt:
    options = {"maxNesting": _MAX_NESTING}
    if plain:
        return MarkdownIt("zero", options).enable(["fence", "list", "table", "newline"])
    return MarkdownIt("commonmark", options).enable("table")


def _sections(tokens: list[Token]) -> Iterator[_Section]:
    """One section for each heading that has text below it, and for each page that begins within it."""
    path: list[tuple[int, str]] = []
    anchor: str | None = None
    page: int | None = None
    slugs: dict[str, int] = {}
    pieces: list[_Piece] = []
    line = 1

    def section() -> _Section:
        headings = tuple(text for _, text in path)
        return _Section(headings, Place(line=None if page else line, page=page, anchor=anchor), pieces)

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


def _pieces(block: list[Token], line: int) -> Iterator[_Piece]:
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


def _paragraph(text: str, line: int) -> Iterator[_Piece]:
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
            yield _Piece(joined[a:b], glue, lines[bisect_right(starts, a) - 1])
            glue = " "
        glue = "\n"
        line += row.count("\n")


def _code(token: Token, indent: str, line: int) -> Iterator[_Piece]:
    body = token.content.rstrip("\n")
    if body.strip():
        fence = _backticks(body, least=3)
        language = token.info.split()[0] if token.info.strip() else ""
        text = "\n".join(indent + row for row in [fence + language, *body.split("\n"), fence])
        yield _Piece(text, "\n" if indent else "\n\n", line, code=line + 1 if token.type == "fence" else line)


def _table(block: list[Token], line: int) -> Iterator[_Piece]:
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
        yield _Piece(head.rstrip("\n"), "\n\n", line)
    for i, row in enumerate(rows[1:], start=1):
        yield _Piece(_row(row), "\n\n" if i == 1 else "\n", lines[i], prefix=head)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _list(block: list[Token], indent: str, line: int) -> Iterator[_Piece]:
    """Each item with what belongs to it; the items of a nested list are pieces of their own, indented."""
    ordered = block[0].type == "ordered_list_open"
    first = block[0].attrGet("start")
    number = 1 if first is None else int(first)
    for n, (start, item) in enumerate(_blocks(block[1:-1])):
        mark = f"{number + n}. " if ordered else "- "
        yield from _item(item, indent + mark, indent + " " * len(mark), start + 1)


def _item(item: list[Token], lead: str, inside: str, line: int) -> Iterator[_Piece]:
    for start, inner in _blocks(item[1:-1]):
        kind = inner[0].type
        if kind == "paragraph_open":
            text = " ".join(_inline(inner[1]).split())
            if text:
                yield _Piece(lead + text, "\n", start + 1)
            lead = inside
        elif kind in ("bullet_list_open", "ordered_list_open"):
            yield from _list(inner, inside, start + 1)
        elif kind in ("fence", "code_block"):
            yield from _code(inner[0], inside, start + 1)
        else:
            yield from _pieces(inner, start + 1)


# --- pieces -> chunks --------------------------------------------------------------------------------------------


def _header(title: str, headings: tuple[str, ...], limit: int, count: CountTokens) -> str:
    """Title and heading path; of a path too long the innermost headings stay, as they say most."""
    names = [" ".join(name.split()) for name in (title, *headings)]
    names = [name for i, name in enumerate(names) if name and name not in names[:i]]
    while len(names) > 1 and count([" > ".join(names)])[0] > limit:
        del names[1 if len(names) > 2 else 0]
    header = " > ".join(names)
    while header and count([header])[0] > limit:
        header = (
            header[: len(header) * 3 // 4].rsplit(" ", 1)[0] if " " in header else header[: len(header) // 2]
        )
    return header


def _packed(pieces: list[_Piece], budget: int, count: CountTokens) -> Iterator[list[_Piece]]:
    """Groups of pieces within the budget, of about equal size: two halves search better than a whole and a crumb."""
    sized = _sized(pieces, budget, count)
    total = sum(piece.tokens for piece in sized)
    parts = max(1, -(-total // budget))
    target = min(budget, -(-total // parts) + budget // 12)
    group: list[_Piece] = []
    used = 0
    for piece in sized:
        head = piece.prefix if not group or piece.prefix != group[-1].prefix else ""
        size = piece.tokens + _tokens(head, count)
        full = used + size > budget
        enough = used + size > target and not (group and _introduces(group[-1]))
        if group and (full or enough):
            yield group
            group, used = [], 0
            size = piece.tokens + _tokens(piece.prefix, count)
        used += size
        group.append(piece)
    if group:
        yield group


def _introduces(piece: _Piece) -> bool:
    """'Proceed as follows:' stays with what follows it, where there is room."""
    return piece.text.endswith(":")


def _tokens(text: str, count: CountTokens) -> int:
    return count([text])[0] if text else 0


def _sized(pieces: list[_Piece], budget: int, count: CountTokens) -> list[_Piece]:
    """Pieces with their sizes; those that alone are above the budget are divided."""
    sized: list[_Piece] = []
    heads: dict[str, int] = {"": 0}
    too_large = ""
    for piece, tokens in zip(pieces, count([p.text for p in pieces]), strict=True):
        if piece.prefix not in heads:
            heads[piece.prefix] = _tokens(piece.prefix, count)
        room = budget - heads[piece.prefix]
        if room < budget // 3:
            # Too large to be repeated: the names of the columns stand once, before the first row.
            if piece.prefix != too_large:
                too_large = piece.prefix
                names = replace(piece, text=piece.prefix.split("\n")[0], prefix="")
                sized.extend(_divided(names, budget, count))
            piece, room = replace(piece, prefix=""), budget
        if tokens <= room:
            sized.append(replace(piece, tokens=tokens))
        elif piece.code:
            sized.extend(_divided_code(piece, budget, count))
        else:
            sized.extend(_divided(piece, room, count))
    return sized


def _divided(piece: _Piece, room: int, count: CountTokens) -> Iterator[_Piece]:
    texts = _halves(piece.text, room, count)
    for text, tokens in zip(texts, count(texts), strict=True):
        yield replace(piece, text=text, tokens=tokens)


def _divided_code(piece: _Piece, budget: int, count: CountTokens) -> Iterator[_Piece]:
    """A code block that no window holds, between its lines; every part is fenced, so that each reads as code."""
    first, *body, last = piece.text.split("\n")
    room = budget - _tokens(f"{first}\n{last}", count)
    if room < budget // 3:  # hundreds of backticks
        yield from _divided(replace(piece, text=" ".join([first.lstrip(" `"), *body]).strip()), budget, count)
        return
    lines = [(part, piece.code + n) for n, row in enumerate(body) for part in _halves(row, room, count)]
    group: list[str] = []
    used, at = 0, piece.line
    for (row, line), tokens in zip(lines, count([row for row, _ in lines]), strict=True):
        if group and used + tokens > room:
            yield replace(_fenced(piece, first, group, last, count), line=at)
            group, used, at = [], 0, line
        group.append(row)
        used += tokens
    if group:
        yield replace(_fenced(piece, first, group, last, count), line=at)


def _fenced(piece: _Piece, first: str, lines: list[str], last: str, count: CountTokens) -> _Piece:
    text = "\n".join([first, *lines, last])
    return replace(piece, text=text, tokens=_tokens(text, count))


def _chunk(pieces: list[_Piece], header: str, headings: tuple[str, ...], place: Place) -> Chunk:
    text = ""
    table = ""
    units: list[Span] = []
    for piece in pieces:
        text += piece.glue if text else ""
        text += piece.prefix if piece.prefix != table or not text else ""
        table = piece.prefix
        units.append((len(text), len(text) + len(piece.text)))
        text += piece.text
    return Chunk(text, header, headings, place, tuple(units))
