"""What goes around every request of our web applications: names that are served, and headers that keep pages safe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["LOOPBACK_HOSTS", "Guard"]

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")
"""The names by which a page that is bound to loopback can honestly be asked for."""


class Guard:
    """Refuses requests for names we do not serve, and puts the security headers on every response."""

    def __init__(self, app: ASGIApp, hosts: Sequence[str], headers: Mapping[str, str]) -> None:
        """hosts: the names that may be asked for, without a port; none: any. A page on loopback should name LOOPBACK_HOSTS,
        or a foreign site whose name is made to point there can read it (DNS rebinding). headers: put on every response that
        has none of that name."""
        self._app = app
        self._headers = dict(headers)
        self._hosts = frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                # answers are for the asker alone; the page's files are kept, but checked for updates
                headers.setdefault("cache-control", "no-cache" if _is_static(scope) else "no-store")
            await send(message)

        app = self._app if self._serves(Request(scope)) else _misdirected
        await app(scope, receive, send_with_headers)

    def _serves(self, request: Request) -> bool:
        if not self._hosts:
            return True
        try:
            return urlsplit(f"//{request.headers.get('host', '')}").hostname in self._hosts
        except ValueError:
            return False


def _is_static(scope: Scope) -> bool:
    return str(scope["path"]).startswith("/static/")


async def _misdirected(scope: Scope, receive: Receive, send: Send) -> None:
    response = JSONResponse({"error": "This server does not answer to that host name."}, 421)
    await response(scope, receive, send)
