"""What every source gives: items to compare with what is known, each able to fetch its document to disk."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rag_core.errors import DocumentError

__all__ = ["Fetched", "Item", "Source", "refuse_larger", "scratch"]


@dataclass(frozen=True, slots=True)
class Fetched:
    """A document brought to disk, ready for the loader. Who fetched it calls discard() when it is loaded."""

    path: Path
    suffix: str
    """'.md': decides the loader. Lower case."""
    title: str | None = None
    """Overrides the title that the loader finds."""
    fingerprint: str = ""
    """What the next sync compares: keep it as the known fingerprint of the item's key."""
    temporary: bool = False
    """Whether path is a copy made for this fetch alone, in a folder of its own."""

    def discard(self) -> None:
        """Remove the copy made for loading; a file of the user's is left alone. May be called twice."""
        if self.temporary:
            shutil.rmtree(self.path.parent, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Item:
    """One document of a source, not read yet."""

    key: str
    """Stable and unique within the source: a relative path with slashes, or an address."""
    url: str
    """Where it opens for a reader, without the place. '' where no link leads to it."""
    fingerprint: str
    """Equal to the one kept from last time: unchanged, need not be fetched. '': not known before fetching."""
    fetch: Callable[[], Awaitable[Fetched | None]]
    """Bring the document to disk; None when it turns out unchanged. May be called for several items at once.

    Raises DocumentError when it cannot be read; its message is, as with loaders, the rest of a sentence that
    begins with the document's name: 'is 120 MB large'. Raises SourceError, a whole sentence, when it cannot
    be reached now and the previous version should stay.
    """


class Source(Protocol):
    """A place that documents come from."""

    @property
    def name(self) -> str: ...

    @property
    def scope(self) -> str: ...

    def items(self, known: Mapping[str, str]) -> AsyncIterator[Item]:
        """All documents there are now, each key once.

        known: key -> fingerprint kept from last time.

        Raises:
            SourceError: not everything could be listed. Raised after the items that could be, so these can be
                synchronised all the same; nothing may be removed.
            SettingsError: the settings or the environment must be edited first.
        """
        ...

    async def close(self) -> None:
        """Release connections and temporary files. The source is not used afterwards."""
        ...


def refuse_larger(size: int, limit_mb: int) -> None:
    """Raise DocumentError for a document of more bytes than the setting ingest.max_file_mb allows."""
    if size > limit_mb * 2**20:
        raise DocumentError(
            f"is {size / 2**20:,.1f} MB large; the setting ingest.max_file_mb allows {limit_mb} MB"
        )


def scratch(folder: Path, name: str, suffix: str) -> Path:
    """A place for a temporary Fetched: in a new folder below folder, called as the document is.

    A loader that finds no title takes the file's name for one. name is untrusted; what is left of it is not.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stem = re.sub(r"[^\w.-]+", "-", name).strip(".-")[:80] or "document"
    return Path(tempfile.mkdtemp(dir=folder)) / (stem + suffix)
