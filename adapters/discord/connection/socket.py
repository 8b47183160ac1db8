"""One connection to the gateway: discord.py's, with what would end or deafen it mended."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from typing import Any

import aiohttp
import discord
from discord.gateway import DiscordWebSocket, ReconnectWebSocket

__all__ = ["Socket"]

_CLOSING_S = 2.0
"""How long a server that is gone may take to say goodbye."""
_LEAST_INTERVAL_S = 0.05
log = logging.getLogger(__name__)


class Socket(DiscordWebSocket):
    """A payload that cannot be read is skipped; a stream that cannot be is begun anew, by a resume."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, *, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(socket, loop=loop)
        socket._timeout = aiohttp.ClientWSTimeout(ws_close=_CLOSING_S)
        self.established = asyncio.Event()
        """Discord said that the session is there: Ready, or Resumed."""

    @property
    def close_code(self) -> int | None:
        """With which Discord closed it."""
        return self.socket.close_code

    async def identify(self) -> None:
        await self._greeted()
        self._listen_for_the_session()
        await super().identify()

    async def resume(self) -> None:
        await self._greeted()
        self._listen_for_the_session()
        await super().resume()

    async def poll_event(self) -> None:
        try:
            await super().poll_event()
        except BaseException:
            await self.hang_up()
            raise

    async def hang_up(self, code: int = 4000) -> None:
        """Close it, with whatever keeps it alive. With 1000 Discord ends the session."""
        if self._keep_alive:
            self._keep_alive.stop()
        if self._close_code is None:
            self._close_code = code
        await self.socket.close(code=code)

    async def received_message(self, msg: Any, /) -> None:
        text = self._decompressed(msg) if isinstance(msg, bytes) else msg
        if text is None:
            return
        try:
            await super().received_message(text)
        except (ReconnectWebSocket, discord.ConnectionClosed, OSError, aiohttp.ClientError):
            raise
        except Exception as error:
            await self._mended(text, error)

    def silent_for(self) -> float:
        """Seconds for which Discord has owed an acknowledgement of a heartbeat longer than it may; 0: it owes none."""
        beat = self._keep_alive
        if beat is None or beat.interval is None:
            return 0.0
        allowed = beat.interval + min(10.0, max(1.0, beat.interval / 2))
        return max(0.0, time.perf_counter() - beat._last_ack - allowed)

    async def _greeted(self) -> None:
        """Until Discord has said how often its heart is to beat."""
        while self._keep_alive is None:
            await self.poll_event()
        self._keep_alive.interval = max(self._keep_alive.interval or 0.0, _LEAST_INTERVAL_S)

    def _listen_for_the_session(self) -> None:
        parsers = self._discord_parsers

        def ready(data: Any) -> None:
            data.setdefault("shard", [self.shard_id or 0, self.shard_count or 1])
            self.established.set()
            parsers["READY"](data)

        def resumed(data: Any) -> None:
            self.established.set()
            parsers["RESUMED"](data)

        self._discord_parsers = {**parsers, "READY": ready, "RESUMED": resumed}

    def _decompressed(self, data: bytes) -> str | None:
        try:
            return self._decompressor.decompress(data)
        except Exception:  # zlib.error, UnicodeDecodeError: what follows could not be read either
            log.error("What Discord sent could not be decompressed; I connect again")
            raise ReconnectWebSocket(self.shard_id) from None

    async def _mended(self, text: str, error: Exception) -> None:
        """It failed outside of the parsers."""
        payload = _object(text)
        event, data = payload.get("t"), payload.get("d")
        if event == "RESUMED" and not isinstance(data, dict):
            self._discord_parsers["RESUMED"]({"__shard_id__": self.shard_id})
        elif event == "READY" and isinstance(data, dict) and _lacks_address(data):
            data["resume_gateway_url"] = str(self.gateway)
            await super().received_message(json.dumps(payload))
        else:
            if not isinstance(self.sequence, int):
                self.sequence = None
            log.error("A payload of Discord's could not be read (%s); it is skipped", type(error).__name__)
            if event == "READY":
                raise ReconnectWebSocket(self.shard_id, resume=False)
            if payload.get("op") == self.HELLO and self._keep_alive is None:
                raise ReconnectWebSocket(self.shard_id)


def _object(text: str) -> dict[str, Any]:
    try:
        payload = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return payload if isinstance(payload, dict) else {}


def _lacks_address(ready: dict[str, Any]) -> bool:
    """discord.py insists on the address to resume at; without one it is that of now."""
    return bool(ready.get("session_id")) and not isinstance(ready.get("resume_gateway_url"), str)
