"""An answer as server-sent events: its text while it is written, then the answer itself.

    event: text    {"text": what there is so far}; at most 20 a second, each with the whole of it
    event: answer  what the request would have given without streaming; the last event
    event: error   {"error": a sentence, "status": what the response would have had}; or this one

Fields of an event and their order: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from rag_core.generation.protocol import Said

__all__ = ["EventStream", "Work"]

INTERVAL_S = 0.05
"""Between two events with text, at least."""
KEEP_ALIVE_S = 15.0
"""Silence after which a comment is sent: proxies drop connections on which nothing moves."""

Work = Callable[[Said], Awaitable[tuple[dict[str, Any], int]]]
"""Tells what is said so far; returns the body and the status that a plain response would have."""


class EventStream(Response):
    """Sends what the work says while it goes on. The work is cancelled when its reader goes away."""

    media_type = "text/event-stream"

    def __init__(self, work: Work, keep_alive_s: float = KEEP_ALIVE_S) -> None:
        self.status_code = 200
        self.background = None
        self._work = work
        self._keep_alive_s = keep_alive_s
        self.init_headers({"x-accel-buffering": "no"})  # nginx would keep the events until there are many

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        text = _Text()
        working = asyncio.ensure_future(self._work(text.say))
        leaving = asyncio.ensure_future(_left(receive))
        try:
            await self._tell(text, working, leaving, send)
        finally:
            working.cancel()
            leaving.cancel()
            await asyncio.wait((working, leaving))

    async def _tell(
        self,
        text: _Text,
        working: asyncio.Future[tuple[dict[str, Any], int]],
        leaving: asyncio.Future[None],
        send: Send,
    ) -> None:
        while not working.done():
            more = asyncio.ensure_future(text.more.wait())
            await _first(more, working, leaving, timeout_s=self._keep_alive_s)
            more.cancel()
            if leaving.done():
                return
            if text.more.is_set():
                await _send(send, _event("text", {"text": text.taken()}))
                await _first(working, leaving, timeout_s=INTERVAL_S)
            elif not working.done():
                await _send(send, b": still at it\n\n")
        if text.more.is_set():
            await _send(send, _event("text", {"text": text.taken()}))
        await _send(send, _ending(*working.result()), more=False)


class _Text:
    """What was said last, until it is taken."""

    def __init__(self) -> None:
        self.more = asyncio.Event()
        self._text = ""

    def say(self, text: str) -> None:
        self._text = text
        self.more.set()

    def taken(self) -> str:
        self.more.clear()
        return self._text


async def _left(receive: Receive) -> None:
    """Return when the reader has gone away."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _first(*futures: asyncio.Future[Any], timeout_s: float) -> None:
    await asyncio.wait(futures, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)


async def _send(send: Send, body: bytes, more: bool = True) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": more})


def _ending(body: dict[str, Any], status: int) -> bytes:
    return _event("answer", body) if status == 200 else _event("error", {**body, "status": status})


def _event(name: str, data: dict[str, Any]) -> bytes:
    # in ASCII: a model may write half a surrogate pair, which UTF-8 cannot hold
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()
