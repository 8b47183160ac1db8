"""Pages of web sites, named one by one or by sitemaps."""

from __future__ import annotations

import asyncio
import codecs
import hashlib
import json
import logging
import re
import shutil
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path, PurePosixPath

import httpx

from rag_core.errors import DocumentError, SettingsError, SourceError
from rag_core.ingest.loaders import SUPPORTED
from rag_core.ingest.sources.addresses import Resolver, system_resolver
from rag_core.ingest.sources.fetching import Client, Download, Times, shown
from rag_core.ingest.sources.robots import Robots, fetch_robots
from rag_core.ingest.sources.sitemap import Listing, read_sitemap
from rag_core.ingest.sources.source import Fetched, Item, scratch
from rag_core.settings import Ingest, WebSource

__all__ = ["Web", "normalised", "suffix_of"]

logger = logging.getLogger(__name__)

_AT_ONCE = 4
_DEPTH = 3
_MOST_SITEMAPS = 1000
_LONGEST_DELAY_S = 10
_FOREIGN = re.compile(r"utf-16|iso8859|cp\d|koi8|mac|shift|euc|gb|big5|iso2022|tis")
"""Python's names of the encodings that pages are written in. It has base64 and the like for codecs, too."""

_SUFFIXES = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/markdown": ".md",
    "text/x-markdown": ".md",
    "text/x-rst": ".rst",
    "text/prs.fallenstein.rst": ".rst",
    "text/csv": ".csv",
    "application/pdf": ".pdf",
    "application/epub+zip": ".epub",
    "application/x-ipynb+json": ".ipynb",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
}
_VAGUE = frozenset({"", "text/plain", "application/octet-stream", "application/json", "application/zip"})
"""What servers call a file when they do not know better: its address says more."""


class Web:
    """Reads pages politely: by robots.txt, four at a time, and asking only for what changed.

    Downloads lie in a folder of their own below work until they are discarded, so that disk use is bounded by
    how many are fetched at once; what a crash left there goes with the next start, the rest with close().
    """

    def __init__(
        self,
        settings: WebSource,
        work: Path,
        limits: Ingest,
        *,
        resolve: Resolver = system_resolver,
        times: Times | None = None,
    ) -> None:
        self.name = settings.name
        self.scope = settings.scope
        self._settings = settings
        self._folder = work / "downloads"
        self._pages = [_required(url, f"sources.{settings.name}.urls") for url in settings.urls]
        self._roots = [_required(url, f"sources.{settings.name}.sitemaps") for url in settings.sitemaps]
        self._client = Client(
            self._folder,
            limits.max_file_mb,
            allow_private=settings.allow_private,
            resolve=resolve,
            times=times or Times(),
        )
        self._robots = _RobotsOfSites(self._client)
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def items(self, known: Mapping[str, str]) -> AsyncIterator[Item]:
        """The pages named in the settings, then those of the sitemaps, each once, up to the limit.

        Raises:
            SourceError: a sitemap could not be read; raised after the pages of all that could be.
        """
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)
        seen: set[str] = set()
        async for address in self._addresses():
            if address in seen:
                continue
            if len(seen) >= self._settings.limit:
                logger.warning("%s: stopped at its limit of %d pages", self.name, self._settings.limit)
                return
            seen.add(address)
            yield Item(address, address, "", partial(self._fetch, address, known.get(address, "")))

    async def close(self) -> None:
        self._robots.close()
        await self._client.close()
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)

    async def _addresses(self) -> AsyncIterator[str]:
        for address in self._pages:
            if not self._ignores(address):
                yield address
        failures: list[SourceError] = []
        for root in self._roots:
            async for address in self._listed(root, failures):
                yield address
        if failures:
            raise failures[0]

    async def _listed(self, root: str, failures: list[SourceError]) -> AsyncIterator[str]:
        """The wanted pages of a sitemap and of those it leads to, of the same site only."""
        site = _Site({_host(root)})
        waiting = [(root, 1)]
        read: set[str] = set()
        while waiting:
            address, depth = waiting.pop(0)
            if address in read:
                continue
            read.add(address)
            try:
                listing = await self._sitemap(address, site, is_root=depth == 1)
                if depth == _DEPTH and listing.sitemaps:
                    raise SourceError(f"{shown(root)} nests sitemaps more than {_DEPTH} deep.")
                if len(read) + len(waiting) + len(listing.sitemaps) > _MOST_SITEMAPS:
                    raise SourceError(f"{shown(root)} leads to more than {_MOST_SITEMAPS} sitemaps.")
            except SourceError as failure:
                failures.append(failure)
                continue
            children = [normalised(child) for child in listing.sitemaps]
            waiting += [(child, depth + 1) for child in children if site.holds(child)]
            for page in listing.pages:
                yield normalised(page)

    async def _sitemap(self, address: str, site: _Site, is_root: bool) -> Listing:
        try:
            download = await self._client.get(address)
            assert download is not None  # it was asked for without conditions
        except DocumentError as error:
            raise SourceError(f"The sitemap {shown(address)} {error}.") from None
        try:
            if is_root:  # example.org often sends on to www.example.org, whose pages it then lists
                site.hosts.add(_host(download.url))
            limit = self._settings.limit + 1
            return await asyncio.to_thread(read_sitemap, download.path, partial(self._wants, site), limit)
        except DocumentError as error:
            raise SourceError(f"The sitemap {shown(address)} {error}.") from None
        finally:
            download.discard()

    def _wants(self, site: _Site, page: str) -> bool:
        address = normalised(page)
        include = self._settings.include or ("*",)
        included = any(fnmatchcase(address, glob) for glob in include)
        return bool(address) and site.holds(address) and included and not self._ignores(address)

    def _ignores(self, address: str) -> bool:
        return any(fnmatchcase(address, glob) for glob in self._settings.ignore)

    async def _fetch(self, address: str, known: str) -> Fetched | None:
        before = _Version.parse(known)
        async with self._slots:
            await self._robots.wait_turn(address)
            download = await self._client.get(
                address, etag=before.etag, modified=before.modified, permit=self._robots.permit
            )
        return await asyncio.to_thread(self._accept, download, before) if download else None

    def _accept(self, download: Download, before: _Version) -> Fetched | None:
        """Make the download a document for the loader, unless it is the one from last time."""
        try:
            suffix = suffix_of(download.media_type, download.url)
            version = _Version(download.etag, download.modified, _digest(download, suffix))
            if version.digest == before.digest:
                return None
            path = scratch(self._folder, _name(download.url), suffix)
            if codec := _foreign_codec(download.charset, suffix):
                _into_utf8(download.path, codec, path)
            else:
                download.path.replace(path)
        finally:
            download.discard()
        return Fetched(path, suffix, fingerprint=str(version), temporary=True)


@dataclass
class _Site:
    """The hosts whose pages a sitemap may list: its own."""

    hosts: set[str]

    def holds(self, address: str) -> bool:
        return _host(address) in self.hosts


@dataclass(frozen=True, slots=True)
class _Version:
    """What to ask a server with next time, and what to compare when it sends the page all the same."""

    etag: str = ""
    modified: str = ""
    digest: str = ""

    def __str__(self) -> str:
        return json.dumps([self.etag, self.modified, self.digest])

    @classmethod
    def parse(cls, text: str) -> _Version:
        try:
            etag, modified, digest = json.loads(text)
            return cls(str(etag), str(modified), str(digest))
        except (ValueError, TypeError):
            return cls()


@dataclass
class _RobotsOfSites:
    """The robots.txt of each site, read once, and the pauses that it asks for."""

    client: Client
    read: dict[str, asyncio.Task[Robots]] = field(default_factory=dict)
    turns: dict[str, float] = field(default_factory=dict)

    def close(self) -> None:
        for task in self.read.values():
            task.cancel()

    async def of(self, address: str) -> Robots:
        url = httpx.URL(address)
        origin = f"{url.scheme}://{url.netloc.decode()}"
        if origin not in self.read:
            self.read[origin] = asyncio.create_task(fetch_robots(self.client, origin))
        # Shielded: one page that is given up must not take the rules away from the others that wait for them.
        return await asyncio.shield(self.read[origin])

    async def permit(self, address: str) -> None:
        """Raise DocumentError when the site asks not to read this address."""
        robots = await self.of(address)
        if not robots.allows(httpx.URL(address).raw_path.decode()):
            raise DocumentError(f"is not to be read, says the robots.txt of its site ({shown(address)})")

    async def wait_turn(self, address: str) -> None:
        """Wait as long as the site's crawl-delay asks for, ten seconds at most."""
        delay = min((await self.of(address)).delay_s, _LONGEST_DELAY_S)
        if delay:
            host = _host(address)
            now = time.monotonic()
            turn = max(now, self.turns.get(host, 0))
            self.turns[host] = turn + delay
            await asyncio.sleep(turn - now)


def normalised(address: str) -> str:
    """One spelling of an address: no fragment, user or default port, host in lower case.

    '' when it is no web address.
    """
    try:
        url = httpx.URL(address.strip())
        if url.scheme not in ("http", "https") or not url.host:
            return ""
        return str(url.copy_with(fragment=None, username=None, password=None, path=url.path or "/"))
    except (httpx.InvalidURL, ValueError):
        return ""


def suffix_of(media_type: str, address: str) -> str:
    """The suffix of the loader for a page: by its media type, or by its address where the type says little.

    Raises:
        DocumentError: no loader reads such a page.
    """
    named = PurePosixPath(httpx.URL(address).path).suffix.lower()
    if media_type in _VAGUE and named in SUPPORTED:
        return named
    suffix = _SUFFIXES.get(media_type, ".txt" if media_type == "text/plain" else "")
    if not suffix and not media_type:
        suffix = ".html"
    if suffix not in SUPPORTED:
        raise DocumentError(f"is of the type {media_type[:100]!r}, which no loader reads")
    return suffix


def _required(address: str, key: str) -> str:
    if "@" in address.partition("//")[2].partition("/")[0]:
        raise SettingsError(
            f"{key}: {shown(address)} was given with a user name, and pages are read without."
        )
    if found := normalised(address):
        return found
    raise SettingsError(f"{key}: expected an http or https address, not {shown(address)!r}.")


def _host(address: str) -> str:
    return httpx.URL(address).netloc.decode() if address else ""


def _digest(download: Download, suffix: str) -> str:
    """Of the bytes and of what decides how they are read."""
    return hashlib.sha256(f"{download.digest} {suffix} {download.charset}".encode()).hexdigest()[:32]


def _name(address: str) -> str:
    """What a page without a title may be called: the last part of its path, or its host."""
    url = httpx.URL(address)
    return PurePosixPath(url.path).stem or url.host


def _foreign_codec(charset: str, suffix: str) -> str:
    """The encoding that the server names for a text, where the loader could not know it; else ''."""
    if suffix not in (".html", ".md", ".rst", ".txt", ".csv"):
        return ""
    try:
        codec = codecs.lookup(charset).name
    except LookupError:
        return ""
    return codec if _FOREIGN.match(codec) else ""


def _into_utf8(path: Path, codec: str, into: Path) -> None:
    """Rewrite a text as UTF-8; the mark at its start outranks what HTML says of its encoding inside."""
    with (
        path.open(encoding=codec, errors="replace", newline="") as source,
        into.open("w", encoding="utf-8-sig", newline="") as target,
    ):
        shutil.copyfileobj(source, target)
