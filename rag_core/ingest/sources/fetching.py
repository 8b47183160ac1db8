"""The one HTTP client for web sources: public hosts only, within limits of time, size and redirects."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import ssl
import tempfile
import time
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from http.cookiejar import CookieJar, DefaultCookiePolicy
from importlib import metadata
from pathlib import Path
from typing import BinaryIO

import httpcore
import httpx

from rag_core.errors import DocumentError, SourceError
from rag_core.ingest.sources.addresses import Resolver, is_public, public_addresses, system_resolver
from rag_core.ingest.sources.source import refuse_larger

__all__ = ["Client", "Download", "GuardedBackend", "Gunzip", "Times", "shown"]

_REDIRECTS = 5
_LATER = frozenset({408, 425, 429})
_PATIENCE_S = 10
_BROKEN = (httpcore.NetworkError, httpcore.ProtocolError, OSError)


@dataclass(frozen=True, slots=True)
class Times:
    """Time limits in seconds: to connect, between two reads, and for the whole of a document."""

    connect: float = 10
    read: float = 30
    total: float = 120


@dataclass(frozen=True, slots=True)
class Download:
    """A body on disk and what the server said of it. Whoever asked for it removes the file."""

    path: Path
    url: str
    """Where it was found, after redirects."""
    media_type: str
    """'text/html', lower case; '' when the server did not say."""
    charset: str
    etag: str
    modified: str
    digest: str
    """SHA-256 of the body, in hexadecimal."""

    def discard(self) -> None:
        self.path.unlink(missing_ok=True)


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Resolves a host itself and connects to exactly the addresses that it checked.

    Neither a redirect nor a name that resolves differently a moment later gets past it. TLS still verifies
    the name.
    """

    def __init__(self, resolve: Resolver, is_allowed: Callable[[str], bool]) -> None:
        self._resolve = resolve
        self._is_allowed = is_allowed
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to the first address that answers. timeout holds for all of them together.

        Raises:
            PrivateAddress: the host is not to be reached.
        """
        ends = time.monotonic() + (timeout if timeout is not None else 3600)
        try:
            async with asyncio.timeout(timeout):
                addresses = await public_addresses(host, port, self._resolve, self._is_allowed)
        except TimeoutError:
            raise httpcore.ConnectTimeout("its name could not be resolved in time") from None
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"its name could not be resolved: {error}") from None
        failure: Exception = httpcore.ConnectError("its name has no address")
        for number, address in enumerate(addresses):
            share = max(0.1, (ends - time.monotonic()) / (len(addresses) - number))
            try:
                return await self._network.connect_tcp(address, port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise httpcore.ConnectError("a source reaches no local socket")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class Client:
    """Downloads documents into a folder.

    Environment variables for proxies are not followed: a proxy would resolve names where nothing checks them.
    """

    def __init__(
        self,
        folder: Path,
        max_file_mb: int,
        *,
        allow_private: bool = False,
        resolve: Resolver = system_resolver,
        is_allowed: Callable[[str], bool] = is_public,
        times: Times = Times(),
    ) -> None:
        self._folder = folder
        self._max_file_mb = max_file_mb
        self._times = times
        self._backend = GuardedBackend(resolve, (lambda _: True) if allow_private else is_allowed)

    async def get(
        self,
        url: str,
        *,
        etag: str = "",
        modified: str = "",
        permit: Callable[[str], Awaitable[None]] | None = None,
    ) -> Download | None:
        """Download what stands at this address; None when it is unchanged since etag or modified.

        permit: is asked before each address that is reached, after redirects as well; raises to refuse it.

        Raises:
            DocumentError: there is no such document, or it may not be read: private address, too large, 4xx.
            SourceError: the server cannot be reached or is in trouble; the same call may succeed later.
        """
        headers = {"If-None-Match": etag, "If-Modified-Since": modified}
        conditions = {name: value for name, value in headers.items() if value}
        try:
            async with asyncio.timeout(self._times.total):
                return await self._get_patiently(url, conditions, permit)
        except TimeoutError:
            raise SourceError(f"{shown(url)} took longer than {self._times.total:g} s.") from None

    async def close(self) -> None:
        await self._http.aclose()

    async def _get_patiently(
        self, url: str, headers: Mapping[str, str], permit: Callable[[str], Awaitable[None]] | None
    ) -> Download | None:
        """Try a second time when the server says when, or closed a connection that lay idle."""
        try:
            return await self._follow(url, headers, permit)
        except _Later as later:
            await asyncio.sleep(later.after)
        return await self._follow(url, headers, permit)

    async def _follow(
        self, url: str, headers: Mapping[str, str], permit: Callable[[str], Awaitable[None]] | None
    ) -> Download | None:
        try:
            request: httpx.Request | None = self._http.build_request("GET", url, headers=headers)
            for _ in range(_REDIRECTS + 1):
                assert request is not None
                address = str(request.url)
                if request.url.scheme not in ("http", "https") or not request.url.host:
                    raise DocumentError(f"leads to {shown(address)!r}, which is no http or https address")
                if permit is not None:
                    await permit(address)
                response = await self._http.send(request, stream=True)
                try:
                    request = response.next_request
                    if request is None:
                        return await self._receive(response, address)
                finally:
                    await response.aclose()
        except (httpx.InvalidURL, httpx.RemoteProtocolError) as error:
            raise DocumentError(f"cannot be read: {error}") from None
        except httpcore.TimeoutException as error:
            raise SourceError(f"{shown(url)} cannot be reached: {_reason(error)}.") from None
        except _BROKEN as error:
            raise _Later(f"{shown(url)} cannot be reached: {_reason(error)}.") from None
        raise DocumentError(f"redirects more than {_REDIRECTS} times")

    async def _receive(self, response: httpx.Response, address: str) -> Download | None:
        if response.status_code == 304:
            return None
        _require_success(response, shown(address))
        with self._file() as (file, path):
            digest = hashlib.sha256()
            size = 0
            async for chunk in self._decoded(response):
                size += len(chunk)
                refuse_larger(size, self._max_file_mb)
                digest.update(chunk)
                file.write(chunk)
        media_type, charset = _content_type(response.headers.get("Content-Type", ""))
        etag, modified = (response.headers.get(name, "") for name in ("ETag", "Last-Modified"))
        return Download(path, address, media_type, charset, etag, modified, digest.hexdigest())

    async def _decoded(self, response: httpx.Response) -> AsyncIterator[bytes]:
        """The body without its compression, in pieces of bounded size.

        httpx would undo any number of layers, each a thousandfold, before the size could be looked at.
        """
        encoding = response.headers.get("Content-Encoding", "").strip().lower()
        if encoding in ("", "identity"):
            async for chunk in response.aiter_raw():
                yield chunk
        elif encoding in ("gzip", "x-gzip"):
            gunzip = Gunzip()
            async for chunk in response.aiter_raw():
                for piece in gunzip.pieces(chunk):
                    yield piece
            gunzip.finish()
        else:
            raise DocumentError(
                f"was sent with the content encoding {encoding[:40]!r}, which was not asked for"
            )

    @contextmanager
    def _file(self) -> Iterator[tuple[BinaryIO, Path]]:
        """A new file of the download folder; it stays only when the block succeeds."""
        self._folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self._folder)
        path = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                yield file, path
        except BaseException:
            path.unlink(missing_ok=True)
            raise

    @cached_property
    def _http(self) -> httpx.AsyncClient:
        times = httpx.Timeout(self._times.read, connect=self._times.connect, pool=None)
        return httpx.AsyncClient(
            transport=_Transport(self._backend),
            timeout=times,
            trust_env=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),  # no state between pages
            headers={"User-Agent": f"answerloop/{_version()}", "Accept-Encoding": "gzip"},
        )


class _Later(SourceError):
    """A failure that may pass within seconds."""

    def __init__(self, message: str, after: float = 0.2) -> None:
        super().__init__(message)
        self.after = after


class _Transport(httpx.AsyncBaseTransport):
    """Sends httpx's requests through a pool of connections that the backend opens."""

    def __init__(self, backend: httpcore.AsyncNetworkBackend) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=_tls(), max_connections=16, keepalive_expiry=5, network_backend=backend
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        response = await self._pool.handle_async_request(
            httpcore.Request(
                request.method, url, headers=request.headers.raw, content=b"", extensions=request.extensions
            )
        )
        assert not isinstance(response.stream, (bytes, Iterable))
        return httpx.Response(
            response.status,
            headers=response.headers,
            stream=_Stream(response),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        await self._pool.aclose()


class _Stream(httpx.AsyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._response.aiter_stream():
            yield chunk

    async def aclose(self) -> None:
        await self._response.aclose()


class Gunzip:
    """Undoes gzip in pieces of at most 1 MB, however much a few bytes expand to."""

    _PIECE = 2**20

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(wbits=31)
        self._is_full = False

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """What these bytes, which follow those before, expand to.

        Raises:
            DocumentError: they are not gzip.
        """
        try:
            while data or self._is_full:
                if self._inflate.eof:  # a gzip file may hold several members
                    self._inflate = zlib.decompressobj(wbits=31)
                piece = self._inflate.decompress(data, self._PIECE)
                data = self._inflate.unconsumed_tail or self._inflate.unused_data
                # A full piece may leave more in zlib's state although all bytes went in.
                self._is_full = len(piece) == self._PIECE and not self._inflate.eof
                yield piece
        except zlib.error:
            raise DocumentError("claims to be gzip, but is not") from None

    def finish(self) -> None:
        """Raise DocumentError when the bytes so far end in the middle."""
        if not self._inflate.eof:
            raise DocumentError("is gzip that was cut short")


def shown(url: str) -> str:
    """An address fit for a message: without user name and password."""
    return re.sub(r"//[^/@\s]*@", "//", url)


def _require_success(response: httpx.Response, address: str) -> None:
    status = response.status_code
    if status == 200:
        return
    if status in (404, 410):
        raise DocumentError(f"does not exist any more (status {status})")
    if status in (401, 403):
        raise DocumentError(f"may not be read without signing in (status {status})")
    if status in _LATER or status >= 500:
        raise _later(f"{address} is in trouble (status {status}).", response.headers.get("Retry-After", ""))
    raise DocumentError(f"cannot be read (status {status})")


def _later(message: str, retry_after: str) -> SourceError:
    """Worth a second try now only when the server names a time that is short enough to wait for."""
    if retry_after.isascii() and retry_after.isdigit() and int(retry_after) <= _PATIENCE_S:
        return _Later(message, int(retry_after))
    return SourceError(message)


def _reason(error: Exception) -> str:
    if isinstance(error, httpcore.ConnectTimeout):
        return "it did not answer in time"
    if isinstance(error, httpcore.TimeoutException):
        return "it stopped sending"
    return str(error).rstrip(".") or type(error).__name__


def _content_type(header: str) -> tuple[str, str]:
    """'Text/HTML; charset="utf-8"' -> ('text/html', 'utf-8')."""
    media_type, _, parameters = header.partition(";")
    charset = re.search(r"charset\s*=\s*\"?([\w.:-]+)", parameters, re.IGNORECASE)
    return media_type.strip().lower(), charset[1].lower() if charset else ""


@cache
def _tls() -> ssl.SSLContext:
    """The well-known authorities, or those that SSL_CERT_FILE names where a company has its own."""
    return httpx.create_ssl_context()


def _version() -> str:
    try:
        return metadata.version("answerloop")
    except metadata.PackageNotFoundError:
        return "0"
