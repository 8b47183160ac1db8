"""Markdown -> chunks that fit the embedder's window. Pure: no files, no model; tokens are counted by a given function.

Chunks follow the headings, and a chunk never spans two sections. A code block or table row is never cut, unless it
alone is larger than the window: then code is divided between its lines and fenced again, a row between its words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from rag_core.ingest.markdown import Piece, read_sections
from rag_core.ingest.sentences import Span
from rag_core.types import Place

__all__ = ["Chunk", "CountTokens", "chunk_markdown"]

CountTokens = Callable[[Sequence[str]], list[int]]
"""How many tokens each text has."""

HEADER_SHARE = 0.25
"""The most of the window that title and headings may take."""


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
    for section in read_sections(markdown, plain=plain):
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


def _packed(pieces: list[Piece], budget: int, count: CountTokens) -> Iterator[list[Piece]]:
    """Groups of pieces within the budget, of about equal size: two halves search better than a whole and a crumb."""
    sized = _sized(pieces, budget, count)
    total = sum(piece.tokens for piece in sized)
    parts = max(1, -(-total // budget))
    target = min(budget, -(-total // parts) + budget // 12)
    group: list[Piece] = []
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


def _introduces(piece: Piece) -> bool:
    """'Proceed as follows:' stays with what follows it, where there is room."""
    return piece.text.endswith(":")


def _tokens(text: str, count: CountTokens) -> int:
    return count([text])[0] if text else 0


def _sized(pieces: list[Piece], budget: int, count: CountTokens) -> list[Piece]:
    """Pieces with their sizes; those that alone are above the budget are divided."""
    sized: list[Piece] = []
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


def _divided(piece: Piece, room: int, count: CountTokens) -> Iterator[Piece]:
    texts = _halves(piece.text, room, count)
    for text, tokens in zip(texts, count(texts), strict=True):
        yield replace(piece, text=text, tokens=tokens)


def _divided_code(piece: Piece, budget: int, count: CountTokens) -> Iterator[Piece]:
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


def _fenced(piece: Piece, first: str, lines: list[str], last: str, count: CountTokens) -> Piece:
    text = "\n".join([first, *lines, last])
    return replace(piece, text=text, tokens=_tokens(text, count))


def _chunk(pieces: list[Piece], header: str, headings: tuple[str, ...], place: Place) -> Chunk:
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
