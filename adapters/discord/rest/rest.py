"""Discord's REST API as the parts of the bot use it: JSON in, JSON out, over discord.py's client and within its limits."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import discord

from adapters.discord.rest.calling import Calling
from adapters.discord.rest.calls import Call, File, nonce_of
from adapters.discord.rest.downloads import download
from adapters.discord.rest.errors import ACKNOWLEDGED, NO_MESSAGE, THREAD_THERE, DiscordRefusal
from adapters.discord.rest.invalid import ClosedPlaces, InvalidRequests

__all__ = ["File", "Rest", "nonce_of"]

Json = dict[str, Any]

_TRYING_S = 30.0
_MESSAGES = "/channels/{channel_id}/messages"
_MESSAGE = "/channels/{channel_id}/messages/{message_id}"
_FOLLOW_UPS = "/webhooks/{webhook_id}/{webhook_token}"
_FOLLOW_UP = "/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}"
_THREADS = "/channels/{channel_id}/threads"
_ORIGINAL = "@original"
_PRIVATE_THREAD = 12


class Rest:
    """Speaks as one bot. Whatever a call raises is of adapters/discord/rest/errors.py."""

    def __init__(
        self,
        client: discord.Client,
        *,
        trying_s: float = _TRYING_S,
        invalid: InvalidRequests | None = None,
        closed: ClosedPlaces | None = None,
    ) -> None:
        """client: logged in, or soon to be; calls go over its connections, with its proxy and within its rate limits.
        trying_s: how long a call is tried again while Discord is away or busy. invalid, closed: what was refused lately."""
        self._client = client
        self._calling = Calling(client, trying_s, invalid, closed)
        self._responding: dict[str, asyncio.Event] = {}
        """Interactions that are being responded to, by their tokens."""

    @property
    def user(self) -> str:
        """The bot's own user id; '' before it is logged in."""
        return str(self._client.user.id) if self._client.user else ""

    @property
    def reads_messages(self) -> bool:
        """Whether the bot is given the words of messages that do not concern it, by the message content intent."""
        return bool(self._client.intents.message_content)

    @property
    def application(self) -> str:
        """Its id; '' before it is known."""
        return str(self._client.application_id or "")

    @property
    def reads_all(self) -> bool:
        """Whether the bot asks Discord for the words of messages that do not call it (the message content intent)."""
        return bool(self._client.intents.message_content)

    @property
    def token_gone(self) -> asyncio.Event:
        """Set when Discord refuses the bot's token; from then on no call that needs it leaves."""
        return self._calling.token_gone

    def signed_in(self) -> None:
        """The token counts (again), as a login that worked shows. Not needed where it is another one."""
        self._calling.signed_in()

    def opened(self, place: str) -> None:
        """Discord told that permissions of this channel or server changed: calls there are made again at once."""
        self._calling.closed.opened(place)

    @property
    def refused_lately(self) -> int:
        """Calls of the last ten minutes that Discord counts as invalid; it shuts out who makes 10,000."""
        return self._calling.invalid.lately

    async def close(self) -> None:
        """End what goes on beside calls. The connections are the client's, who closes them."""
        await self._calling.close()

    # messages

    async def send(
        self,
        channel: str,
        body: Mapping[str, Any],
        *,
        nonce: str,
        files: Sequence[File] = (),
        trying_s: float | None = None,
    ) -> Json:
        """Post a message. nonce: as nonce_of makes it; a second call with the same, within a few minutes, gives the
        message of the first. trying_s: how long it is tried again; None: as usual; 0: once.

        Raises:
            DiscordRefusal: PlaceClosed among them.
            Unavailable: not now.
        """
        body = {**body, "nonce": nonce, "enforce_nonce": True}
        where = {"channel_id": channel}
        return _table(await self._call("POST", _MESSAGES, where, body, files=files, trying_s=trying_s))

    async def edit(
        self,
        channel: str,
        message: str,
        body: Mapping[str, Any],
        *,
        files: Sequence[File] = (),
        trying_s: float | None = None,
    ) -> Json:
        """Raises Vanished where there is no such message of ours."""
        where = {"channel_id": channel, "message_id": message}
        return _table(await self._call("PATCH", _MESSAGE, where, body, files=files, trying_s=trying_s))

    async def delete(self, channel: str, message: str) -> None:
        """Nothing happens where it is gone already."""
        await self._gone(_MESSAGE, {"channel_id": channel, "message_id": message})

    async def message(self, channel: str, message: str) -> Json:
        where = {"channel_id": channel, "message_id": message}
        return _table(await self._call("GET", _MESSAGE, where))

    async def messages(
        self, channel: str, *, limit: int = 50, before: str = "", after: str = ""
    ) -> list[Json]:
        """The newest first. before, after: ids of messages; '': from the newest back."""
        given = {"limit": str(limit), "before": before, "after": after}
        params = {name: value for name, value in given.items() if value}
        return _tables(await self._call("GET", _MESSAGES, {"channel_id": channel}, params=params))

    async def typing(self, channel: str) -> None:
        """The sign that the bot writes; Discord takes it away after ten seconds, or with the next message. Tried once."""
        await self._call("POST", "/channels/{channel_id}/typing", {"channel_id": channel}, trying_s=0)

    async def start_thread(self, channel: str, message: str, name: str) -> Json:
        """The thread of a message: a new one, or that which it has already, such as from a call whose reply was lost."""
        path = "/channels/{channel_id}/messages/{message_id}/threads"
        where = {"channel_id": channel, "message_id": message}
        try:
            return _table(await self._call("POST", path, where, {"name": name[:100]}))
        except DiscordRefusal as error:
            if error.code != THREAD_THERE:
                raise
        return await self.channel(message)  # the two have one id

    async def start_private_thread(self, channel: str, name: str) -> Json:
        """A thread of a text channel that those alone see who are called there, and those who manage threads."""
        body = {"name": name[:100], "type": _PRIVATE_THREAD, "invitable": False}
        return _table(await self._call("POST", _THREADS, {"channel_id": channel}, body))

    async def start_post(self, forum: str, name: str, body: Mapping[str, Any]) -> Json:
        """A post; its first message has the id of its thread. A call whose reply is lost is not repeated, as these have no
        nonce: that is an Unconfirmed."""
        call = Call(
            "POST", _THREADS, {"channel_id": forum}, {"name": name[:100], "message": body}, repeatable=False
        )
        return _table(await self._calling.make(call))

    async def add_to_thread(self, thread: str, user: str) -> None:
        """The person sees it among their channels, and is told."""
        path = "/channels/{channel_id}/thread-members/{user_id}"
        await self._call("PUT", path, {"channel_id": thread, "user_id": user})

    # places and people

    async def channel(self, channel: str) -> Json:
        return _table(await self._call("GET", "/channels/{channel_id}", {"channel_id": channel}))

    async def guild(self, guild: str) -> Json:
        return _table(await self._call("GET", "/guilds/{guild_id}", {"guild_id": guild}))

    async def roles(self, guild: str) -> list[Json]:
        return _tables(await self._call("GET", "/guilds/{guild_id}/roles", {"guild_id": guild}))

    async def member(self, guild: str, user: str) -> Json:
        """Raises Vanished where the person is no member."""
        where = {"guild_id": guild, "user_id": user}
        return _table(await self._call("GET", "/guilds/{guild_id}/members/{user_id}", where))

    async def user_of(self, user: str) -> Json:
        return _table(await self._call("GET", "/users/{user_id}", {"user_id": user}))

    async def direct(self, user: str) -> str:
        """The channel of direct messages with this person."""
        said = await self._call("POST", "/users/@me/channels", {}, {"recipient_id": user})
        return str(_table(said).get("id") or "")

    # interactions

    async def respond(self, interaction: str, token: str, response: Mapping[str, Any]) -> None:
        """The first response, within three seconds: a deferral, a message or a modal. Tried for 2.5 s, and done where it
        is acknowledged already.

        Raises:
            Vanished: Discord waits for it no more.
            DiscordRefusal, Unavailable: as for all calls.
        """
        path = "/interactions/{interaction_id}/{webhook_token}/callback"
        where = {"interaction_id": interaction, "webhook_token": token}
        ended = self._responding.setdefault(token, asyncio.Event())
        try:
            await self._call("POST", path, where, response)
        except DiscordRefusal as error:
            if error.code != ACKNOWLEDGED:
                raise
        finally:
            self._responding.pop(token, None)
            ended.set()

    async def original(
        self,
        token: str,
        body: Mapping[str, Any],
        *,
        files: Sequence[File] = (),
        trying_s: float | None = None,
    ) -> Json:
        """Have the first response show this."""
        return await self.change(token, _ORIGINAL, body, files=files, trying_s=trying_s)

    async def response(self, token: str) -> Json:
        """What the first response shows now."""
        return _table(await self._call("GET", _FOLLOW_UP, {**self._of(token), "message_id": _ORIGINAL}))

    async def take_back(self, token: str, message: str = _ORIGINAL) -> None:
        """Nothing happens where it is gone already."""
        await self._gone(_FOLLOW_UP, {**self._of(token), "message_id": message})

    async def follow_up(
        self, token: str, body: Mapping[str, Any], *, ephemeral: bool = True, files: Sequence[File] = ()
    ) -> Json:
        """A further message. A call whose reply is lost is not repeated, as these have no nonce: that is an Unconfirmed."""
        body = {**body, "flags": int(body.get("flags") or 0) | (64 if ephemeral else 0)}
        call = Call("POST", _FOLLOW_UPS, self._of(token), body, files, {"wait": "true"}, repeatable=False)
        return _table(await self._make(call))

    async def change(
        self,
        token: str,
        message: str,
        body: Mapping[str, Any],
        *,
        files: Sequence[File] = (),
        trying_s: float | None = None,
    ) -> Json:
        """Have a further message show this."""
        where = {**self._of(token), "message_id": message}
        return _table(await self._call("PATCH", _FOLLOW_UP, where, body, files=files, trying_s=trying_s))

    async def download(self, url: str, most: int) -> bytes:
        """What a person attached; at most so many bytes.

        Raises:
            InvalidEntry: the address is not one of Discord's, or the file is larger.
            Vanished: it was deleted, or its address has expired; the message, read again, may have another.
            Unavailable: not now.
        """
        return await download(self._calling.wire, url, most)

    async def _call(
        self,
        method: str,
        path: str,
        where: Mapping[str, str],
        body: Mapping[str, Any] | None = None,
        *,
        files: Sequence[File] = (),
        params: Mapping[str, str] | None = None,
        trying_s: float | None = None,
    ) -> Any:
        return await self._make(Call(method, path, where, body, files, params or {}), trying_s)

    async def _make(self, call: Call, trying_s: float | None = None) -> Any:
        """What belongs to an interaction waits for its first response, which may have to be tried again: before it, Discord
        knows of none."""
        if not call.urgent and (responding := self._responding.get(call.token)) is not None:
            await responding.wait()
        return await self._calling.make(call, trying_s)

    async def _gone(self, path: str, where: Mapping[str, str]) -> None:
        try:
            await self._call("DELETE", path, where)
        except DiscordRefusal as error:
            if error.code != NO_MESSAGE:
                raise

    def _of(self, token: str) -> dict[str, str]:
        return {"webhook_id": self.application, "webhook_token": token}


def _table(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _tables(value: Any) -> list[Json]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
