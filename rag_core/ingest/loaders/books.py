"""EPUB books: the chapters in reading order, each read as HTML."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from rag_core.errors import DocumentError
from rag_core.ingest.loaders.html import page_markdown
from rag_core.ingest.loaders.writing import Loaded, squash

__all__ = ["read_epub"]

_PAGES = frozenset({"application/xhtml+xml", "text/html"})


def read_epub(path: Path, max_chars: int) -> Loaded:
    """The chapters as the spine orders them.

    Raises:
        DocumentError: it is copy-protected, names no chapters, or holds more than max_chars characters.
    """
    with zipfile.ZipFile(path) as archive:
        if "META-INF/rights.xml" in archive.namelist():
            raise DocumentError("is encrypted")
        package_path = _package_path(archive)
        package = _xml(archive.read(package_path))
        chapters: list[str] = []
        for name in _spine(package, posixpath.dirname(package_path)):
            chapters.append(page_markdown(archive.read(name)).markdown if name in archive.namelist() else "")
            max_chars -= len(chapters[-1])
            if max_chars < 0:
                raise DocumentError("holds more characters than are read from one document")
    titles = package.xpath("//*[local-name()='title']/text()")
    return Loaded(squash(str(titles[0])) if titles else "", "\n\n".join(filter(str.strip, chapters)))


def _xml(content: bytes) -> Any:
    from lxml import etree

    return etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))


def _package_path(archive: zipfile.ZipFile) -> str:
    paths = _xml(archive.read("META-INF/container.xml")).xpath("//*[local-name()='rootfile']/@full-path")
    if not paths:
        raise DocumentError("is an EPUB file that names no chapters")
    return str(paths[0])


def _spine(package: Any, folder: str) -> Iterator[str]:
    """The names of the chapters. They are only looked up in the archive, so none can lead out of it."""
    manifest = package.xpath("//*[local-name()='manifest']/*[local-name()='item']")
    items = {item.get("id"): item for item in manifest if item.get("media-type") in _PAGES}
    for reference in package.xpath("//*[local-name()='spine']/*[local-name()='itemref']/@idref"):
        item = items.get(str(reference))
        if item is not None and "nav" not in item.get("properties", "").split():
            yield posixpath.normpath(posixpath.join(folder, unquote(item.get("href", ""))))
