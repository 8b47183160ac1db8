"""Files that people gave in Slack, fetched with the token, which goes to nobody but Slack."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

import aiohttp

from adapters.slack.web_api.errors import Limited, NotSent, ScopeMissing, TokenGone, Unconfirmed, Vanished
from adapters.slack.web_api.wire import Wire
from rag_core.errors import InvalidEntry

__all__ = ["LARGEST", "download"]

LARGEST = 20 * 2**20
"""Bytes of a file that are read."""
FILE_S = 60.0
_METHOD = "the download of a file"
_REDIRECTS = 5
_HOSTS = (".slack.com", ".slack-files.com", ".slack-gov.com")


async def download(wire: Wire, url: str, largest: int = LARGEST) -> bytes:
    """The file's content.

    Raises:
        InvalidEntry: the address is not one of Slack's, or the file is too large.
        ScopeMissing, TokenGone, Vanished: Slack does not hand it out.
        Unavailable: not now.
    """
    timeout = aiohttp.ClientTimeout(total=FILE_S, sock_connect=5)
    headers = {"Authorization": f"Bearer {wire.token}"}
    try:
        for _ in range(_REDIRECTS):
            _check(url, wire.base_url)
            asked = wire.session().get(
                url, headers=headers, timeout=timeout, proxy=wire.proxy, allow_redirects=False
            )
            async with asked as response:
                if response.status not in (301, 302, 303, 307, 308):
                    return await _content(response, largest)
                url = urljoin(url, response.headers.get("Location", ""))
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
        raise NotSent("Slack's files are not reached; try again later") from error
    except (aiohttp.ClientError, TimeoutError) as error:
        raise Unconfirmed("The download of a file broke off; try again later") from error
    raise Vanished(_METHOD, "too many redirects")


def _check(url: str, base_url: str) -> None:
    """Raises: InvalidEntry where the token must not go."""
    if not _is_slacks(url, base_url):
        raise InvalidEntry("This file is not kept by Slack, so I cannot read it; upload it to Slack")


def _is_slacks(url: str, base_url: str) -> bool:
    """Whether it is on the host of the Web API, or on one of Slack's for files."""
    try:
        parts, base = urlsplit(url), urlsplit(base_url)
        if (parts.scheme, parts.hostname, parts.port) == (base.scheme, base.hostname, base.port):
            return True
        host = "." + (parts.hostname or "")
        return parts.scheme == "https" and parts.port in (None, 443) and host.endswith(_HOSTS)
    except ValueError:  # no address
        return False


async def _content(response: aiohttp.ClientResponse, largest: int) -> bytes:
    if response.status == 429:
        raise Limited(_METHOD, 30.0)
    if response.status >= 500:
        raise Unconfirmed(
            f"Slack failed at {_METHOD} (status {response.status}); try again later", refused=True
        )
    if response.status == 401:
        raise TokenGone(_METHOD, "invalid_auth", "install the app anew")
    if response.status not in (200, 403):
        raise Vanished(_METHOD, f"status {response.status}")
    content = b"" if response.status == 403 else await _bounded(response, largest)
    if response.status == 403 or _asks_to_sign_in(response, content):
        remedy = "it needs the scope files:read: install the app anew with its manifest"
        raise ScopeMissing(_METHOD, "missing_scope", remedy, "files:read")
    return content


def _asks_to_sign_in(response: aiohttp.ClientResponse, content: bytes) -> bool:
    """Slack answers a token without files:read with its sign-in page. A file may be HTML as well: by its name."""
    if response.content_type != "text/html" or "Content-Disposition" in response.headers:
        return False
    page = content[:50_000].lower()
    return not response.url.path.lower().endswith((".html", ".htm")) or (
        b"sign in" in page and b"slack" in page
    )


async def _bounded(response: aiohttp.ClientResponse, largest: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in response.content.iter_chunked(65_536):
        size += len(part)
        if size > largest:
            raise InvalidEntry(f"This file is larger than {largest // 2**20} MB; give me a smaller one")
        parts.append(part)
    return b"".join(parts)
