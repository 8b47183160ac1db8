"""Files that the bot gives to one person."""

from __future__ import annotations

import aiohttp

from adapters.slack.web_api.api import Api
from adapters.slack.web_api.errors import NotSent, SlackRefusal, Unconfirmed

__all__ = ["upload"]

_METHOD = "the upload of a file"
_FILE_S = 60.0


async def upload(api: Api, channel: str, name: str, data: bytes, comment: str) -> None:
    """Post a file into a conversation. comment: the text of its message; mrkdwn.

    Raises:
        SlackRefusal: Slack does not take it; ScopeMissing without files:write.
        Unavailable: not now.
    """
    place = await api.call("files.getUploadURLExternal", filename=name, length=len(data))
    await _send(api, str(place.get("upload_url") or ""), data)
    file = {"id": str(place.get("file_id") or ""), "title": name}
    await api.call("files.completeUploadExternal", files=[file], channel_id=channel, initial_comment=comment)


async def _send(api: Api, url: str, data: bytes) -> None:
    """The address is a secret for this file alone: the token does not go there."""
    timeout = aiohttp.ClientTimeout(total=_FILE_S, sock_connect=5)
    try:
        async with api.wire.session().post(url, data=data, timeout=timeout, proxy=api.wire.proxy) as response:
            if response.status >= 500:
                raise Unconfirmed(f"Slack failed at {_METHOD} (status {response.status}); try again later")
            if response.status != 200:
                raise SlackRefusal(_METHOD, f"status {response.status}")
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
        raise NotSent("Slack's files are not reached; try again later") from error
    except (aiohttp.ClientError, TimeoutError) as error:
        raise Unconfirmed(f"{_METHOD.capitalize()} broke off; try again later") from error
