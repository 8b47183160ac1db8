"""Files that people gave in Slack, fetched with the token, which goes to nobody but Slack."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

import aiohttp

from adapters.downloads import bounded, kept_by, opened
from adapters.files import LARGEST
from adapters.slack.web_api.errors import Limited, NotSent, ScopeMissing, TokenGone, Unconfirmed, Vanished
from adapters.slack.web_api.wire import Wire

__all__ = ["download"]

_METHOD = "the download of a file"
_HOSTS = (".slack.com", ".slack-files.com", ".slack-gov.com")


async def download(wire: Wire, url: str, largest: int = LARGEST) -> bytes:
    """The file's content.

    Raises:
        InvalidEntry: the address is not one of Slack's, or the file is too large.
        ScopeMissing, TokenGone, Vanished: Slack does not hand it out.
        Unavailable: not now.
    """
    headers = {"Authorization": f"Bearer {wire.token}"}
    base = urlsplit(wire.base_url)

    def is_kept(url: str) -> bool:
        return kept_by(url, _HOSTS, also=lambda parts: _place(parts) == _place(base))

    try:
        async with opened(
            wire.session(), url, is_kept, platform="Slack", headers=headers, proxy=wire.proxy
        ) as response:
            return await _content(response, largest)
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
        raise NotSent("Slack's files are not reached; try again later") from error
    except (aiohttp.ClientError, TimeoutError) as error:
        raise Unconfirmed("The download of a file broke off; try again later") from error


def _place(address: SplitResult) -> tuple[str, str | None, int | None]:
    return address.scheme, address.hostname, address.port


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
    content = b"" if response.status == 403 else await bounded(response, largest)
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
