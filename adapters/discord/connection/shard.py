"""One shard's session with the gateway, kept up whatever happens to its connections.

discord.py begins a new session whenever a connection could not be made at once, and ends the process where the first could
not; a bot may begin a thousand sessions a day. Here a session is resumed until Discord says that it is over.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass

import discord
import yarl
from discord.gateway import ReconnectWebSocket

from adapters.discord.connection.identifying import Identifying
from adapters.discord.connection.outages import Outage, Paces, brief
from adapters.discord.connection.refusals import FRESH, GatewayRefusal, refusal
from adapters.discord.connection.socket import Socket

__all__ = ["Session", "Shard"]

_OPENING_S = 30.0
_STEADY_S = 5.0
"""A connection that stood for so long was a good one."""
_IN_VAIN = 12
"""After so many resumes that led to nothing a new session is begun."""
_ELSEWHERE = 3
"""After so many failures at the address to resume at, that of the gateway itself is tried."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Session:
    """What Discord needs to know to go on where it was."""

    id: str
    sequence: int
    gateway: yarl.URL


class Shard:
    """Its names are those that discord.py knows a shard by."""

    def __init__(
        self,
        client: discord.AutoShardedClient,
        id: int,
        address: Callable[[], yarl.URL],
        identifying: Identifying,
        outage: Outage,
        *,
        paces: Paces,
        fixed_address: bool = False,
    ) -> None:
        """address: of the gateway now. fixed_address: sessions are resumed there too."""
        self.id = id
        self.ws: Socket | None = None
        self.established = asyncio.Event()
        """For the first time."""
        self._client = client
        self._address = address
        self._identifying = identifying
        self._outage = outage
        self._fixed_address = fixed_address
        self._paces = paces
        self._session: Session | None = None
        self._failed = 0
        """Attempts in a row that led to no session."""
        self._in_vain = 0
        """Of those, the ones that Discord took at first."""
        self._soon_lost = 0
        """Good connections in a row that did not last."""
        self._waits = paces.pauses()

    async def run(self) -> None:
        """Until cancelled, or the client is closed.

        Raises:
            GatewayRefusal: trying again would be refused again.
        """
        try:
            while not self._client.is_closed():
                await self._connected()
                if not self._client.is_closed():
                    await asyncio.sleep(self._pause())
        finally:
            await self.close()

    async def close(self) -> None:
        if self.ws is not None:
            await self.ws.hang_up(1000)

    async def disconnect(self) -> None:
        """For discord.py's ShardInfo: what keeps it up connects again."""
        if self.ws is not None:
            await self.ws.hang_up(4000)

    async def reconnect(self) -> None:
        await self.disconnect()

    async def _connected(self) -> None:
        """One connection, from its beginning to its end."""
        started, ws = time.monotonic(), None
        try:
            self.ws = ws = await self._opened(self._session)
            await self._read(ws)
        except ReconnectWebSocket as error:
            if not error.resume:
                self._session = None
        except discord.ConnectionClosed as error:
            if refused := refusal(error.code):
                raise refused from None
        except GatewayRefusal:
            raise
        except Exception as error:
            self._outage.began(brief(error), self.id)
        finally:
            self._ended(ws, time.monotonic() - started)

    async def _opened(self, session: Session | None) -> Socket:
        if session is not None:
            return await self._open(session)
        async with self._identifying.turn(self.id):
            return await self._open(None)

    async def _open(self, session: Session | None) -> Socket:
        async with asyncio.timeout(_OPENING_S):
            ws = await Socket.from_client(
                self._client,
                gateway=self._where(session),
                shard_id=self.id,
                session=session.id if session else None,
                sequence=session.sequence if session else None,
                resume=session is not None,
            )
        self._client._AutoShardedClient__shards[self.id] = self  # type: ignore[attr-defined]
        return ws

    def _where(self, session: Session | None) -> yarl.URL:
        if session is None or self._fixed_address or self._failed >= _ELSEWHERE:
            return self._address()
        return session.gateway

    async def _read(self, ws: Socket) -> None:
        watch = asyncio.create_task(self._watched(ws))
        try:
            while not self._client.is_closed():
                await ws.poll_event()
                if ws.established.is_set():
                    self._keep(ws)
        finally:
            watch.cancel()

    async def _watched(self, ws: Socket) -> None:
        """Hang up where Discord acknowledges no heartbeats. Looked at twice: it may be we who were busy."""
        silent = False
        while True:
            await asyncio.sleep(0.5)
            was, silent = silent, ws.silent_for() > 0
            if was and silent:
                log.info("Discord acknowledges no heartbeats; I connect again")
                await ws.hang_up(4000)
                return

    def _keep(self, ws: Socket) -> None:
        """What a resume would begin with."""
        self.established.set()
        self._outage.over(self.id)
        if ws.session_id and isinstance(ws.sequence, int):
            self._session = Session(ws.session_id, ws.sequence, ws.gateway)

    def _ended(self, ws: Socket | None, stood_s: float) -> None:
        if ws is not None and ws.established.is_set():
            self._failed = self._in_vain = 0
            self._soon_lost = 0 if stood_s > _STEADY_S else self._soon_lost + 1
            self._waits = self._paces.pauses()
        else:
            self._failed += 1
            self._in_vain += ws is not None
            if ws is not None and (self._in_vain >= _IN_VAIN or ws.close_code in FRESH):
                self._session, self._in_vain = None, 0
        if self._failed >= _ELSEWHERE:
            self._outage.began("each connection ends at once", self.id)
        self._client.dispatch("disconnect")
        self._client.dispatch("shard_disconnect", self.id)

    def _pause(self) -> float:
        if self._failed:
            return next(self._waits)
        return self._paces.soon_s * min(10, self._soon_lost) * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load
