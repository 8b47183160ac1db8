"""How much may be sent to the admin pages: bodies are read before it is known who sends them."""

from __future__ import annotations

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["BODY_LIMIT", "Bounded"]

BODY_LIMIT = 2 * 1024 * 1024
"""Bytes. The largest that pages of ours send is an answer with its passages."""


class Bounded:
    """Stops reading a body that is too large, whatever its sender said of its length."""

    def __init__(self, app: ASGIApp, limit: int = BODY_LIMIT) -> None:
        self._app, self._limit = app, limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        read = 0
        refused = HTTPException(413, f"More was sent than the {self._limit // 1024:,} kB that are taken.")

        async def bounded() -> Message:
            nonlocal read
            if _announced(scope) > self._limit:
                raise refused
            message = await receive()
            read += len(message.get("body", b""))
            if read > self._limit:
                raise refused
            return message

        await self._app(scope, bounded, send)


def _announced(scope: Scope) -> int:
    """The length that the sender tells; 0: none."""
    told = Headers(scope=scope).get("content-length", "")
    return int(told[:20]) if told.isascii() and told.isdecimal() else 0
