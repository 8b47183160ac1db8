"""Word documents: mammoth makes HTML of their styles, and that becomes Markdown."""

from __future__ import annotations

import io
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
    """Headings, lists, tables and text boxes of a document; formulas on one line, pictures by their text."""
    import mammoth

    with _with_readable_formulas(path) as file:
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


def _with_readable_formulas(path: Path) -> io.BytesIO:
    """The document with each Office formula replaced by its text, which mammoth would leave out."""
    target = io.BytesIO()
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w") as copy:
        for member in source.infolist():
            if member.filename.startswith("word/media/"):
                continue
            content = source.read(member)
            if member.filename == "word/document.xml" and b"oMath" in content:
                content = linear_formulas(content)
            copy.writestr(member.filename, content)
    target.seek(0)
    return target


def _title(path: Path) -> str:
    """The title among the document's properties."""
    from lxml import etree

    with zipfile.ZipFile(path) as archive:
        if "docProps/core.xml" not in archive.namelist():
            return ""
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        root = etree.fromstring(archive.read("docProps/core.xml"), parser)
    return squash(root.findtext("{http://purl.org/dc/elements/1.1/}title") or "")
