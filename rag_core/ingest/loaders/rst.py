"""reStructuredText: read by docutils, written as HTML, and that as Markdown.

Sphinx's directives and roles are unknown to docutils. Whatever a text uses of them is registered beforehand
with a reading that keeps the text (see sphinx.py), so no markup, known or not, costs a document its content.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.core import publish_doctree, publish_from_doctree

from rag_core.ingest.loaders.html import page_markdown
from rag_core.ingest.loaders.plain import read_text
from rag_core.ingest.loaders.sphinx import Object, register_unknown
from rag_core.ingest.loaders.writing import Loaded, squash

__all__ = ["read_rst"]

_SETTINGS: dict[str, Any] = {
    "_disable_config": True,
    "file_insertion_enabled": False,  # a document must not read other files of this machine
    "raw_enabled": False,
    "halt_level": 6,
    "report_level": 6,
    "warning_stream": "",
    "input_encoding": "unicode",
    "output_encoding": "unicode",
    "line_length_limit": 10_000_000,
    "math_output": "LaTeX",
    "syntax_highlight": "none",
    "embed_stylesheet": False,
    "stylesheet_path": "",
    "smart_quotes": False,
    "sectsubtitle_xform": False,
    "toc_backlinks": False,
    "footnote_backlinks": False,
}


_UNDEFINED = re.compile(r"\|([^|]+)\|_{0,2}")
"""A substitution that the text does not define: Sphinx projects keep them in conf.py."""


def read_rst(path: Path) -> Loaded:
    """A reStructuredText file, Sphinx or plain; the ids of its sections are those of its headings."""
    text = read_text(path)
    register_unknown(text)
    document = publish_doctree(text, settings_overrides=dict(_SETTINGS))
    title = squash(document.get("title", ""))
    _tidy(document)
    html = publish_from_doctree(document, writer="html5", settings_overrides=dict(_SETTINGS))
    loaded = page_markdown(html)
    return Loaded(title or loaded.title, loaded.markdown)


def _tidy(document: nodes.document) -> None:
    """Leave what a reader of the page should see."""
    for message in list(document.findall(nodes.system_message)):
        _replace(message, _rescued(message))
    for image in list(document.findall(nodes.image)):
        _replace(image, [nodes.Text(image["alt"])] if image.get("alt") else [])
    for unseen in [*document.findall(nodes.comment), *document.findall(nodes.substitution_definition)]:
        _replace(unseen, [])
    for field in list(document.findall(nodes.field)):
        if not field[1].astext().strip():  # :orphan: and the like speak to Sphinx
            _replace(field, [])
    for wrong in list(document.findall(nodes.problematic)):
        _replace(wrong, [nodes.Text(_UNDEFINED.sub(r"\1", wrong.astext()))])
    for fields in list(document.findall(nodes.field_list)):
        _replace(fields, [_as_list(fields)])
    for declared in list(document.findall(Object)):
        _replace(declared, [] if _announces_section(declared) else list(declared.children))


def _as_list(fields: nodes.field_list) -> nodes.bullet_list:
    """`:param x: …` and `:type x: int`, or any other fields, as items: **x** (int): …"""
    named = [(field[0].astext(), field[1]) for field in fields.findall(nodes.field)]
    types = {name.partition(" ")[2]: body for name, body in named if name.startswith("type ")}
    items: list[nodes.Node] = []
    for name, body in named:
        if name.startswith("type "):
            continue
        kind, _, argument = name.rpartition(" ")
        shown = argument if kind.startswith(("param", "arg", "key")) else name
        of_type = f" ({types[argument].astext()})" if argument in types else ""
        first = nodes.paragraph("", "", nodes.strong("", shown), nodes.Text(f"{of_type}: "))
        rest = list(body.children)
        if rest and isinstance(rest[0], nodes.paragraph):
            first.extend(rest.pop(0).children)
        items.append(nodes.list_item("", first, *rest))
    return nodes.bullet_list("", *items)


def _replace(node: nodes.Node, new: list[Any]) -> None:
    if node.parent is not None:
        node.parent.replace(node, new)


def _rescued(message: nodes.system_message) -> list[nodes.Node]:
    """The text of a block that docutils could not make sense of; warnings (disabled includes) hold none."""
    if message.get("level", 0) < 3:
        return []
    return [child for child in message.children if isinstance(child, nodes.literal_block)]


def _announces_section(declared: Object) -> bool:
    """`.. setting:: x` right before the heading x only names the section for links."""
    if declared["has_body"] or declared.parent is None:
        return False
    after = declared.next_node(descend=False, siblings=True)
    while isinstance(after, (nodes.target, Object)):
        after = after.next_node(descend=False, siblings=True)
    ends_section = after is None and isinstance(declared.parent, nodes.section)
    return ends_section or isinstance(after, nodes.section)
