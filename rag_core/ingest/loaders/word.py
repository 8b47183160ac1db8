"""Word documents: mammoth makes HTML of their styles, and that becomes Markdown."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import Any

from rag_core.ingest.loaders.formulas import linear_formulas
from rag_core.ingest.loaders.html import page_markdown
from rag_core.ingest.loaders.writing import Loaded, squash

__all__ = ["read_docx"]

_STYLES = """
p[style-name='Title'] => h1:fresh
p[style-name='Subtitle'] => p:fresh
p[style-name='answerloop code'] => pre:separator('\\n')
p[style-name='Source Code'] => pre:separator('\\n')
p[style-name='Code'] => pre:separator('\\n')
p[style-name='HTML Preformatted'] => pre:separator('\\n')
"""
_MONOSPACED = ("courier", "consolas", "menlo", "monaco", "mono", "lucida console", "source code")


def read_docx(path: Path) -> Loaded:
    """Headings, lists, tables and text boxes of a document; formulas on one line, pictures by their text.

    Headings have the number that Word shows ("1.2 Scope"), and so have the items of lists that are not just
    counted 1, 2, 3.
    """
    import mammoth

    with _prepared(path) as file:
        html = mammoth.convert_to_html(
            file,
            style_map=_STYLES,
            convert_image=mammoth.images.img_element(_no_picture),
            transform_document=mammoth.transforms.paragraph(_mark_code),
        ).value
    loaded = page_markdown(html)
    return Loaded(_title(path) or loaded.title, loaded.markdown)


def _no_picture(image: Any) -> dict[str, str]:
    return {"src": ""}  # the picture itself would be written out as a data: address


def _mark_code(paragraph: Any) -> Any:
    """A paragraph set in a typewriter face from end to end is code."""
    runs = [child for child in paragraph.children if getattr(child, "children", None)]
    fonts = [str(getattr(run, "font", None) or "").lower() for run in runs]
    plain = paragraph.style_name in (None, "Normal")
    if plain and fonts and all(any(name in font for name in _MONOSPACED) for font in fonts):
        return paragraph.copy(style_name="answerloop code", style_id="answerloop-code")
    return paragraph


def _prepared(path: Path) -> io.BytesIO:
    """The document without pictures, and with what mammoth would leave out as text: formulas and numbers."""
    target = io.BytesIO()
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w") as copy:
        numbered = _with_numbers(source)
        for member in source.infolist():
            if member.filename.startswith("word/media/"):
                continue
            content = numbered.get(member.filename) or source.read(member)
            if member.filename == "word/document.xml" and b"oMath" in content:
                content = linear_formulas(content)
            copy.writestr(member.filename, content)
    target.seek(0)
    return target


def _xml(content: str | bytes) -> Any:
    from lxml import etree

    return etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))


def _title(path: Path) -> str:
    """The title among the document's properties."""
    with zipfile.ZipFile(path) as archive:
        if "docProps/core.xml" not in archive.namelist():
            return ""
        root = _xml(archive.read("docProps/core.xml"))
    return squash(root.findtext("{http://purl.org/dc/elements/1.1/}title") or "")


_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_SPACE = {"w": _W[1:-1]}
_LIST = f"""<x xmlns:w="{_W[1:-1]}"><w:abstractNum w:abstractNumId="own">
{"".join(f'<w:lvl w:ilvl="{level}"><w:numFmt w:val="bullet"/></w:lvl>' for level in range(9))}
</w:abstractNum><w:num w:numId="own"><w:abstractNumId w:val="own"/></w:num></x>"""
"""For the items whose number stands in their text."""


def _with_numbers(archive: zipfile.ZipFile) -> dict[str, bytes]:
    """The parts of the document that change when automatic numbers become text."""
    from lxml import etree

    names = ("word/document.xml", "word/numbering.xml", "word/styles.xml")
    if not set(names) <= set(archive.namelist()):
        return {}
    document, lists, styles = (_xml(archive.read(name)) for name in names)
    numbering = _Numbering(lists, styles)
    for paragraph in document.iterfind("w:body//w:p", _SPACE):
        numbering.write(paragraph)
    lists.extend(_xml(_LIST))
    return {names[0]: etree.tostring(document), names[1]: etree.tostring(lists)}


class _Numbering:
    """Counts the numbered paragraphs of a document, in its order (ECMA-376 part 1, 17.9)."""

    def __init__(self, lists: Any, styles: Any) -> None:
        self._styles = {style.get(f"{_W}styleId"): style for style in styles}
        self._lists = {one.get(f"{_W}numId"): one for one in lists.iterfind("w:num", _SPACE)}
        self._kinds = {one.get(f"{_W}abstractNumId"): one for one in lists.iterfind("w:abstractNum", _SPACE)}
        self._counts: dict[str, dict[int, int]] = {}
        self._begun: set[tuple[str, int]] = set()
        self._below: dict[str, int] = {}  # by list, the level under its headings, where its items start

    def write(self, paragraph: Any) -> None:
        """Write the number of a paragraph before its text, unless it has none or Markdown counts it as well."""
        chain = self._chain(paragraph)
        name = _first(chain, "w:pPr/w:numPr/w:numId")
        level = int(_first(chain, "w:pPr/w:numPr/w:ilvl") or 0)
        if name not in self._lists or self._level(name, level) is None:
            return
        text = self._next(name, level)
        form, shape = (_value(self._level(name, level), f"w:{part}") for part in ("numFmt", "lvlText"))
        is_heading = _first(chain[1:2], "w:name").lower().startswith("heading ")
        is_plain = form == "decimal" and shape.strip(".() ") == f"%{level + 1}"
        if is_heading:
            self._below[name] = max(level + 1, self._below.get(name, 0))
        if form != "bullet" and (is_heading or not is_plain):
            _begin(paragraph, text, max(level - self._below.get(name, 0), 0))

    def _chain(self, paragraph: Any) -> list[Any]:
        """The paragraph, its style, and the styles that this is based on."""
        chain, style = [paragraph], _value(paragraph, "w:pPr/w:pStyle")
        while style in self._styles and len(chain) < 20:
            chain.append(self._styles[style])
            style = _value(chain[-1], "w:basedOn")
        return chain

    def _next(self, name: str, level: int) -> str:
        """Count one paragraph at a level of a list; levels above that were left out begin with it."""
        counts = self._counts.setdefault(_value(self._lists[name], "w:abstractNumId"), {})
        restart = _value(self._lists[name], f"w:lvlOverride[@w:ilvl='{level}']/w:startOverride")
        if restart and (name, level) not in self._begun:
            counts[level] = int(restart) - 1
        self._begun.add((name, level))
        for n in range(level + 1):
            counts.setdefault(n, int(_value(self._level(name, n), "w:start") or 1) - (n == level))
        counts[level] += 1
        for deeper in [n for n in counts if n > level]:
            del counts[deeper]
        signs = {n: _written(count, _value(self._level(name, n), "w:numFmt")) for n, count in counts.items()}
        shape = _value(self._level(name, level), "w:lvlText")
        return re.sub(r"%(\d)", lambda match: signs.get(int(match[1]) - 1, ""), shape)

    def _level(self, name: str, level: int) -> Any:
        """How a level of a list is counted and written; None if that is said nowhere."""
        kind = self._kinds.get(_value(self._lists[name], "w:abstractNumId"))
        linked = _value(self._styles.get(_value(kind, "w:numStyleLink")), "w:pPr/w:numPr/w:numId")
        if linked in self._lists and linked != name:
            return self._level(linked, level)
        return None if kind is None else kind.find(f"w:lvl[@w:ilvl='{level}']", _SPACE)


def _begin(paragraph: Any, number: str, level: int) -> None:
    """Put a number before the text of a paragraph; it is an item of a list without numbers from then on."""
    place = f'<w:ilvl w:val="{level}"/><w:numId w:val="{"own" if number else 0}"/>'
    properties = paragraph.find("w:pPr", _SPACE)
    for old in properties.findall("w:numPr", _SPACE):
        properties.remove(old)
    item, run = _xml(f"""<x xmlns:w="{_W[1:-1]}"><w:numPr>{place}</w:numPr><w:r><w:t/></w:r></x>""")
    properties.append(item)
    run[0].text = f"{number} " if number else ""
    properties.addnext(run)


def _value(element: Any, path: str) -> str:
    """The value of the element at a path, or ''."""
    found = None if element is None else element.find(path, _SPACE)
    return "" if found is None else str(found.get(f"{_W}val") or "")


def _first(elements: list[Any], path: str) -> str:
    return next(filter(None, (_value(element, path) for element in elements)), "")


def _written(number: int, form: str) -> str:
    """A number as letters, as a Roman numeral (below 40) or in digits."""
    text = str(number)
    if form.endswith("Letter"):
        text = chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)
    elif form.endswith("Roman") and number < 40:
        text = "x" * (number // 10) + ",i,ii,iii,iv,v,vi,vii,viii,ix".split(",")[number % 10]
    return text.upper() if form.startswith("upper") else text
