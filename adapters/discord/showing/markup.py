"""Markdown -> Discord's dialect of it, and -> plain words. Pure.

Discord has headings of three levels, emphasis, lists, quotations, code; it has no tables, rules, images, HTML, quotations
within quotations, and nothing like code within lists.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import groupby

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from adapters.discord.showing.escaping import code, led, length, link, signs, still
from adapters.discord.showing.tables import Table, as_code
from adapters.text import shortened
from rag_core.generation.inert import visible

__all__ = ["as_discord", "plain"]

_MARKS = {"strong": "**", "em": "*", "s": "~~"}
_RULE = "———"
_HEADINGS = 3
_INFO = re.compile(r"[A-Za-z0-9_+.#-]{1,30}")
"""What Discord takes for the language of code, and not for its first line."""
_MANY_BLANK = re.compile(r"(\n{50})\n+")
"""Where a cut might leave code of blank lines alone, which Discord does not take for code."""
_CITATION = re.compile(r"\[(\d{1,3})\]")


class _Whole(str):
    """A line of code, or of its fence, that stands at the beginning of its line wherever it was found."""


def as_discord(markdown: str, links: Mapping[int, str] | None = None) -> str:
    """The text in Discord's Markdown, in which nothing acts but the links of citations' marks, '[1]'.

    links: addresses, from linkable(), by the citations' numbers. Of all other links the words are left, and the address
    as code.
    """
    writer = _Writer(links or {}, marked=True)
    text = _written(writer, markdown)
    return _written(_Writer({}, marked=True, alone=True), markdown) if writer.ends_a_link else text


def plain(markdown: str, most: int) -> str:
    """The words alone, at most so many characters, for what shows no Markdown; nobody is called."""
    return shortened(still(_written(_Writer({}, marked=False), markdown)), most, length)


def _written(writer: _Writer, markdown: str) -> str:
    nodes = SyntaxTreeNode(_parser().parse(visible(markdown))).children
    return "\n".join(writer.lines(nodes, apart=True)).strip("\n")


class _Writer:
    """Writes the nodes of a text, with marks and escapes or without."""

    def __init__(self, links: Mapping[int, str], *, marked: bool, alone: bool = False) -> None:
        """alone: no bracket of the text and no link of ours is left, so that code which looks like the end of a link has
        no beginning to it: Discord looks for a link's end before it looks for code."""
        self.ends_a_link = False
        """Whether there is such code."""
        self._links = links
        self._marked = marked
        self._alone = alone
        self._open: list[str] = []
        """The emphasis that a text stands in."""
        self._nested = 0
        """How many lists and quotations."""

    def lines(self, nodes: Iterable[SyntaxTreeNode], apart: bool = False) -> list[str]:
        """The lines of some blocks. apart: with blank lines between them."""
        found: list[str] = []
        for node in nodes:
            lines = self._block(node)
            if (
                found
                and apart
                and lines
                and not isinstance(found[-1], _Whole)
                and not isinstance(lines[0], _Whole)
            ):
                found.append("")
            found += lines
        return found

    def _block(self, node: SyntaxTreeNode) -> list[str]:
        if node.type in ("paragraph", "inline"):
            return self._led(self._inline(node.children))
        if node.type == "heading":
            return self._heading(node)
        if node.type in ("bullet_list", "ordered_list"):
            return self._items(node)
        if node.type == "blockquote":
            return self._quoted(node)
        if node.type in ("fence", "code_block"):
            return self._code(node.content, node.info)
        if node.type == "table":
            return self._table(node)
        return [_RULE] if node.type == "hr" else self._led(self._words(node.content.rstrip("\n")))

    def _led(self, text: str) -> list[str]:
        return list(map(led, text.split("\n"))) if self._marked else text.split("\n")

    def _heading(self, node: SyntaxTreeNode) -> list[str]:
        level = int(node.tag[1:])
        if self._marked and level <= _HEADINGS and not self._nested:
            words = self._inline(node.children).replace("\n", " ")
            return [f"{'#' * level} {led(words)}"] if words.strip() else []
        return self._led(self._marked_as("strong", node.children).replace("\n", " "))

    def _items(self, node: SyntaxTreeNode) -> list[str]:
        found: list[str] = []
        first = int(node.attrs.get("start", 1))
        for number, item in enumerate(node.children, first):
            mark = f"{number}. " if node.type == "ordered_list" else "- " if self._marked else "• "
            found += _prefixed(self._inside(item), mark, " " * len(mark))
        return found

    def _quoted(self, node: SyntaxTreeNode) -> list[str]:
        prefix = "> " if self._marked and not self._nested else ""
        return _prefixed(self._inside(node, apart=True), prefix, prefix)

    def _inside(self, node: SyntaxTreeNode, apart: bool = False) -> list[str]:
        self._nested += 1
        lines = self.lines(node.children, apart)
        self._nested -= 1
        return lines

    def _code(self, text: str, info: str = "") -> list[str]:
        if not text.strip():
            return []
        lines = _MANY_BLANK.sub(r"\1", text.rstrip("\n")).split("\n")
        if not self._marked:
            return lines
        language = info.split()[0] if info.split() else ""
        body = self._still("\n".join(lines).replace("```", "'''")).split("\n")
        opening = "```" + (language if _INFO.fullmatch(language) else "")
        return [_Whole(line) for line in (opening, *body, "```")]

    def _table(self, node: SyntaxTreeNode) -> list[str]:
        rows = [row.children for part in node.children for row in part.children]
        words = [[_Writer({}, marked=False)._inline(cell.children) for cell in row] for row in rows]
        right = ["right" in str(cell.attrs.get("style", "")) for cell in rows[0]]
        if not self._marked:
            return [" | ".join(row) for row in words]
        parts = as_code(Table(words[0], words[1:], right))
        if parts is None:
            return [line for row in rows[1:] for line in self._row(rows[0], row)]
        return [line for part in parts for line in self._code(part)]

    def _row(self, heads: Sequence[SyntaxTreeNode], row: Sequence[SyntaxTreeNode]) -> list[str]:
        """A row as an item of a list, of what its cells are named by their heads."""
        lines = []
        for head, cell in zip(heads, row, strict=False):
            if words := self._inline(cell.children).strip():
                name = self._marked_as("strong", head.children, ":") if head.children else ""
                lines.append(" ".join(filter(None, (name.strip(), words))))
        return _prefixed([line for text in lines for line in self._led(text)], "- ", "  ")

    def _inline(self, nodes: Sequence[SyntaxTreeNode]) -> str:
        return "".join(map(self._node, nodes))

    def _node(self, node: SyntaxTreeNode) -> str:
        if node.type in ("softbreak", "hardbreak"):
            return "\n"
        if node.type == "code_inline":
            return self._still(code(node.content)) if self._marked else node.content
        if node.type == "link":
            return self._link(str(node.attrs.get("href", "")), node.children)
        if node.type in _MARKS:
            return self._marked_as(node.type, node.children)
        return self._inline(node.children) if node.type in ("inline", "image") else self._words(node.content)

    def _link(self, address: str, nodes: Sequence[SyntaxTreeNode]) -> str:
        words = self._inline(nodes)
        if not address or not self._marked:
            return words
        shown = self._still(code(address))
        return f"{words} ({shown})" if words.strip() and self._signs(address) != words else shown

    def _still(self, text: str) -> str:
        self.ends_a_link = self.ends_a_link or "](" in text
        return still(text)

    def _signs(self, text: str) -> str:
        return signs(text, alone=self._alone)

    def _marked_as(self, kind: str, nodes: Sequence[SyntaxTreeNode], behind: str = "") -> str:
        """In emphasis, which Discord does not nest in itself."""
        mark = _MARKS[kind] if self._marked and kind not in self._open else ""
        self._open.append(kind)
        words = self._inline(nodes) + behind
        self._open.pop()
        return f"{mark}{words}{mark}" if words.strip() else words

    def _words(self, text: str) -> str:
        if not self._marked:
            return text
        parts = []
        at = 0
        for mark in _CITATION.finditer(text):
            if address := self._links.get(int(mark[1])):
                parts += [self._signs(text[at : mark.start()]), _cited(mark.group(), address)]
                at = mark.end()
        return "".join([*parts, self._signs(text[at:])])


def _cited(mark: str, address: str) -> str:
    return f"[{mark}]" + link(address, "x").removeprefix("[x]")


def _prefixed(lines: Sequence[str], first: str, further: str) -> list[str]:
    """The lines of an item or a quotation; code stands outside, and what follows it goes on as it began."""
    found: list[str] = []
    prefix = first
    for whole, group in groupby(lines, lambda line: isinstance(line, _Whole)):
        for line in group:
            found.append(line if whole else prefix + line)
            prefix = prefix if whole else further
    return found or [first.rstrip()]


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": 100}).enable(["table", "strikethrough"])
    parser.normalizeLink = lambda url: url  # type: ignore[method-assign]  # it is shown, not followed
    return parser
