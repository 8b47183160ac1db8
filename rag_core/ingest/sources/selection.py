"""Which of a tree's files are wanted: gitignore-style globs, and the formats that a loader reads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from urllib.parse import quote

from pathspec import GitIgnoreSpec

from rag_core.ingest.loaders import SUPPORTED

__all__ = ["Selection", "published_at"]


class Selection:
    """The files of a tree that the globs include, do not ignore, and that a loader can read."""

    def __init__(self, include: Sequence[str], ignore: Sequence[str]) -> None:
        self._include = GitIgnoreSpec.from_lines(include)
        self._ignore = GitIgnoreSpec.from_lines(ignore)
        # '!docs/keep.md' may want a file back from an ignored folder, so then every folder is entered.
        self._prunes = not any(pattern.lstrip().startswith("!") for pattern in ignore)

    def wants(self, path: str) -> bool:
        """Whether the file at this relative path, with slashes, is wanted."""
        return (
            PurePosixPath(path).suffix.lower() in SUPPORTED
            and self._include.match_file(path)
            and not self._ignore.match_file(path)
        )

    def enters(self, folder: str) -> bool:
        """Whether a wanted file may lie below the folder at this relative path."""
        return not (self._prunes and self._ignore.match_file(folder + "/"))


def published_at(base: str, path: str) -> str:
    """The address of a file below base: a slash joins them unless base ends in '/', '=', '#' or the like."""
    joint = "" if base.endswith(("/", "=", "#", "?", "&", ":")) else "/"
    return base + joint + quote(path)
