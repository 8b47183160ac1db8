"""Files that people attached in Discord. Their addresses are signed and count for a day, and no token goes there."""

from __future__ import annotations

import math
from urllib.parse import SplitResult, urlsplit

import aiohttp

from adapters.discord.rest.addresses import api_address
from adapters.discord.rest.errors import Limited, NotSent, Unconfirmed, Vanished
from adapters.discord.rest.wire import Wire
from adapters.downloads import bounded, kept_by, opened

__all__ = ["download"]

_CALL = "the download of a file"
_HOSTS = (".discordapp.com", ".discordapp.net", ".discord.com")
_MOST_WAIT_S = 3_600.0


async def download(wire: Wire, url: str, largest: int) -> bytes:
    """The file's content.

    Raises:
        InvalidEntry: the address is not one of Discord's, or the file is larger.
        Vanished: it was deleted, or its address has expired; the message, read again, may have another.
        Limited, NotSent, Unconfirmed: not now.
    """
    try:
        async with opened(wire.session(), url, _is_kept, platform="Discord", **wire.proxy) as response:
            if response.status == 429:
                raise Limited(_CALL, _retry_after(response))
            if response.status >= 500:
                raise Unconfirmed(
                    f"Discord broke at {_CALL} (status {response.status}); try again later", refused=True
                )
            if response.status != 200:
                raise Vanished(_CALL, response.status)
            return await bounded(response, largest)
    except (
        aiohttp.ClientConnectorError,
        aiohttp.ConnectionTimeoutError,
        aiohttp.ClientHttpProxyError,
    ) as error:
        raise NotSent("Discord's files are not reached; try again later") from error
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise Unconfirmed("The download of a file broke off; try again later") from error


def _is_kept(url: str) -> bool:
    return kept_by(url, _HOSTS, also=_beside_the_api)


def _beside_the_api(address: SplitResult) -> bool:
    """Where the settings name another API than Discord's, files may be on its host, also on another port."""
    api = urlsplit(api_address())
    return bool(api.hostname) and address.hostname == api.hostname and address.scheme in ("https", api.scheme)


def _retry_after(response: aiohttp.ClientResponse) -> float:
    try:
        seconds = float(response.headers.get("Retry-After", "1"))
    except ValueError:
        return 30.0
    return min(max(seconds, 0.1), _MOST_WAIT_S) if math.isfinite(seconds) else 30.0
