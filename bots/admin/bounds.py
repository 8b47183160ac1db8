"""How much may be sent to the admin pages: in a body, which is read before it is known who sends it, and in a field."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form, HTTPException
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["BODY_LIMIT", "LONGEST", "LONGEST_ID", "Bounded", "Name", "Names", "Text"]

BODY_LIMIT = 2 * 1024 * 1024
"""Bytes. The largest that pages of ours send is an answer with its passages."""
LONGEST = 20_000
"""Characters of a text that a person writes; what is kept of it may have a limit of its own, which says so in the form."""
Name = Annotated[str, Form(max_length=200)]
"""A field that holds a name, an id or a word."""
LONGEST_ID = 4_000
"""Of a passage: its document's address, and its number."""
Names = Annotated[list[Annotated[str, Form(max_length=LONGEST_ID)]] | None, Form(max_length=200)]
"""One that stands many times, each time with the id of a passage."""
Text = Annotated[str, Form(max_length=LONGEST)]
"""One that holds text."""


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
