"""Discord's REST API as the parts of the bot use it: JSON in, JSON out, through discord.py's own client and its rate limits."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp
import discord
from discord.http import HTTPClient, Route

from adapters.discord.rest.errors import Limited, NotSent, Unconfirmed, refusal
from rag_core.errors import Unavailable

__all__ = ["File", "Rest", "nonce_of"]

Json = dict[str, Any]
File = tuple[str, bytes]
"""Its name and what is in it."""

_TRYING_S = 30.0
_ONE_CALL_S = 15.0


class Rest:
    """Speaks as one bot. Whatever a call raises is of adapters/discord/rest/errors.py."""

    def __init__(self, client: discord.Client, *, trying_s: float = _TRYING_S) -> None:
        """client: logged in, or soon to be. trying_s: how long a call is tried again while Discord is away or busy."""
        self._client = client
        self._trying_s = trying_s

    @property
    def user(self) -> str:
        """The bot's own user id; '' before it is logged in."""
        return str(self._client.user.id) if self._client.user else ""

    @property
    def application(self) -> str:
        return str(self._client.application_id or "")

    # messages

    async def send(
        self, channel: str, body: Mapping[str, Any], *, nonce: str, files: Sequence[File] = ()
    ) -> Json:
        """Post a message. nonce: as nonce_of makes it; a second call with the same gives the message of the first.

        Raises:
            DiscordRefusal: PlaceClosed among them.
            Unavailable: not now.
        """
        body = {**body, "nonce": nonce, "enforce_nonce": True}
        return _table(
            await self._call("POST", "/channels/{channel_id}/messages", body, files, channel_id=channel)
        )

    async def edit(self, channel: str, message: str, body: Mapping[str, Any]) -> Json:
        """Raises Vanished where there is no such message of ours."""
        path = "/channels/{channel_id}/messages/{message_id}"
        return _table(await self._call("PATCH", path, body, channel_id=channel, message_id=message))

    async def delete(self, channel: str, message: str) -> None:
        path = "/channels/{channel_id}/messages/{message_id}"
        await self._call("DELETE", path, channel_id=channel, message_id=message)

    async def message(self, channel: str, message: str) -> Json:
        path = "/channels/{channel_id}/messages/{message_id}"
        return _table(await self._call("GET", path, channel_id=channel, message_id=message))

    async def messages(self, channel: str, *, limit: int = 50, before: str = "") -> list[Json]:
        """The newest first."""
        params = {"limit": str(limit), **({"before": before} if before else {})}
        path = "/channels/{channel_id}/messages"
        return list(await self._call("GET", path, channel_id=channel, params=params) or ())

    async def typing(self, channel: str) -> None:
        """The sign that the bot writes; Discord takes it away after ten seconds, or with the next message."""
        await self._call("POST", "/channels/{channel_id}/typing", channel_id=channel)

    async def start_thread(self, channel: str, message: str, name: str) -> Json:
        path = "/channels/{channel_id}/messages/{message_id}/threads"
        return _table(
            await self._call("POST", path, {"name": name[:100]}, channel_id=channel, message_id=message)
        )

    # places and people

    async def channel(self, channel: str) -> Json:
        return _table(await self._call("GET", "/channels/{channel_id}", channel_id=channel))

    async def guild(self, guild: str) -> Json:
        return _table(await self._call("GET", "/guilds/{guild_id}", guild_id=guild))

    async def roles(self, guild: str) -> list[Json]:
        return list(await self._call("GET", "/guilds/{guild_id}/roles", guild_id=guild) or ())

    async def member(self, guild: str, user: str) -> Json:
        path = "/guilds/{guild_id}/members/{user_id}"
        return _table(await self._call("GET", path, guild_id=guild, user_id=user))

    async def user_of(self, user: str) -> Json:
        return _table(await self._call("GET", "/users/{user_id}", user_id=user))

    async def direct(self, user: str) -> str:
        """The channel of direct messages with this person."""
        said = _table(await self._call("POST", "/users/@me/channels", {"recipient_id": user}))
        return str(said.get("id") or "")

    # interactions

    async def respond(self, interaction: str, token: str, response: Mapping[str, Any]) -> None:
        """The first response, within three seconds: a deferral, a message or a modal. Tried once."""
        path = "/interactions/{interaction_id}/{webhook_token}/callback"
        await self._call(
            "POST", path, response, trying_s=0, interaction_id=interaction, webhook_token=token
        )

    async def original(self, token: str, body: Mapping[str, Any], *, files: Sequence[File] = ()) -> Json:
        """Have the first response show this."""
        path = "/webhooks/{webhook_id}/{webhook_token}/messages/@original"
        where = {"webhook_id": self.application, "webhook_token": token}
        return _table(await self._call("PATCH", path, body, files, **where))

    async def take_back(self, token: str, message: str = "@original") -> None:
        path = "/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}"
        where = {"webhook_id": self.application, "webhook_token": token, "message_id": message}
        await self._call("DELETE", path, **where)

    async def follow_up(
        self, token: str, body: Mapping[str, Any], *, ephemeral: bool = True, files: Sequence[File] = ()
    ) -> Json:
        """A further message. A call whose reply is lost is not repeated: these have no nonce."""
        body = {**body, "flags": int(body.get("flags") or 0) | (64 if ephemeral else 0)}
        path = "/webhooks/{webhook_id}/{webhook_token}"
        where = {"webhook_id": self.application, "webhook_token": token}
        return _table(await self._call("POST", path, body, files, params={"wait": "true"}, **where))

    async def change(self, token: str, message: str, body: Mapping[str, Any]) -> Json:
        """Have a further message show this."""
        path = "/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}"
        where = {"webhook_id": self.application, "webhook_token": token, "message_id": message}
        return _table(await self._call("PATCH", path, body, **where))

    async def download(self, url: str, most: int) -> bytes:
        """What a person attached; at most so many bytes."""
        raise NotImplementedError

    async def _call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        files: Sequence[File] = (),
        *,
        trying_s: float | None = None,
        params: Mapping[str, str] | None = None,
        **where: str,
    ) -> Any:
        call, http = f"{method} {path}", self._client.http
        try:
            async with asyncio.timeout(_ONE_CALL_S):
                return await _sent(http, Route(method, path, **where), body, files, params)
        except discord.RateLimited as error:
            raise Limited(call, error.retry_after) from error
        except discord.HTTPException as error:
            if error.status == 429:
                raise Limited(call, float(error.response.headers.get("Retry-After", 1))) from error
            if error.status >= 500:
                raise Unconfirmed(f"Discord broke at {call} ({error.status}); try again later") from error
            raise refusal(call, error.status, error.code, error.text) from error
        except aiohttp.ClientConnectorError as error:
            raise NotSent(f"Discord cannot be reached for {call}; try again later") from error
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise Unconfirmed(f"Discord did not answer {call}; try again later") from error
        except Unavailable:
            raise


def nonce_of(delivery: str, part: int | str = 0) -> str:
    """What makes a message of a delivery's the same at each attempt: 25 characters, as many as Discord takes."""
    return hashlib.sha256(f"{delivery}\0{part}".encode()).hexdigest()[:25]


async def _sent(
    http: HTTPClient,
    route: Route,
    body: Mapping[str, Any] | None,
    files: Sequence[File],
    params: Mapping[str, str] | None,
) -> Any:
    more: dict[str, Any] = {"params": params} if params else {}
    if not files:
        return await http.request(route, **({"json": body} if body is not None else {}), **more)
    attached = [discord.File(io.BytesIO(data), name) for name, data in files]
    form: list[dict[str, Any]] = [{"name": "payload_json", "value": json.dumps(body or {})}]
    form += [
        {
            "name": f"files[{n}]",
            "value": file.fp,
            "filename": file.filename,
            "content_type": "application/octet-stream",
        }
        for n, file in enumerate(attached)
    ]
    return await http.request(route, form=form, files=attached, **more)


def _table(value: Any) -> Json:
    return value if isinstance(value, dict) else {}
