"""Where documents come from: folders, web sites, git repositories, and any LlamaIndex reader.

A source lists items; an item fetches one document to disk. What comes over a network is untrusted: it is
stored under names of our own, never executed, and never checked out.
"""

from __future__ import annotations

from pathlib import Path

from rag_core.ingest.sources.source import Fetched, Item, Source
from rag_core.settings import FolderSource, GitSource, Ingest, ReaderSource, SourceSettings, WebSource

__all__ = ["Fetched", "Item", "Source", "open_source"]


def open_source(settings: SourceSettings, work: Path, limits: Ingest) -> Source:
    """The source that these settings describe. Nothing is read or reached before its items are asked for.

    work: a folder that belongs to this source alone, for clones and downloads; made when it is needed.

    Raises:
        SettingsError: an address in the settings cannot be one.
    """
    match settings:
        case FolderSource():
            from rag_core.ingest.sources.folder import Folder

            return Folder(settings, limits)
        case WebSource():
            from rag_core.ingest.sources.web import Web

            return Web(settings, work, limits)
        case GitSource():
            from rag_core.ingest.sources.git import Git

            return Git(settings, work, limits)
        case ReaderSource():
            from rag_core.ingest.sources.reader import Reader

            return Reader(settings, work, limits)
