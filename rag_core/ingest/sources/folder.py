"""Files below a folder, or one file."""

from __future__ import annotations

import asyncio
import os
import stat
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from rag_core.errors import DocumentError, SourceError
from rag_core.ingest.sources.selection import Selection, published_at
from rag_core.ingest.sources.source import Fetched, Item, refuse_larger
from rag_core.ingest.sources.threads import from_thread
from rag_core.settings import FolderSource, Ingest

__all__ = ["Folder"]

_RACY_S = 2
"""A file changed twice within a tick of its file system's clock keeps its time; FAT's ticks take 2 s."""
_SKEW_S = 3600


class Folder:
    """A folder's files that a loader reads; or one file of any format, so that the loader can say why not."""

    def __init__(self, settings: FolderSource, limits: Ingest) -> None:
        self.name = settings.name
        self.scope = settings.scope
        self._settings = settings
        self._limits = limits
        self._path = settings.path.expanduser().absolute()

    async def items(self, known: Mapping[str, str]) -> AsyncIterator[Item]:
        """The files in the order of their paths, folder by folder.

        Raises:
            SourceError: the folder, or one within it, cannot be listed.
        """
        async for item in from_thread(self._item(path, key) for path, key in self._files()):
            yield item

    async def close(self) -> None:
        """Nothing is held open."""

    def _files(self) -> Iterator[tuple[Path, str]]:
        if not os.path.lexists(self._path):
            raise SourceError(f"{self._path} does not exist; sources.{self.name}.path names it.")
        if not self._path.is_dir():
            yield self._path, _text(self._path.name)
            return
        selection = Selection(self._settings.include, self._settings.ignore)
        yield from _Walk(self._path, selection, self._settings.hidden).files()

    def _item(self, path: Path, key: str) -> Item:
        try:
            fingerprint = _fingerprint(path.stat())
        except OSError:
            fingerprint = ""  # fetching says why
        url = published_at(self._settings.url, key) if self._settings.url else path.as_uri()
        known = "" if fingerprint.endswith("?") else fingerprint
        return Item(key, url, known, partial(asyncio.to_thread, self._fetch, path))

    def _fetch(self, path: Path) -> Fetched:
        try:
            status = path.stat()
            if not stat.S_ISREG(status.st_mode):
                raise DocumentError("is not a regular file")
            refuse_larger(status.st_size, self._limits.max_file_mb)
            os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
        except FileNotFoundError:
            raise DocumentError("vanished before it could be read") from None
        except OSError as error:
            raise DocumentError(f"cannot be opened: {error.strerror}") from None
        return Fetched(path, path.suffix.lower(), fingerprint=_fingerprint(status))


@dataclass
class _Walk:
    """One walk through a tree, sorted within each folder; holds one folder's entries per level in memory."""

    root: Path
    selection: Selection
    hidden: bool
    unlisted: list[str] = field(default_factory=list)
    linked: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.real = os.path.realpath(self.root)

    def files(self) -> Iterator[tuple[Path, str]]:
        """(path, key) of every wanted file. Raises SourceError at the end if a folder could not be listed."""
        yield from self._below(self.root, "")
        if self.unlisted:
            raise SourceError(
                f"{self.unlisted[0]} Nothing is removed until it can be listed, or is named in ignore."
                + (f" So it is with {len(self.unlisted) - 1} more." if len(self.unlisted) > 1 else "")
            )

    def _below(self, root: Path, start: str) -> Iterator[tuple[Path, str]]:
        levels = [iter(self._entries(root, start))]
        while levels:
            entry = next(levels[-1], None)
            if entry is None:
                levels.pop()
                continue
            path, key = entry
            if stat.S_ISDIR(_mode(path)):
                if self.selection.enters(key):
                    levels.append(iter(self._entries(path, key + "/")))
            elif self.selection.wants(key):
                yield path, key

    def _entries(self, folder: Path, prefix: str) -> list[tuple[Path, str]]:
        """What lies in a folder and may be followed, sorted by name."""
        try:
            with os.scandir(folder) as entries:
                found = sorted(entry.name for entry in entries if self._follows(entry))
        except (FileNotFoundError, NotADirectoryError) as error:
            if not prefix:
                self.unlisted.append(f"{folder} cannot be listed: {error.strerror}.")
            return []  # below the root it vanished during the walk
        except OSError as error:
            self.unlisted.append(f"{folder} cannot be listed: {error.strerror}.")
            return []
        return [(folder / name, prefix + _text(name)) for name in found]

    def _follows(self, entry: os.DirEntry[str]) -> bool:
        if entry.name.startswith(".") and not self.hidden:
            return False
        return not entry.is_symlink() or self._follows_link(entry)

    def _follows_link(self, entry: os.DirEntry[str]) -> bool:
        """Whether it stays in the tree, does not lead back up, and leads to no folder twice."""
        target = os.path.realpath(entry.path)
        mode = _mode(target)
        if not mode or not _is_within(target, self.real):
            return False
        if not stat.S_ISDIR(mode):
            return True
        # Links that cross can make more paths than there are atoms, without any loop: hence once only.
        if target in self.linked or _is_within(os.path.realpath(Path(entry.path).parent), target):
            return False
        self.linked.add(target)
        return True


def _is_within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _mode(path: Path | str) -> int:
    """The kind of what lies there, with links followed; 0 when nothing does, or it cannot be seen."""
    try:
        return Path(path).stat().st_mode
    except OSError:
        return 0


def _text(name: str) -> str:
    """A file name that can be stored: bytes that are not UTF-8 are written as '\\xff'."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _fingerprint(status: os.stat_result) -> str:
    """Changes when the file does. Ends in '?', which never compares equal, when it was changed a moment ago.

    The method is git's for its "racily clean" entries: a second change may leave no trace in the file's time.
    """
    age = time.time() - status.st_mtime
    racy = "?" if -_SKEW_S < age < _RACY_S else ""
    return f"{status.st_mtime_ns}-{status.st_size}-{status.st_ino}{racy}"
