"""The gateway: hello, identify, heartbeats, resume, and every way in which a connection ends.

https://docs.discord.com/developers/events/gateway
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
import zlib
from collections.abc import Callable
from typing import Any

from aiohttp import WSMsgType, web

from tests.servers.discord.sessions import INTENTS, KNOWN, Identify, Session
from tests.servers.discord.world import World

__all__ = ["Connection", "Gateway"]

Json = dict[str, Any]
DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, VOICE, RESUME, RECONNECT, MEMBERS, INVALID, HELLO, ACK = (
    *range(5),
    *range(6, 12),
)
SENT_PER_MINUTE = 120


class Connection:
    """One socket. What is sent goes out in order, by a task of its own."""

    def __init__(self, ws: web.WebSocketResponse, request: web.Request, compress: str | None) -> None:
        self._ws = ws
        self._request = request
        self._pack = _packer(compress)
        self._queue: asyncio.Queue[bytes | str | int] = asyncio.Queue()
        self.session: Session | None = None
        self.heartbeats = 0
        self.received: list[float] = []

    def send(self, op: int, data: Any = None, seq: int | None = None, event: str | None = None) -> None:
        text = json.dumps({"t": event, "s": seq, "op": op, "d": data})
        self._queue.put_nowait(self._pack(text) if self._pack else text)

    def send_text(self, text: str) -> None:
        self._queue.put_nowait(self._pack(text) if self._pack else text)

    @property
    def is_busy(self) -> bool:
        """Something waits to be sent."""
        return not self._queue.empty()

    def close(self, code: int) -> None:
        """After what waits to be sent."""
        self._queue.put_nowait(code)
        self.leave()

    def abort(self) -> None:
        """Without a word."""
        self.leave()
        if self._request.transport is not None:
            self._request.transport.abort()

    def leave(self) -> None:
        """Its session is left to be resumed."""
        if self.session is not None and self.session.socket is self:
            self.session.socket = None

    async def write(self) -> None:
        while True:
            item = await self._queue.get()
            if isinstance(item, int):
                await self._ws.close(code=item)
                return
            if isinstance(item, bytes):
                await self._ws.send_bytes(item)
            else:
                await self._ws.send_str(item)


class Gateway:
    def __init__(self, world: World) -> None:
        self._world = world
        self.connections: set[Connection] = set()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        world = self._world
        if world.is_gateway_down:
            return web.Response(status=503, text="upstream connect error")
        ws = web.WebSocketResponse(max_msg_size=16384, compress=False, timeout=0.5)
        await ws.prepare(request)
        made = Connection(ws, request, request.query.get("compress"))
        self.connections.add(made)
        writing = asyncio.create_task(made.write())
        if request.query.get("v", "10") not in ("9", "10"):
            made.close(4012)
        else:
            made.send(HELLO, {"heartbeat_interval": world.heartbeat_ms, "_trace": []})
        try:
            async for message in ws:
                if message.type is not WSMsgType.TEXT:
                    made.close(4002)
                else:
                    self._receive(made, message.data)
        except ConnectionError:
            pass  # clients that vanish are what some tests are about
        finally:
            self._gone(made, ws.close_code)
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
        return ws

    def _gone(self, connection: Connection, code: int | None) -> None:
        """A session ends with its connection only where the client closed with 1000 or 1001."""
        self.connections.discard(connection)
        session = connection.session
        if session is not None and session.socket is connection and code in (1000, 1001):
            session.is_over = True
        connection.leave()

    def _receive(self, connection: Connection, text: str) -> None:
        now = time.monotonic()
        connection.received = [at for at in connection.received if at > now - 60] + [now]
        if len(connection.received) > SENT_PER_MINUTE:
            connection.close(4008)
            return
        try:
            frame = json.loads(text)
            op, data = frame["op"], frame.get("d")
        except (ValueError, KeyError, TypeError):
            connection.close(4002)
            return
        if op == HEARTBEAT:
            connection.heartbeats += 1
            if not self._world.is_silent:
                connection.send(ACK)
        elif op == IDENTIFY:
            self._identify(connection, data)
        elif op == RESUME:
            self._resume(connection, data)
        elif op not in (PRESENCE, VOICE, MEMBERS, 31):
            connection.close(4001)
        elif connection.session is None:
            connection.close(4003)
        elif op == MEMBERS:
            self._tell_members(connection.session, data)

    def _identify(self, connection: Connection, data: Json) -> None:
        world = self._world
        shard, shards = data.get("shard") or (0, 1)
        intents = data.get("intents")
        made = Identify(time.monotonic(), shard, shards, intents or 0, data.get("properties") or {})
        before = [
            one
            for one in world.sessions.identifies
            if one.shard % world.max_concurrency == shard % world.max_concurrency
        ]
        world.sessions.identifies.append(made)
        world.session_starts_left -= 1
        code = self._refusal(connection, data, shard, shards, intents)
        if code is not None:
            connection.close(code)
            return
        if world.session_starts_left < 0:
            connection.close(4004)
            return
        if before and made.at - before[-1].at < world.identify_every_s:
            connection.send(INVALID, False)
            return
        self._welcome(connection, Session(secrets.token_hex(16), shard, shards, intents or 0, data["token"]))

    def _refusal(
        self, connection: Connection, data: Json, shard: int, shards: int, intents: Any
    ) -> int | None:
        """The close code, if it may not."""
        world = self._world
        if connection.session is not None:
            return 4005
        if data.get("token") != world.token:
            return 4004
        if shards < 1 or not 0 <= shard < shards:
            return 4010
        if not isinstance(intents, int) or intents & ~KNOWN:
            return 4013
        for intent, flag in (
            ("message_content", "gateway_message_content"),
            ("guild_members", "gateway_guild_members"),
            ("guild_presences", "gateway_presence"),
        ):
            if intents & INTENTS[intent] and not world.state.application.may(flag):
                return 4014
        return None

    def _welcome(self, connection: Connection, session: Session) -> None:
        world = self._world
        world.sessions.all[session.id] = session
        connection.session, session.socket = session, connection
        guilds = [
            guild
            for guild in world.state.guilds.values()
            if guild.has_bot and (int(guild.id) >> 22) % session.shards == session.shard
        ]
        ready = {
            "v": 10,
            "user": world.state.bot.payload()
            | {"verified": True, "mfa_enabled": True, "email": None, "flags": 0},
            "guilds": [{"id": guild.id, "unavailable": True} for guild in guilds],
            "session_id": session.id,
            "session_type": "normal",
            "resume_gateway_url": f"{world.gateway_url}/resume",
            "shard": [session.shard, session.shards],
            "application": {"id": world.state.application.id, "flags": world.state.application.flags},
            "private_channels": [],
            "relationships": [],
            "presences": [],
            "guild_join_requests": [],
            "_trace": [],
        }
        session.dispatch("READY", ready)
        if session.wants("guilds"):
            for guild in guilds:
                if guild.is_available:
                    world.events.guild_create(guild, session)

    def _resume(self, connection: Connection, data: Json) -> None:
        world = self._world
        world.sessions.resumed()
        if connection.session is not None:
            connection.close(4005)
            return
        if data.get("token") != world.token:
            connection.close(4004)
            return
        session = world.sessions.all.get(str(data.get("session_id")))
        if (
            session is None
            or session.is_over
            or not session.may_resume
            or not isinstance(data.get("seq"), int)
        ):
            connection.send(INVALID, False)
            return
        if data["seq"] > session.seq:
            connection.close(4007)
            return
        if session.socket is not None:
            session.socket.close(4000)
        connection.session, session.socket = session, connection
        session.resumes += 1
        session.replay(data["seq"])

    def _tell_members(self, session: Session, data: Json) -> None:
        guild = self._world.state.guilds.get(str(data.get("guild_id")))
        if guild is None:
            return
        query, ids = data.get("query"), data.get("user_ids")
        wanted = {str(one) for one in (ids if isinstance(ids, list) else [ids])} if ids else None
        found = [
            member.payload()
            for member in guild.members.values()
            if (
                member.user.id in wanted
                if wanted
                else member.user.name.lower().startswith((query or "").lower())
            )
        ]
        made = {"guild_id": guild.id, "members": found, "chunk_index": 0, "chunk_count": 1, "not_found": []}
        session.dispatch(
            "GUILD_MEMBERS_CHUNK", made | ({"nonce": data["nonce"]} if data.get("nonce") else {})
        )


def _packer(compress: str | None) -> Callable[[str], bytes] | None:
    """One stream for the whole connection, flushed after every frame."""
    if compress == "zlib-stream":
        stream = zlib.compressobj()
        return lambda text: stream.compress(text.encode()) + stream.flush(zlib.Z_SYNC_FLUSH)
    if compress == "zstd-stream":
        import zstandard

        frames = zstandard.ZstdCompressor().compressobj()
        return lambda text: frames.compress(text.encode()) + frames.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
    return None
