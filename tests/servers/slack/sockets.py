"""Socket Mode: the app's open sockets, each delivery over one of them in turn.

https://docs.slack.dev/apis/events-api/using-socket-mode
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
import uuid
from dataclasses import dataclass
from typing import Any

from aiohttp import WSMsgType, web

from tests.servers.slack.deliveries import Attempt, Deliveries, Delivery
from tests.servers.slack.events import APP

__all__ = ["Sockets"]

Json = dict[str, Any]
MOST = 10


@dataclass
class Sent:
    delivery: Delivery
    attempt: Attempt
    done: asyncio.Future[Json | None]


class Sockets:
    def __init__(self, deliveries: Deliveries) -> None:
        self._deliveries = deliveries
        self._tickets: set[str] = set()
        self._open: dict[int, web.WebSocketResponse] = {}
        self._sent: dict[str, Sent] = {}
        self._turn = 0
        self._count = 0
        self._came = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()
        self.unknown_acks: list[Any] = []
        """Frames that acknowledge nothing that was sent."""

    @property
    def count(self) -> int:
        return len(self._open)

    @property
    def opened(self) -> int:
        """All so far."""
        return self._count

    def ticket(self) -> str:
        made = uuid.uuid4().hex
        self._tickets.add(made)
        return made

    async def serve(self, request: web.Request) -> web.StreamResponse:
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(status=403, text="invalid ticket")
        self._tickets.discard(ticket)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if len(self._open) >= MOST:
            await socket.send_json({"type": "disconnect", "reason": "too_many_websockets"})
            await socket.close()
            return socket
        self._count += 1
        number = self._count
        try:
            await self._greet(socket)
            self._open[number] = socket
            async with self._came:
                self._came.notify_all()
            async for frame in socket:
                if frame.type == WSMsgType.TEXT:
                    self._hear(frame.data)
        finally:
            self._open.pop(number, None)
        return socket

    async def _greet(self, socket: web.WebSocketResponse) -> None:
        hello = {
            "type": "hello",
            "num_connections": len(self._open) + 1,
            "debug_info": {
                "host": "applink-1",
                "build_number": 1,
                "approximate_connection_time": 18060,
            },
            "connection_info": {"app_id": APP},
        }
        await socket.send_json(hello)

    def _hear(self, text: str) -> None:
        try:
            ack = json.loads(text)
            sent = self._sent[ack["envelope_id"]]
        except (ValueError, KeyError, TypeError):
            self.unknown_acks.append(text)
            return
        response = ack.get("payload") or None
        if self._deliveries.acknowledged(sent.delivery, sent.attempt, response) and not sent.done.done():
            sent.done.set_result(response)

    async def carry(self, delivery: Delivery, attempt: Attempt, within_s: float) -> tuple[bool, Json | None]:
        """Over the next socket; waits for one where there is none."""
        try:
            async with asyncio.timeout(within_s):
                chosen = await self._next()
        except TimeoutError:
            return False, None
        attempt.socket = chosen
        id = str(uuid.uuid4())
        envelope: Json = {
            "envelope_id": id,
            "type": delivery.kind,
            "payload": delivery.payload,
            "accepts_response_payload": delivery.kind != "events_api",
        }
        if delivery.kind == "events_api":
            envelope |= {"retry_attempt": attempt.number, "retry_reason": attempt.reason}
        done: asyncio.Future[Json | None] = asyncio.get_running_loop().create_future()
        self._sent[id] = Sent(delivery, attempt, done)
        attempt.sent_at = time.monotonic()
        try:
            async with asyncio.timeout(within_s):
                await self._send(chosen, json.dumps(envelope))
                return True, await done
        except TimeoutError:
            return False, None

    async def _send(self, number: int, text: str) -> None:
        with contextlib.suppress(ConnectionError, RuntimeError):
            if (socket := self._open.get(number)) is not None:
                await socket.send_str(text)

    async def _next(self) -> int:
        async with self._came:
            await self._came.wait_for(lambda: self._open)
        numbers = sorted(self._open)
        self._turn += 1
        return numbers[self._turn % len(numbers)]

    async def send_raw(self, text: str) -> None:
        """A frame of the test's own, over every socket."""
        for number in list(self._open):
            await self._send(number, text)

    def refresh(self, reason: str) -> None:
        """Ask the app to connect anew, and hang up a moment later, as Slack does every few hours."""
        task = asyncio.get_running_loop().create_task(self._replace(reason, list(self._open.items())))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _replace(self, reason: str, old: list[tuple[int, web.WebSocketResponse]]) -> None:
        for number, _ in old:
            await self._send(number, json.dumps({"type": "disconnect", "reason": reason, "debug_info": {}}))
        await asyncio.sleep(0.5)
        for number, socket in old:
            self._open.pop(number, None)
            with contextlib.suppress(ConnectionError, RuntimeError):
                await socket.close()

    def drop(self) -> None:
        """Without a word, as a network does."""
        for socket in list(self._open.values()):
            if (transport := socket._req.transport if socket._req else None) is not None:
                transport.abort()
        self._open.clear()
