"""Documents that any LlamaIndex reader brings: the way in for Notion, Confluence, Drive and hundreds more."""

from __future__ import annotations

import asyncio
import hashlib
import importlib
import inspect
import re
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from rag_core.configuration import secret
from rag_core.errors import DocumentError, SettingsError, SourceError
from rag_core.ingest.sources.source import Fetched, Item, refuse_larger, scratch
from rag_core.ingest.sources.threads import from_thread
from rag_core.settings import Ingest, ReaderSource

__all__ = ["Reader"]

_WHERE = ("url", "file_path", "page_id", "source", "source_url", "link")
_LINKS = ("url", "source_url", "link", "source", "file_path")
_TITLES = ("title", "page_title", "file_name")
_RANDOM_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


class Reader:
    """Runs the reader in a thread, document by document where it can; hands texts on as Markdown files."""

    def __init__(self, settings: ReaderSource, work: Path, limits: Ingest) -> None:
        self.name = settings.name
        self.scope = settings.scope
        self._settings = settings
        self._limits = limits
        self._folder = work / "texts"

    async def items(self, known: Mapping[str, str]) -> AsyncIterator[Item]:
        """What the reader brings. A reader says nothing of what changed, so all is read, and compared here.

        Raises:
            SettingsError: the reader is not installed, is none, refuses its arguments, or lacks a secret.
            SourceError: it failed while it read.
        """
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)
        seen: Counter[str] = Counter()
        async for document in from_thread(self._documents(), batch=16):
            key = _key(document)
            seen[key] += 1
            yield self._item(document, key if seen[key] == 1 else f"{key}#{seen[key]}")

    async def close(self) -> None:
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)

    def _documents(self) -> Iterator[Any]:
        secrets: dict[str, str] = {}
        where = f"sources.{self.name}"
        args = _resolved(self._settings.args, f"{where}.args", secrets)
        load = _resolved(self._settings.load, f"{where}.load", secrets)
        kind = _class(self._settings.reader, f"{where}.reader")
        try:
            reader = kind(**args)
        except Exception as error:
            raise SettingsError(f"{where}.args: {_told(self._settings.reader, error, secrets)}") from None
        try:
            yield from _loaded(reader, load)
        except Exception as error:
            raise SourceError(_told(self._settings.reader, error, secrets)) from None

    def _item(self, document: Any, key: str) -> Item:
        text = _text(document)
        title = _first(document, _TITLES) or None
        fingerprint = hashlib.sha256(f"{title or ''}\0{text}".encode("utf-8", "replace")).hexdigest()[:32]
        fetch = partial(asyncio.to_thread, self._write, key, text, title, fingerprint)
        return Item(key, _link(document), fingerprint, fetch)

    def _write(self, key: str, text: str, title: str | None, fingerprint: str) -> Fetched:
        data = text.encode("utf-8", "replace")
        if not data.strip():
            raise DocumentError("holds no text")
        refuse_larger(len(data), self._limits.max_file_mb)
        path = scratch(self._folder, title or key.rpartition("/")[2], ".md")
        path.write_bytes(data)
        return Fetched(path, ".md", title, fingerprint, temporary=True)


def _class(name: str, key: str) -> type:
    """The reader's class by its import path, imported only now.

    Raises:
        SettingsError: it cannot be imported, or is no reader.
    """
    module, _, attribute = name.partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute, None)
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"{key}: {name} needs the module {error.name}; {_remedy(module, error.name)}"
        ) from None
    except ImportError as error:
        raise SettingsError(f"{key}: {module} cannot be imported: {error}.") from None
    if not isinstance(found, type) or not callable(getattr(found, "load_data", None)):
        raise SettingsError(f"{key}: {name} is no LlamaIndex reader: it is no class with load_data.")
    return found


def _remedy(module: str, missing: str | None) -> str:
    """How to install what is missing. LlamaIndex names each reader's package after its module."""
    if not (missing or "").startswith("llama_index"):
        return "install the package that has it."
    parts = module.split(".")
    own = (
        f" llama-index-readers-{parts[2].replace('_', '-')}"
        if parts[1:2] == ["readers"] and parts[2:]
        else ""
    )
    return f"`pip install 'answerloop[readers]'{own}` brings it."


def _resolved(values: Any, key: str, secrets: dict[str, str]) -> Any:
    """The arguments with each 'env:NAME' replaced.

    secrets: collects name -> value, to keep them out of messages.
    """
    if isinstance(values, dict):
        return {name: _resolved(value, f"{key}.{name}", secrets) for name, value in values.items()}
    if isinstance(values, list):
        return [_resolved(value, key, secrets) for value in values]
    if isinstance(values, str) and values.startswith("env:"):
        name = values.removeprefix("env:")
        secrets[name] = secret(name, key)
        return secrets[name]
    return values


def _loaded(reader: Any, load: Mapping[str, Any]) -> Iterator[Any]:
    """One document at a time where the reader can, so that memory is bounded; else all it has."""
    lazy = getattr(reader, "lazy_load_data", None)
    # LlamaIndex's base classes have it too, but only to raise.
    is_inherited = getattr(lazy, "__module__", "") == "llama_index.core.readers.base"
    if lazy is not None and not is_inherited and _accepts(lazy, load):
        yield from lazy(**load)
    else:
        yield from reader.load_data(**load)


def _accepts(function: Any, arguments: Mapping[str, Any]) -> bool:
    try:
        inspect.signature(function).bind(**arguments)
    except (TypeError, ValueError):
        return False
    return True


def _told(reader: str, error: Exception, secrets: Mapping[str, str]) -> str:
    """What the reader's error says, without the secrets that were given to it."""
    text = f"{reader} failed: {type(error).__name__}: {error}"
    for name, value in secrets.items():
        text = text.replace(value, f"env:{name}")
    return " ".join(text.split())[:500].rstrip(".") + "."


def _key(document: Any) -> str:
    """What stays the same from sync to sync: where the document lies, else its id, else its text.

    LlamaIndex makes up a random id (UUID 4) where a reader gives none.
    """
    if where := _first(document, _WHERE):
        return where
    identity = str(getattr(document, "id_", "") or "")
    if identity and not _RANDOM_ID.fullmatch(identity):
        return identity
    return "text:" + hashlib.sha256(_text(document).encode("utf-8", "replace")).hexdigest()[:32]


def _link(document: Any) -> str:
    """Where the document opens: a web address or a file's. Whatever else metadata claims is no link."""
    for name in _LINKS:
        value = _first(document, (name,))
        if re.match(r"https?://[^\s]+$", value):
            return value.partition("#")[0]
        if name in ("file_path", "source") and value.startswith("/"):
            return Path(value).as_uri()
    return ""


def _first(document: Any, names: Iterable[str]) -> str:
    metadata = getattr(document, "metadata", None) or {}
    values = (str(metadata[name]).strip() for name in names if metadata.get(name))
    return next(filter(None, values), "")


def _text(document: Any) -> str:
    return str(getattr(document, "text", "") or "")
