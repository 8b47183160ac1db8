"""One call of Discord's REST API, sent once: what came of it is a reply or an error that says what may be done next."""

from __future__ import annotations

import asyncio
import json
import math
import re
from collections.abc import Mapping
from typing import Any

import aiohttp
import discord
from discord.http import HTTPClient

from adapters.discord.rest.buckets import Buckets
from adapters.discord.rest.calls import Call
from adapters.discord.rest.errors import Limited, NotSent, Unconfirmed, refusal
from adapters.discord.rest.invalid import InvalidRequests

__all__ = ["Wire"]

_CONNECT_S = 5.0
_NOT_HANDLED = frozenset({503, 521, 522, 523, 525, 526, 530})
"""Statuses that Discord's edge gives when what is behind it was not reached: nothing happened there."""
_UNPRINTABLE = re.compile(r'[\x00-\x1f\x7f"\\/]')


class Wire:
    """Sends over discord.py's connections, with its token, proxy and rate limits. It opens nothing of its own."""

    def __init__(self, client: discord.Client, invalid: InvalidRequests) -> None:
        self._client = client
        self._buckets = Buckets()
        self._invalid = invalid

    @property
    def token(self) -> str:
        """The bot's own; '' before it is logged in."""
        return self._client.http.token or ""

    @property
    def http(self) -> HTTPClient:
        return self._client.http

    def session(self) -> aiohttp.ClientSession:
        """discord.py's connection pool.

        Raises:
            NotSent: the client is not logged in, or closed.
        """
        session = getattr(self._client.http, "_HTTPClient__session", None)
        if not isinstance(session, aiohttp.ClientSession) or session.closed:
            raise NotSent("The bot is not logged in to Discord now; try again later")
        return session

    @property
    def proxy(self) -> dict[str, Any]:
        """As aiohttp takes it."""
        http = self._client.http
        return {"proxy": http.proxy, "proxy_auth": http.proxy_auth}

    async def send(self, call: Call, turn_within_s: float, reply_within_s: float) -> Any:
        """What Discord replied: its JSON, or None.

        Raises:
            DiscordRefusal: Discord said no.
            Limited: too many calls, or the call's turn did not come in time.
            NotSent: Discord was not reached or did not take it.
            Unconfirmed: Discord's reply says that something broke, cannot be read, or did not come.
        """
        http, session = self._client.http, self.session()
        async with self._buckets.turn(http, call, turn_within_s) as bucket:
            try:
                async with (
                    asyncio.timeout(reply_within_s),
                    session.request(
                        call.method, call.route().url, **self._options(call, reply_within_s)
                    ) as reply,
                ):
                    content = await reply.read()
            except (
                aiohttp.ClientConnectorError,
                aiohttp.ConnectionTimeoutError,
                aiohttp.ClientHttpProxyError,
            ) as error:
                raise NotSent(f"Discord is not reached for {call.name}; try again later") from error
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                kind = type(error).__name__
                raise Unconfirmed(
                    f"Discord's reply to {call.name} was lost ({kind}); try again later"
                ) from error
            except RuntimeError as error:  # aiohttp: the session was closed meanwhile
                raise NotSent(f"The bot was closed before {call.name} was sent; try again later") from error
            if bucket is not None:
                self._buckets.learn(http, call, bucket, reply)
            try:
                return self._outcome(call, reply, content)
            except Limited as limited:
                self._buckets.close(http, call, bucket, limited)
                raise

    async def aclose(self) -> None:
        """End what goes on beside calls. The connections are the client's."""
        await self._buckets.aclose()

    def _options(self, call: Call, within_s: float) -> dict[str, Any]:
        http = self._client.http
        headers = {"User-Agent": http.user_agent}
        if not call.of_interaction:
            headers["Authorization"] = f"Bot {self.token}"
        options: dict[str, Any] = {"headers": headers, "allow_redirects": False, **self.proxy}
        options["timeout"] = aiohttp.ClientTimeout(total=None, sock_connect=min(_CONNECT_S, within_s))
        if call.params:
            options["params"] = dict(call.params)
        if call.files:
            options["data"] = _form(call)
        elif call.body is not None:
            headers["Content-Type"] = "application/json"
            options["data"] = json.dumps(call.body).encode()
        return options

    def _outcome(self, call: Call, reply: aiohttp.ClientResponse, content: bytes) -> Any:
        """The reply's JSON; or raises what it says."""
        status, readable = reply.status, True
        try:
            said = json.loads(content) if content.strip() else None
        except (ValueError, RecursionError):
            said, readable = None, False
        if 200 <= status < 300:
            if not readable:
                raise Unconfirmed(f"Discord's reply to {call.name} cannot be read; try again later")
            return said
        self._invalid.count(status, reply.headers.get("X-RateLimit-Scope", ""))
        if status == 429:
            raise _limited(call, reply.headers, said)
        if status in _NOT_HANDLED:
            raise NotSent(f"Discord does not take {call.name} now (status {status}); try again later")
        if status >= 500 or status == 408:
            raise Unconfirmed(
                f"Discord broke at {call.name} (status {status}); try again later", refused=True
            )
        raise refusal(call.name, status, said, signed=not call.of_interaction)


def _form(call: Call) -> aiohttp.FormData:
    """A new one for each try: it is read once. Discord takes no quoted brackets in the names of fields."""
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("payload_json", json.dumps(call.body or {}))
    for n, (name, content) in enumerate(call.files):
        name = _UNPRINTABLE.sub("_", name.encode(errors="replace").decode()) or "file"
        form.add_field(f"files[{n}]", content, filename=name, content_type="application/octet-stream")
    return form


def _limited(call: Call, headers: Mapping[str, str], said: object) -> Limited:
    """Of all calls where Discord says so, or where it is not Discord's API that says it but what stands before it."""
    told = said if isinstance(said, Mapping) else {}
    everywhere = bool(told.get("global")) or "X-RateLimit-Global" in headers or not told
    given = (told.get("retry_after"), headers.get("Retry-After"), headers.get("X-RateLimit-Reset-After"))
    waits = [seconds for each in given if (seconds := _seconds(each)) is not None]
    return Limited(call.name, waits[0] if waits else 1.0, everywhere)


def _seconds(given: object) -> float | None:
    try:
        seconds = float(given)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return min(max(seconds, 0.05), 86_400.0) if math.isfinite(seconds) else None
