"""The HTTP side: /api/v10, attachments, and the gateway's address."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

from aiohttp import web

from tests.servers.discord import (  # noqa: F401 - they register their routes
    routes_application,
    routes_channels,
    routes_interactions,
    routes_messages,
    routes_threads,
)
from tests.servers.discord.calls import Call, Request, Route, find
from tests.servers.discord.errors import Refused
from tests.servers.discord.faults import BANNED, Fault
from tests.servers.discord.gateway import Gateway
from tests.servers.discord.messages import Attachment
from tests.servers.discord.world import World

__all__ = ["API", "application"]

Json = dict[str, Any]
API = "/api/v10"
MAJOR = ("channel", "guild", "application", "interaction", "token")


def application(world: World, gateway: Gateway) -> web.Application:
    pages = Pages(world)
    made = web.Application(client_max_size=64 * 1024 * 1024)
    made.add_routes(
        [
            web.get("/gateway", gateway.serve),
            web.get("/gateway/", gateway.serve),
            web.get("/gateway/resume", gateway.serve),
            web.get("/attachments/{channel}/{id}/{name}", pages.attachment),
            web.route("*", API + "/{path:.*}", pages.api),
        ]
    )
    return made


class Pages:
    def __init__(self, world: World) -> None:
        self._world = world

    async def attachment(self, request: web.Request) -> web.StreamResponse:
        found = self._world.state.attachments.get(request.match_info["id"])
        if found is None:
            return web.Response(status=404, text="This content is no longer available.")
        return web.Response(body=found.content, headers={"Content-Type": found.media_type})

    async def api(self, request: web.Request) -> web.StreamResponse:
        self._world.in_flight += 1
        try:
            return await self._served(request)
        finally:
            self._world.in_flight -= 1

    async def _served(self, request: web.Request) -> web.StreamResponse:
        world = self._world
        path = "/" + request.match_info["path"]
        call = Call(f"{request.method} {path}", path, {}, None, dict(request.query))
        world.calls.append(call)
        headers = {"Via": "1.1 google"} if world.faults.via else {}
        cut = False
        try:
            found, call.params = find(request.method, path)
            call.route = found.name
        except Refused as refused:
            return self._refuse(call, refused, headers)
        body, files, is_json = await _read(request)
        call.body = body
        if delay := world.faults.delay_of(call.route):
            await asyncio.sleep(delay)
        try:
            cut = self._strike(call, headers)
            headers |= self._enter(found, call, request)
            if not is_json:
                raise Refused(50109)
            made = Request(world, call.params, body, call.query, self._kept(call, files))
            call.answer = found.run(made)
            call.status = 204 if call.answer is None else found.status
            if cut:
                raise ConnectionResetError
            self._fail_after(call)
        except Refused as refused:
            return self._refuse(call, refused, headers)
        except ConnectionResetError:
            return _hang_up(request, call)
        call.answered_at = time.monotonic()
        if call.answer is None:
            return web.Response(status=204, headers=headers)
        return _json(call.answer, call.status, headers)

    def _strike(self, call: Call, headers: dict[str, str]) -> bool:
        """What a test planned. Gives whether the connection is cut when all is done."""
        world = self._world
        if world.faults.status == 0:
            raise ConnectionResetError
        if world.faults.status is not None:
            raise _broken(world.faults.status)
        if world.buckets.is_banned:
            raise _banned()
        fault = world.faults.take(call.route, call.params)
        if fault is None:
            return False
        if fault.error is None:
            return True
        if fault.after:
            self._after = (call, fault)
            return False
        if not fault.via:
            headers.pop("Via", None)
        raise fault.error

    _after: tuple[Call, Fault] | None = None

    def _fail_after(self, call: Call) -> None:
        if self._after is not None and self._after[0] is call:
            fault, self._after = self._after[1], None
            assert fault.error is not None
            raise fault.error

    def _enter(self, found: Route, call: Call, request: web.Request) -> dict[str, str]:
        if found.needs_token and request.headers.get("Authorization") != f"Bot {self._world.token}":
            raise Refused(0, "401: Unauthorized", status=401)
        major = "/".join(call.params[name] for name in MAJOR if name in call.params)
        return self._world.buckets.enter(call.route, major)

    def _kept(self, call: Call, files: list[tuple[str, bytes, str]]) -> list[Attachment]:
        world = self._world
        if sum(len(content) for _, content, _ in files) > world.attachment_limit:
            raise Refused(40005)
        where = call.params.get("channel", "0")
        return [world.attach(where, name, content, kind) for name, content, kind in files]

    def _refuse(self, call: Call, refused: Refused, headers: dict[str, str]) -> web.Response:
        call.status, call.answer, call.error = refused.status, refused.answer(), str(refused)
        call.answered_at = time.monotonic()
        self._world.buckets.note(refused.status, refused.headers.get("X-RateLimit-Scope"))
        headers = headers | refused.headers
        if isinstance(call.answer, str):
            return web.Response(
                status=call.status, text=call.answer, headers=headers, content_type="text/plain"
            )
        return _json(call.answer, call.status, headers)


def _json(answer: Any, status: int, headers: dict[str, str]) -> web.Response:
    """With exactly the media type that Discord names."""
    headers = headers | {"Content-Type": "application/json"}
    return web.Response(body=json.dumps(answer).encode(), status=status, headers=headers)


def _hang_up(request: web.Request, call: Call) -> web.Response:
    call.status = 0
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def _broken(status: int) -> Refused:
    made = Refused(0, status=status)
    made.body = "upstream connect error or disconnect/reset before headers"
    return made


def _banned() -> Refused:
    made = Refused(0, status=429, headers={"Via": ""})
    made.body = BANNED
    return made


async def _read(request: web.Request) -> tuple[Any, list[tuple[str, bytes, str]], bool]:
    """The body, files by their order, and whether it could be read."""
    files: list[tuple[str, bytes, str]] = []
    text: str | bytes = b""
    if request.content_type.startswith("multipart/"):
        fields = await request.post()
        for name, value in fields.items():
            if isinstance(value, web.FileField):
                files.append((value.filename, value.file.read(), value.content_type))
            elif name == "payload_json":
                text = str(value)
    else:
        text = await request.read()
    try:
        body = json.loads(text) if text else {}
    except ValueError:
        return {}, files, False
    return body, files, isinstance(body, dict | list)
