"""Files that people gave in a chat, fetched from the platform that keeps them and from nowhere else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

import aiohttp

from rag_core.errors import InvalidEntry

__all__ = ["bounded", "kept_by", "opened"]

FILE_S, CONNECT_S = 60.0, 5.0
_REDIRECTS = 5
_MOVED = frozenset({301, 302, 303, 307, 308})


@asynccontextmanager
async def opened(
    session: aiohttp.ClientSession,
    url: str,
    is_kept: Callable[[str], bool],
    *,
    platform: str,
    headers: Mapping[str, str] | None = None,
    **options: Any,
) -> AsyncIterator[aiohttp.ClientResponse]:
    """The response for the file. It is not redirected further: a status of 3xx means that this went on for too long.

    is_kept: whether an address may be asked, and be given the headers. platform: its name. options: of aiohttp, such as
    proxy.

    Raises:
        InvalidEntry: the address, or one that it redirects to, is none of the platform's.
        aiohttp.ClientError, TimeoutError: it broke off.
    """
    timeout = aiohttp.ClientTimeout(total=FILE_S, sock_connect=CONNECT_S)
    for left in reversed(range(_REDIRECTS)):
        if not is_kept(url):
            raise InvalidEntry(
                f"This file is not kept by {platform}, so I cannot read it; upload it to {platform}"
            )
        async with session.get(
            url, headers=headers, timeout=timeout, allow_redirects=False, **options
        ) as response:
            if response.status not in _MOVED or not left:
                yield response
                return
            url = urljoin(url, response.headers.get("Location", ""))


async def bounded(response: aiohttp.ClientResponse, largest: int) -> bytes:
    """What it holds.

    Raises:
        InvalidEntry: more bytes than largest.
        aiohttp.ClientError, TimeoutError: it broke off.
    """
    parts: list[bytes] = []
    size = 0
    async for part in response.content.iter_chunked(65_536):
        size += len(part)
        if size > largest:
            raise InvalidEntry(f"This file is larger than {largest // 2**20} MB; give me a smaller one")
        parts.append(part)
    return b"".join(parts)


def kept_by(url: str, hosts: tuple[str, ...], also: Callable[[SplitResult], bool]) -> bool:
    """Whether an address is, by https, on one of these hosts or below, or is one of those that also count."""
    try:
        parts = urlsplit(url)
        if also(parts):
            return True
        host = "." + (parts.hostname or "")
        return parts.scheme == "https" and parts.port in (None, 443) and host.endswith(hosts)
    except ValueError:  # no address
        return False
