"""HTML: what a reader of the page sees, without the site around it, as Markdown."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup, Tag, XMLParsedAsHTMLWarning
from markdownify import ATX, MarkdownConverter

from rag_core.errors import DocumentError
from rag_core.ingest.loaders.writing import Loaded, escape_block, fence, first_heading, heading, squash, table

__all__ = ["page_markdown", "read_html", "to_markdown"]

_UNSEEN = (
    "script, style, noscript, template, svg, canvas, iframe, object, embed, audio, video, "
    "button, input, select, option, textarea, dialog, nav, "
    "[role=navigation], [role=banner], [role=contentinfo], [role=search], "
    "a.headerlink, a.anchor, a.anchor-link, .mw-editsection, .visually-hidden, .sr-only"
)
_CONTENT = "main, [role=main], article"
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
_HEADING = re.compile(r"h[1-6]")
_LINK = re.compile(r"(?:https?|ftp)://|mailto:", re.I)
_LANGUAGE = re.compile(r"(?:language|lang|highlight|brush|sourceCode)[-:]?\s*([\w+#.-]+)")
_NO_LANGUAGE = frozenset({"code", "literal-block", "default", "text", "none", "notranslate", "source"})
_MAX_SPAN = 50
_MAIN_SHARE = 0.5


def read_html(path: Path) -> Loaded:
    """A page of HTML or XHTML, in the encoding it declares.

    Raises:
        DocumentError: it is not text.
    """
    raw = path.read_bytes()
    if b"\x00" in raw and not raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DocumentError("is not text")
    try:
        return to_markdown(raw.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return to_markdown(raw)  # the parser reads the declaration, and guesses where there is none


def to_markdown(html: str | bytes) -> Loaded:
    """A whole page, without navigation, banners and what is hidden; its main part alone where marked."""
    soup = _parse(html)
    title = squash(soup.title.get_text()) if soup.title else ""
    _drop_unseen(soup)
    if soup.head:
        soup.head.decompose()
    return _loaded(_main_part(soup), title)


def page_markdown(html: str | bytes) -> Loaded:
    """HTML that another loader made from a document: all of it counts."""
    soup = _parse(html)
    title = squash(soup.title.get_text()) if soup.title else ""
    if soup.head:
        soup.head.decompose()
    return _loaded(soup, title)


def _parse(html: str | bytes) -> BeautifulSoup:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)  # the HTML parser reads it well enough
        return BeautifulSoup(html, "lxml")


def _loaded(part: Tag, title: str) -> Loaded:
    _name_headings(part)
    _unwrap_layout(part)
    for literal in part.select("tt, span.docutils.literal"):
        literal.name = "code"
    for line_break in part.select("pre br"):
        line_break.replace_with("\n")
    markdown = re.sub(r"\n{3,}", "\n\n", _Writer().convert_soup(part)).strip() + "\n"
    return Loaded(title or first_heading(markdown), markdown)


def _drop_unseen(soup: BeautifulSoup) -> None:
    for element in soup.select(_UNSEEN):
        element.decompose()
    for element in soup.select("[hidden], [aria-hidden=true], [style]"):
        if not element.decomposed and _is_hidden(element):
            element.decompose()
    for element in soup.select("header, footer"):
        if not element.decomposed and _surrounds_page(element):
            element.decompose()


def _is_hidden(element: Tag) -> bool:
    if element.get("role") == "tabpanel":  # a reader reaches the tabs that are not shown first
        return False
    if element.has_attr("hidden") or element.get("aria-hidden") == "true":
        return True
    return bool(_HIDDEN_STYLE.search(str(element.get("style", ""))))


def _surrounds_page(element: Tag) -> bool:
    """A site's banner or footer, in contrast to the head of an article, which names what follows."""
    return element.find_parent(["main", "article", "section"]) is None and element.find("h1") is None


def _main_part(soup: BeautifulSoup) -> Tag:
    """The element marked as the content where it holds most of the text, else the whole page."""
    part = max(soup.select(_CONTENT), key=_length, default=None)
    return part if part is not None and _length(part) >= _MAIN_SHARE * _length(soup) else soup


def _length(part: Tag) -> int:
    return len(part.get_text(strip=True))


def _unwrap_layout(part: Tag) -> None:
    """Tables that only place things on the page are read as their content."""
    for grid in part.find_all("table"):
        rows = [row for row in grid.find_all("tr") if row.find_parent("table") is grid]
        cells = [cell for row in rows for cell in _cells(row)]
        if len(cells) == 1 or grid.get("role") == "presentation" or grid.find("table"):
            for element in (grid, *rows, *cells):
                element.name = "div"


def _cells(row: Tag) -> list[Tag]:
    return list(row.find_all(["td", "th"], recursive=False))


def _name_headings(part: Tag) -> None:
    """Give every heading the id that a link to it would use."""
    for element in part.find_all(_HEADING):
        if anchor := _anchor(element):
            element["data-anchor"] = anchor


def _anchor(element: Tag) -> str | None:
    return _id(element) or _id_within(element) or _anchor_before(element) or _anchor_around(element)


def _id(element: Tag) -> str | None:
    found = element.get("id") or (element.get("name") if element.name == "a" else None)
    return str(found) if found else None


def _id_within(element: Tag) -> str | None:
    return next((found for inner in element.find_all(["a", "span"]) if (found := _id(inner))), None)


def _anchor_before(element: Tag) -> str | None:
    """That of an empty <a name="x"> right before the heading, alone or in a paragraph of its own."""
    before = element.find_previous_sibling()
    if before is None or before.name not in ("a", "p", "span") or before.get_text(strip=True):
        return None
    return _id(before) or _id_within(before)


def _anchor_around(element: Tag) -> str | None:
    """That of the section the heading opens."""
    around = element.parent
    while around is not None and around.name in ("section", "article", "div", "main", "header", "hgroup"):
        if around.find(_HEADING) is not element:
            return None
        if found := _id(around):
            return found
        around = around.parent if around.name != "section" else None
    return None


class _Writer(MarkdownConverter):
    """markdownify, with ids on headings, spans in tables, languages on fences, and no pictures."""

    class Options:
        heading_style = ATX
        bullets = "-"
        autolinks = False
        escape_asterisks = False
        escape_underscores = False
        wrap = True  # with no width: white space is folded, and <br> still breaks a line
        wrap_width = None

    def escape(self, text: str, parent_tags: set[str]) -> str:
        """Only what would hide text; more backslashes would cost the search words."""
        return text.replace("<!--", "\\<!--")

    def convert_hN(self, n: int, el: Tag, text: str, parent_tags: set[str]) -> str:
        if "_inline" in parent_tags or not text.strip():
            return text
        return f"\n\n{heading(n, text, str(el.get('data-anchor') or '') or None)}\n\n"

    def convert_p(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        if "admonition-title" in (el.get("class") or ()):
            text = f"**{text.strip().rstrip(':')}:**"
        return str(super().convert_p(el, escape_block(text), parent_tags))  # type: ignore[misc]

    def convert_a(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        href = str(el.get("href") or "").strip()
        if not _LINK.match(href) or text.strip() == href or re.search(r"[\s<>]", href):
            return text
        el.attrs.pop("title", None)
        el["href"] = href.replace("(", "%28").replace(")", "%29")
        return str(super().convert_a(el, text, parent_tags))  # type: ignore[misc]

    def convert_img(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return squash(str(el.get("alt") or ""))

    def convert_pre(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        code = el.get_text()
        if not code.strip():
            return ""
        if "_inline" in parent_tags:
            return f" `{squash(code)}` "
        return f"\n\n{fence(code.strip(chr(10)), _language(el))}\n\n"

    def convert_dt(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        term = squash(text)
        if "_inline" in parent_tags or not term:
            return f" {term} "
        return f"\n\n{term if term.startswith(('`', '*')) else f'**{term}**'}\n\n"

    def convert_dd(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return f" {text.strip()} " if "_inline" in parent_tags else f"\n\n{text.strip()}\n\n"

    def convert_td(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        el["data-markdown"] = text
        return f"\n\n{text.strip()}\n\n"

    convert_th = convert_td

    def convert_tr(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return text

    def convert_caption(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return f"\n\n{text.strip()}\n\n"

    def convert_table(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        rows = [row for row in el.find_all("tr") if row.find_parent("table") is el]
        if "_inline" in parent_tags:
            return text
        caption = el.find("caption")
        above = f"{squash(caption.get_text())}\n\n" if caption else ""
        return f"\n\n{above}{table(_grid(rows))}\n\n"


def _grid(rows: list[Tag]) -> list[list[str]]:
    """The cells by row and column; one that spans several is repeated, so that each row can be read alone."""
    grid: list[list[str]] = []
    waiting: dict[int, tuple[int, str]] = {}  # column -> rows still to fill, text
    for row in rows:
        cells: list[str] = []
        for cell in _cells(row):
            _fill(cells, waiting)
            text = str(cell.get("data-markdown") or "")
            for _ in range(_span(cell, "colspan")):
                waiting[len(cells)] = (_span(cell, "rowspan") - 1, text)
                cells.append(text)
        _fill(cells, waiting)
        grid.append(cells)
    return grid


def _fill(cells: list[str], waiting: dict[int, tuple[int, str]]) -> None:
    """Put in the cells that reach down from the rows above."""
    while len(cells) in waiting and waiting[len(cells)][0] > 0:
        left, text = waiting[len(cells)]
        waiting[len(cells)] = (left - 1, text)
        cells.append(text)


def _span(cell: Tag, name: str) -> int:
    value = str(cell.get(name, "1"))
    return max(1, min(int(value), _MAX_SPAN)) if value.isdecimal() else 1


def _language(element: Tag) -> str:
    """As highlighters write it into the classes of a code block or of what surrounds it."""
    code = element.find("code")
    near: list[Any] = [element, code, element.parent, element.parent.parent if element.parent else None]
    for place in near:
        names = " ".join(place.get("class") or ()) if isinstance(place, Tag) else ""
        if (match := _LANGUAGE.search(names)) and match[1] not in _NO_LANGUAGE:
            return match[1]
    classes = list(element.get("class") or ())
    if "code" in classes:  # docutils: <pre class="code python literal-block">
        return next((name for name in classes if name not in _NO_LANGUAGE), "")
    return ""
