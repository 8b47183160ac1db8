"""Any file that people keep documents in -> Markdown. One module for each family of formats."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from rag_core.errors import DocumentError
from rag_core.ingest.loaders.sniffing import HTML, MARKDOWN, PLAIN, SUPPORTED, family
from rag_core.ingest.loaders.writing import Loaded

__all__ = ["SUPPORTED", "Loaded", "load"]

MAX_CHARS = 20_000_000

_log = logging.getLogger(__name__)


def load(path: Path, suffix: str, *, max_chars: int = MAX_CHARS) -> Loaded:
    """Read a file as Markdown (see Loaded for its conventions).

    suffix: what the file's name ends in, with the dot. Content that clearly is of another format decides.
    max_chars: a document that holds more is refused, so that its memory is bounded.

    Raises:
        DocumentError: it cannot be read. The message is the rest of a sentence that begins with its name.
        MemoryError: reading it needs more memory than this process may have.
    """
    try:
        loaded = _reader(family(path, suffix), max_chars)(path)
    except (DocumentError, MemoryError):
        raise
    except RecursionError as error:
        raise DocumentError("is nested too deeply") from error
    except OSError as error:
        raise DocumentError(f"cannot be opened ({error.strerror or error})") from error
    except Exception as error:  # the parsers of ten formats, given arbitrary bytes, raise anything
        _log.debug("%s cannot be read", path, exc_info=True)
        raise DocumentError(f"is damaged, or not a {suffix.lower()} file ({type(error).__name__})") from error
    return _checked(loaded, path, max_chars)


def _checked(loaded: Loaded, path: Path, max_chars: int) -> Loaded:
    if not loaded.markdown.strip():
        raise DocumentError("holds no text")
    if len(loaded.markdown) > max_chars:
        raise DocumentError(f"holds more than {max_chars:,} characters")
    return loaded if loaded.title else replace(loaded, title=path.stem)


def _reader(suffix: str, max_chars: int) -> Callable[[Path], Loaded]:
    """The loader of a format. Each is imported when it is first needed: together they take a second."""
    if suffix in PLAIN:
        from rag_core.ingest.loaders.plain import read_plain

        return read_plain
    if suffix in MARKDOWN:
        from rag_core.ingest.loaders.plain import read_markdown

        return read_markdown
    if suffix in HTML:
        from rag_core.ingest.loaders.html import read_html

        return read_html
    if suffix == ".rst":
        from rag_core.ingest.loaders.rst import read_rst

        return read_rst
    return _document_reader(suffix, max_chars)


def _document_reader(suffix: str, max_chars: int) -> Callable[[Path], Loaded]:
    if suffix == ".pdf":
        from rag_core.ingest.loaders.pdf import read_pdf

        return lambda path: read_pdf(path, max_chars)
    if suffix == ".docx":
        from rag_core.ingest.loaders.word import read_docx

        return read_docx
    if suffix == ".pptx":
        from rag_core.ingest.loaders.slides import read_pptx

        return read_pptx
    if suffix == ".xlsx":
        from rag_core.ingest.loaders.sheets import read_xlsx

        return lambda path: read_xlsx(path, max_chars)
    if suffix == ".epub":
        from rag_core.ingest.loaders.books import read_epub

        return lambda path: read_epub(path, max_chars)
    if suffix == ".ipynb":
        from rag_core.ingest.loaders.notebooks import read_ipynb

        return read_ipynb
    from rag_core.ingest.loaders.sheets import read_csv

    return lambda path: read_csv(path, suffix, max_chars)
