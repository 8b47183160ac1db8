"""Reads sitemaps and sitemap indexes: XML or text, packed by gzip or not, within a bound on their size."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from lxml import etree

from rag_core.errors import DocumentError
from rag_core.ingest.sources.fetching import Gunzip

__all__ = ["Listing", "read_sitemap"]

_MOST_BYTES = 100 * 2**20
"""The protocol allows 50 MB."""
_LONGEST = 4096
"""The protocol allows addresses of 2,048 characters."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What a sitemap lists: pages, or further sitemaps."""

    pages: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()


def read_sitemap(path: Path, wants: Callable[[str], bool], limit: int) -> Listing:
    """The addresses in a sitemap, in their order: at most limit wanted pages, and at most limit sitemaps.

    Raises:
        DocumentError: it is no sitemap, or too large.
    """
    with path.open("rb") as file:
        start = file.read(512)
        file.seek(0)
        body = _Body(file, packed=start.startswith(b"\x1f\x8b"))
        with closing(body):
            return _read_xml(body, wants, limit) if body.looks_like_xml() else _read_text(body, wants, limit)


def _read_xml(body: _Body, wants: Callable[[str], bool], limit: int) -> Listing:
    pages: list[str] = []
    sitemaps: list[str] = []
    # No entities, no document type, no network: what a hostile sitemap could name stays unread.
    parser = etree.iterparse(
        body,
        events=("start", "end"),
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
    )
    try:
        root = _name(next(parser)[1])
        if root not in ("urlset", "sitemapindex"):
            raise DocumentError("is XML, but no sitemap")
        for event, element in parser:
            if event != "end" or _name(element) not in ("url", "sitemap"):
                continue
            address = _location(element)
            if _name(element) == "sitemap" and len(sitemaps) < limit:
                sitemaps.append(address)
            elif _name(element) == "url" and wants(address):
                pages.append(address)
            _forget(element)
            if len(pages) >= limit:
                break
    except (etree.XMLSyntaxError, StopIteration) as error:
        raise DocumentError(f"is not well-formed XML: {error}") from None
    return Listing(tuple(pages), tuple(filter(None, sitemaps)))


def _read_text(body: _Body, wants: Callable[[str], bool], limit: int) -> Listing:
    """One address a line, from the first."""
    pages: list[str] = []
    is_sitemap = False
    for line in body.lines():
        if line.startswith(("http://", "https://")):
            is_sitemap = True
            if wants(line):
                pages.append(line)
        elif line and not is_sitemap:
            break
        if len(pages) >= limit:
            break
    if not is_sitemap:
        raise DocumentError("is no sitemap: neither XML nor a list of addresses")
    return Listing(tuple(pages))


def _location(element: etree._Element) -> str:
    for child in element:
        if _name(child) == "loc":
            text = (child.text or "").strip()
            return text if len(text) <= _LONGEST else ""
    return ""


def _name(element: etree._Element) -> str:
    """A tag without its namespace; '' for a comment."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _forget(element: etree._Element) -> None:
    """Free what was read: an iterated tree otherwise grows to the whole document."""
    element.clear()
    while element.getprevious() is not None:
        del element.getparent()[0]


class _Body:
    """A sitemap's bytes, unpacked piece by piece."""

    def __init__(self, file: BinaryIO, packed: bool) -> None:
        self._pieces = self._unpacked(file) if packed else iter(lambda: file.read(65536), b"")
        self._ready = b""
        self._given = 0

    def read(self, size: int = 65536) -> bytes:
        """At most size bytes; b'' at the end."""
        while not self._ready and (piece := next(self._pieces, None)) is not None:
            self._ready = piece
        data, self._ready = self._ready[:size], self._ready[size:]
        self._given += len(data)
        if self._given > _MOST_BYTES:
            raise DocumentError(f"is a sitemap of more than {_MOST_BYTES // 2**20} MB")
        return data

    def looks_like_xml(self) -> bool:
        start = self.read(512)
        self._ready = start + self._ready
        self._given -= len(start)
        return start.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0").startswith(b"<")

    def lines(self) -> Iterator[str]:
        rest = b""
        while data := self.read():
            *lines, rest = (rest + data).split(b"\n")
            rest = rest[-_LONGEST:]
            for line in lines:
                yield line[:_LONGEST].decode("utf-8-sig", "replace").strip()
        yield rest.decode("utf-8-sig", "replace").strip()

    def close(self) -> None:
        self._ready = b""

    def _unpacked(self, file: BinaryIO) -> Iterator[bytes]:
        gunzip = Gunzip()
        while data := file.read(65536):
            yield from gunzip.pieces(data)
        gunzip.finish()
