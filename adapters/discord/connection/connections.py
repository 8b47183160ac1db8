"""All shards of a bot, kept connected: how many, where to, and what is done about what Discord refuses."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from adapters.discord.connection.identifying import Gateway, Identifying, gateway_of
from adapters.discord.connection.outages import Outage, Paces, brief
from adapters.discord.connection.refusals import (
    GatewayRefusal,
    IntentsRefused,
    ShardsRefused,
    TokenRefused,
    token_refused,
)
from adapters.discord.connection.shard import Shard
from rag_core.errors import SettingsError

__all__ = ["Calls", "Connections"]

ATTEMPTS = 3
"""With a token that worked and is refused, or with another number of shards."""
_ASKING_S = 10.0
log = logging.getLogger(__name__)


class Calls(Protocol):
    """What makes the bot's calls (rest/rest.py), and may hear first that its token does not count any more."""

    @property
    def token_gone(self) -> asyncio.Event: ...

    def signed_in(self) -> None: ...


class Connections:
    def __init__(
        self,
        client: discord.AutoShardedClient,
        *,
        gateway_url: str | None = None,
        shards: int | None = None,
        paces: Paces = Paces(),  # noqa: B008 - it is frozen
    ) -> None:
        """gateway_url: whatever Discord says of it. shards: in place of as many as Discord recommends."""
        self.connected = asyncio.Event()
        """All shards were, once."""
        self.calls: Calls | None = None
        """Looked at from when it connects."""
        self._client = client
        self._gateway_url = gateway_url
        self._shards = shards
        self._paces = paces
        self._gateway: Gateway | None = None
        self.identifying = Identifying(self._asked, paces.apart_s)
        self._outage = Outage()
        self._refused = 0
        self._doubting = asyncio.Lock()

    async def run(self) -> None:
        """Until cancelled, or the client is closed.

        Raises:
            SettingsError: Discord refuses the token, the intents or the number of shards.
        """
        works = [self._kept, self._token_watched] if self.calls else [self._kept]
        await _together(works, asyncio.FIRST_COMPLETED)

    async def token_doubted(self) -> None:
        """Discord refused the token: it may be a mistake of Discord's, so that it is asked again, a few times.

        Raises:
            SettingsError: the token does not count.
        """
        async with self._doubting:
            for pause in self._paces.pauses():
                self._refused += 1
                if not self.connected.is_set() or self._refused > ATTEMPTS:
                    raise token_refused(once_taken=self.connected.is_set())
                said = "Discord refuses the bot's token; I try again in %.0f s (%d of %d)"
                log.warning(said, pause, self._refused, ATTEMPTS)
                await asyncio.sleep(pause)
                if not await self._refuses_token():
                    return

    async def _token_watched(self) -> None:
        assert self.calls is not None
        while not self._client.is_closed():
            await self.calls.token_gone.wait()
            await self.token_doubted()
            self._refused = 0
            self.calls.signed_in()

    async def _kept(self) -> None:
        least = 1
        while not self._client.is_closed():
            try:
                gateway = await self._found()
                count = self._shards or max(gateway.shards, least)
                await self._all(count)
            except TokenRefused:
                await self.token_doubted()
            except ShardsRefused as error:
                least = self._more_than(count, error)
            except IntentsRefused:
                self._without_content()
            except GatewayRefusal as error:
                raise SettingsError(f"{error} (code {error.code}).") from None

    async def _all(self, count: int) -> None:
        self._client.shard_count = self._client._connection.shard_count = count
        self._client._connection.shard_ids = range(count)
        shards = [self._shard(number) for number in range(count)]
        works = [*(shard.run for shard in shards), lambda: self._stands(shards)]
        await _together(works, asyncio.FIRST_EXCEPTION)

    def _shard(self, number: int) -> Shard:
        return Shard(
            self._client,
            number,
            self._address,
            self.identifying,
            self._outage,
            paces=self._paces,
            fixed_address=self._gateway_url is not None,
        )

    async def _stands(self, shards: Sequence[Shard]) -> None:
        for shard in shards:
            await shard.established.wait()
        self._refused = 0
        self.connected.set()

    def _address(self) -> yarl.URL:
        url = self._gateway_url or (self._gateway.url if self._gateway else "")
        return yarl.URL(url) if url else DiscordWebSocket.DEFAULT_GATEWAY

    async def _found(self) -> Gateway:
        """What Discord says of how to connect, now or before."""
        for pause in self._paces.pauses():
            gateway = await self._asked() or self._gateway
            if gateway is not None:
                self._gateway = gateway
                self.identifying.told(gateway)
                return gateway
            await asyncio.sleep(pause)
        raise AssertionError("pauses end never")

    async def _asked(self) -> Gateway | None:
        try:
            async with asyncio.timeout(_ASKING_S):
                gateway = gateway_of(await self._client.http.request(Route("GET", "/gateway/bot")))
        except discord.HTTPException as error:
            if error.status == 401:
                raise TokenRefused(4004, "Discord refuses the bot's token") from None
            if error.status == 404 and self._gateway_url:
                return Gateway(self._gateway_url)
            self._outage.began(brief(error), _ASKING)
        except Exception as error:
            self._outage.began(brief(error), _ASKING)
        else:
            self._outage.over(_ASKING)
            return gateway
        return None

    async def _refuses_token(self) -> bool:
        try:
            async with asyncio.timeout(_ASKING_S):
                await self._client.http.request(Route("GET", "/users/@me"))
        except discord.HTTPException as error:
            return error.status == 401
        except Exception as error:  # what keeps the shards up sees to it
            log.debug("the token cannot be looked at (%s)", brief(error))
        return False

    def _more_than(self, count: int, error: ShardsRefused) -> int:
        """How many shards there are to be at least."""
        self._refused += 1
        if self._shards or self._refused > ATTEMPTS:
            raise SettingsError(
                f"discord.shards: {error}, and not {count}; leave it unset to have as many as Discord recommends."
            )
        log.warning("Discord wants another number of connections than %d; I connect anew", count)
        return count + 1 if error.code == 4011 else 1

    def _without_content(self) -> None:
        intents = self._client._connection._intents
        if not intents.message_content:
            raise SettingsError(
                "Discord refuses the bot's intents (code 4014), though it asks for no privileged one."
            )
        intents.message_content = False
        log.warning(
            "Discord refuses the message content intent: it is not switched on for the application, in the developer portal "
            "under Bot; without it I connect, and see only what is addressed to me"
        )


_ASKING = -1
"""Among the connections, the calls."""


async def _together(works: Sequence[Callable[[], Awaitable[None]]], until: str) -> None:
    """Until one ends, or fails, as asyncio.wait has it; the others are cancelled then."""
    tasks = [asyncio.ensure_future(work()) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=until)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
