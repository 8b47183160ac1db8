"""Markdown -> HTML, for all that is shown of answers and documents. The only place where text becomes markup."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from markupsafe import Markup

__all__ = ["LONGEST", "is_link", "markdown"]

LONGEST = 40_000
"""Characters that are rendered; what lies beyond is left out, and said to be."""
_HIDDEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
"""Control and invisible characters, such as those that turn the direction of writing."""


def markdown(text: str) -> Markup:
    """HTML of our own making alone: no HTML of the text's, no pictures, links to pages of the web only.

    A heading of the text is shown as a paragraph in bold, so that it takes no place among the page's own.
    """
    shown = _HIDDEN.sub("", text[:LONGEST].replace("\r\n", "\n"))
    if len(text) > LONGEST:
        shown += "\n\n…"
    return Markup(_MARKDOWN.render(shown))  # noqa: S704  # markdown-it escapes all text; html is off


def is_link(address: str) -> bool:
    """Whether an address may be made a link: a page of the web, without a user name in it."""
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return False
    plain = address.isprintable() and not set(address) & set("\\ \"'<>`")
    return (
        plain
        and parts.scheme.lower() in ("http", "https")
        and bool(parts.hostname)
        and parts.username is None
    )


def _link_open(
    self: RendererHTML,
    tokens: Sequence[Token],
    index: int,
    options: OptionsDict,
    env: MutableMapping[str, Any],
) -> str:
    """Never an attribute that the text chose but the address, and that once more checked."""
    address = str(tokens[index].attrs.get("href", ""))
    if not is_link(address):
        return "<span>"
    return f'<a href="{html.escape(address)}" rel="noopener noreferrer nofollow" target="_blank">'


def _link_close(
    self: RendererHTML,
    tokens: Sequence[Token],
    index: int,
    options: OptionsDict,
    env: MutableMapping[str, Any],
) -> str:
    depth, at = 1, index
    while depth and at:
        at -= 1
        depth += {"link_close": 1, "link_open": -1}.get(tokens[at].type, 0)
    return "</a>" if is_link(str(tokens[at].attrs.get("href", ""))) else "</span>"


def _fence(
    self: RendererHTML,
    tokens: Sequence[Token],
    index: int,
    options: OptionsDict,
    env: MutableMapping[str, Any],
) -> str:
    """Without the language, which would become a class."""
    return f"<pre><code>{html.escape(tokens[index].content)}</code></pre>\n"


def _heading(
    self: RendererHTML,
    tokens: Sequence[Token],
    index: int,
    options: OptionsDict,
    env: MutableMapping[str, Any],
) -> str:
    return "<p><strong>" if tokens[index].nesting == 1 else "</strong></p>\n"


def _cell(tag: str) -> Any:
    """Without its alignment, which would become a style."""

    def rule(
        self: RendererHTML,
        tokens: Sequence[Token],
        index: int,
        options: OptionsDict,
        env: MutableMapping[str, Any],
    ) -> str:
        return f"<{tag}>"

    return rule


_RULES: Mapping[str, Any] = {
    "link_open": _link_open,
    "link_close": _link_close,
    "fence": _fence,
    "td_open": _cell("td"),
    "th_open": _cell("th"),
    "heading_open": _heading,
    "heading_close": _heading,
}


def _made() -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": False, "linkify": False, "typographer": False, "maxNesting": 20})
    made.enable(["table", "strikethrough"]).disable(["image", "html_block", "html_inline"])
    for name, rule in _RULES.items():
        made.add_render_rule(name, rule)
    return made


_MARKDOWN = _made()
