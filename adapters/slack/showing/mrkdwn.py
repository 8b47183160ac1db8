"""Markdown -> Slack's mrkdwn, for text objects, and -> plain words, for notifications. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import cache
from itertools import chain

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from adapters.slack.showing.escaping import escaped, link
from adapters.splitting import SHORTEST, split
from adapters.text import linkable, shortened

__all__ = ["SECTION", "as_mrkdwn", "clipped", "plain", "sections"]

SECTION = 3_000
"""Characters of a text object."""
_MARKS = {"strong": "*", "em": "_", "s": "~", "code_inline": "`"}
_RULE = "———"


def as_mrkdwn(markdown: str, links: Collection[str] = ()) -> str:
    """Bold, italics, strikethrough, code, lists, quotes and headings as mrkdwn has them; tables as lines.

    links: addresses that may stay links; of all others the words are left.
    """
    return _written(_Writer(links, marked=True), markdown)


def sections(markdown: str, links: Collection[str] = (), most: int = SECTION) -> list[str]:
    """The same in parts, each fit for one text object; none where there are no words."""
    parts: list[str] = []
    for piece in split(markdown, most, _foreseen):
        text = as_mrkdwn(piece.text, links)
        if len(text) <= SECTION:
            parts.append(text)
        elif most // 2 >= SHORTEST:  # links and marks are longer than foreseen
            parts += sections(piece.text, links, most // 2)
        else:
            parts.append(plain(piece.text, SECTION))
    return [part for part in parts if part.strip()]


def plain(markdown: str, most: int = SECTION, length: Callable[[str], int] = len) -> str:
    """The words alone, escaped as a message's text has to be, at most so many characters; nothing in them acts."""
    return clipped(_written(_Writer((), marked=False), markdown), most, length)


def clipped(words: str, most: int, length: Callable[[str], int] = len) -> str:
    """Words for a message's text: escaped, and shortened to at most so many characters."""
    room = most
    while length(text := escaped(shortened(words, room))) > most:
        room -= max(1, (length(text) - most) // 6)
    return text


def _written(writer: _Writer, markdown: str) -> str:
    """What the writer makes of a text."""
    return "\n".join(writer.lines(SyntaxTreeNode(_parser().parse(markdown)).children, apart=True)).strip()


def _foreseen(text: str) -> int:
    """About the length of its mrkdwn."""
    entities = 4 * text.count("&") + 3 * (text.count("<") + text.count(">"))
    return (
        len(text) + entities + text.count("@") + text.count("＠") + 4 * text.count("\n") + 2 * text.count("|")
    )


class _Writer:
    """Writes the nodes of a text, as mrkdwn or without marks and entities."""

    def __init__(self, links: Collection[str], *, marked: bool) -> None:
        self._links = frozenset(filter(None, map(linkable, links)))
        self._marked = marked

    def lines(self, nodes: Iterable[SyntaxTreeNode], apart: bool = False) -> list[str]:
        """The lines of some blocks. apart: with blank lines between them."""
        found: list[str] = []
        for node in nodes:
            if found and apart:
                found.append("")
            found += self._block(node)
        return found

    def _block(self, node: SyntaxTreeNode) -> list[str]:
        if node.type in ("paragraph", "inline"):
            return self._inline(node.children).split("\n")
        if node.type == "heading":
            return [self._marks("strong", self._inline(node.children, bold=True).replace("\n", " "))]
        if node.type in ("bullet_list", "ordered_list"):
            return self._items(node)
        if node.type == "blockquote":
            return [("> " if self._marked else "") + line for line in self.lines(node.children)]
        if node.type in ("fence", "code_block"):
            return self._code(node.content)
        if node.type == "table":
            rows = chain.from_iterable(part.children for part in node.children)
            return [" | ".join(self._inline(cell.children) for cell in row.children) for row in rows]
        return [_RULE] if node.type == "hr" else self._words(node.content.rstrip("\n")).split("\n")

    def _items(self, node: SyntaxTreeNode) -> list[str]:
        found: list[str] = []
        first = int(node.attrs.get("start") or 1)
        for number, item in enumerate(node.children, first):
            mark = f"{number}. " if node.type == "ordered_list" else "• "
            lines = self.lines(item.children) or [""]
            found += [mark + lines[0], *("    " + line for line in lines[1:])]
        return found

    def _code(self, code: str) -> list[str]:
        lines = self._words(code.rstrip("\n").replace("```", "'''")).split("\n")
        return ["```", *lines, "```"] if self._marked else lines

    def _inline(self, nodes: Sequence[SyntaxTreeNode], bold: bool = False) -> str:
        return "".join(self._node(node, bold) for node in nodes)

    def _node(self, node: SyntaxTreeNode, bold: bool) -> str:
        if node.type in ("softbreak", "hardbreak"):
            return "\n"
        if node.type == "code_inline":
            return self._marks("code_inline", self._words(node.content.replace("`", "'")))
        if node.type == "link":
            return self._link(str(node.attrs.get("href", "")), self._inline(node.children, bold))
        if node.type in _MARKS or node.type in ("inline", "image"):
            inside = self._inline(node.children, bold or node.type == "strong")
            return inside if bold and node.type == "strong" else self._marks(node.type, inside)
        return self._words(node.content)

    def _link(self, address: str, words: str) -> str:
        address = linkable(address)
        if not self._marked or address not in self._links or not address:
            return words
        return link(address, words.replace("\n", " ").replace("|", "∣"))

    def _marks(self, kind: str, words: str) -> str:
        mark = _MARKS.get(kind, "") if self._marked and words.strip() else ""
        return mark + words + mark

    def _words(self, text: str) -> str:
        return escaped(text) if self._marked else text


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": 100}).enable(["table", "strikethrough"])
    parser.normalizeLink = lambda url: url  # type: ignore[method-assign]  # linkable() encodes it
    return parser
