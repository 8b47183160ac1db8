"""What a file is, by its first bytes rather than by its name."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from rag_core.errors import DocumentError

__all__ = ["HTML", "MARKDOWN", "PLAIN", "SUPPORTED", "family"]

MARKDOWN = frozenset({".md", ".markdown", ".mdx", ".qmd", ".rmd"})
PLAIN = frozenset({".txt", ".text", ".log", ".adoc", ".asciidoc", ".org"})
HTML = frozenset({".html", ".htm", ".xhtml"})
SHEETS = frozenset({".csv", ".tsv"})
ALONE = frozenset({".rst", ".pdf", ".docx", ".pptx", ".xlsx", ".epub", ".ipynb"})
SUPPORTED = MARKDOWN | PLAIN | HTML | SHEETS | ALONE
"""The suffixes that load() reads, lower-cased, each with its dot."""

MAX_UNPACKED = 500 * 1024 * 1024
MAX_RATIO = 200
RATIO_MATTERS_FROM = 10 * 1024 * 1024

_ZIPPED = {"word/document.xml": ".docx", "ppt/presentation.xml": ".pptx", "xl/workbook.xml": ".xlsx"}
_NAMES = {".docx": "Word", ".pptx": "PowerPoint", ".xlsx": "Excel", ".epub": "EPUB", ".pdf": "PDF"}
_FOREIGN = {
    b"{\\rtf": "an RTF file",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"\x1f\x8b": "a gzip archive",
    b"7z\xbc\xaf": "a 7z archive",
    b"Rar!": "a RAR archive",
    b"\x7fELF": "a program",
}
_HTML_START = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html[\s>])", re.I | re.S
)


def family(path: Path, suffix: str) -> str:
    """The suffix of the format to read the file as: its own, or that of what it clearly is instead.

    Raises:
        DocumentError: it is empty, unsupported, encrypted, or would unpack to far more than its size.
    """
    suffix = suffix.lower()
    if suffix not in SUPPORTED:
        raise DocumentError(f"is of a format that is not supported ({suffix or 'no suffix'})")
    with path.open("rb") as file:
        head = file.read(4096)
    if not head.strip():
        raise DocumentError("is empty")
    found = _of_content(path, head) or suffix
    if found in _NAMES and not _is(found, head):
        raise DocumentError(f"is not a {_NAMES[found]} file")
    return found


def _is(suffix: str, head: bytes) -> bool:
    return b"%PDF-" in head[:1024] if suffix == ".pdf" else head.startswith(b"PK\x03\x04")


def _of_content(path: Path, head: bytes) -> str | None:
    """What the first bytes prove the file to be; None where the name must decide."""
    if head.lstrip().startswith(b"%PDF-"):
        return ".pdf"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _of_archive(path)
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise DocumentError(_old_office(path))
    for start, name in _FOREIGN.items():
        if head.startswith(start):
            raise DocumentError(f"is {name}")
    return ".html" if _HTML_START.match(head.removeprefix(b"\xef\xbb\xbf")) else None


def _old_office(path: Path) -> str:
    """Encrypted Office files are packed in the container of Word 97; its directory tells them apart."""
    with path.open("rb") as file:
        content = file.read(4 * 1024 * 1024)
    if "EncryptedPackage".encode("utf-16-le") in content:
        return "is encrypted"
    return "is in an Office format from before 2007; save it as .docx, .pptx or .xlsx"


def _of_archive(path: Path) -> str:
    """Which document a ZIP archive is, once its directory promises a bearable size. Nothing is unpacked."""
    try:
        with zipfile.ZipFile(path) as archive:
            _refuse_bomb(archive.infolist(), path.stat().st_size)
            names = set(archive.namelist())
            for name, suffix in _ZIPPED.items():
                if name in names:
                    return suffix
            if "META-INF/container.xml" in names:
                return ".epub"
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise DocumentError(f"is a damaged ZIP archive ({error})") from error
    raise DocumentError("is a ZIP archive that holds no supported document")


def _refuse_bomb(members: list[zipfile.ZipInfo], size: int) -> None:
    """Sizes in the directory bind: zipfile stops reading a member at the size declared for it."""
    total = sum(member.file_size for member in members)
    if total > MAX_UNPACKED or (total > RATIO_MATTERS_FROM and total > MAX_RATIO * max(size, 1)):
        raise DocumentError(f"would unpack to {total // 2**20:,} MB, far more than its size")
    if any(member.flag_bits & 0x1 for member in members):
        raise DocumentError("is encrypted")
