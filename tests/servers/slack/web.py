"""The HTTP side: /api/METHOD, sockets, downloads, uploads, response_url and the page that installs an app."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from tests.servers.slack import (  # noqa: F401 - they register their methods
    methods_assistant,
    methods_chat,
    methods_conversations,
    methods_files,
    methods_people,
    methods_streams,
    methods_views,
)
from tests.servers.slack.calls import METHODS, Call, Method, Request, structured
from tests.servers.slack.errors import Refused
from tests.servers.slack.response_urls import respond
from tests.servers.slack.scopes import require
from tests.servers.slack.sockets import Sockets
from tests.servers.slack.state import Token
from tests.servers.slack.world import World

__all__ = ["application"]

Json = dict[str, Any]
LOGIN = "<!DOCTYPE html><html><title>Slack</title><p>Sign in to your workspace</p></html>"


def application(world: World, sockets: Sockets) -> web.Application:
    pages = Pages(world)
    made = web.Application(client_max_size=64 * 1024 * 1024, middlewares=[_switch(world)])
    made.add_routes(
        [
            web.route("*", "/api/{method}", pages.api),
            web.get("/link/", sockets.serve),
            web.get("/files-pri/{id}/download/{name}", pages.download),
            web.post("/upload/v1/{id}", pages.upload),
            web.post("/response/{team}/{id}", pages.response),
            web.get("/oauth/v2/authorize", pages.authorize),
        ]
    )
    return made


def _switch(world: World) -> Any:
    @web.middleware
    async def answer(request: web.Request, handler: Callable[[web.Request], Any]) -> Any:
        if world.faults.status is not None:
            return web.Response(status=world.faults.status, text="service unavailable")
        return await handler(request)

    return answer


class Pages:
    def __init__(self, world: World) -> None:
        self._world = world

    async def api(self, request: web.Request) -> web.Response:
        args, token = await _arguments(request)
        name = request.match_info["method"]
        call = Call(name, args, token)
        self._world.calls.append(call)
        if delay := self._world.faults.delay_of(name):
            await asyncio.sleep(delay)
        headers: dict[str, str] = {}
        try:
            call.status, call.answer = 200, {"ok": True, **self._answer(call, headers)}
        except Refused as refused:
            call.status, call.answer = refused.status, refused.body()
            headers |= refused.headers
        call.answered_at = time.monotonic()
        return web.json_response(call.answer, status=call.status, headers=headers)

    def _answer(self, call: Call, headers: dict[str, str]) -> Json:
        world = self._world
        called = METHODS.get(call.method)
        if called is None:
            raise Refused("unknown_method", req_method=call.method)
        token = self._token(called, call.token)
        if token is not None:
            headers["X-OAuth-Scopes"] = ",".join(sorted(token.scopes))
            headers["X-Accepted-OAuth-Scopes"] = ",".join(called.scopes)
        world.faults.strike(call.method, call.args)
        if token is not None:
            require(token.scopes, *called.scopes)
        return called.run(Request(world, structured(call.args), token)) or {}

    def _token(self, called: Method, given: str | None) -> Token | None:
        """Raises not_authed, invalid_auth, token_revoked, not_allowed_token_type."""
        if called.kind is None:
            return None
        if not given:
            raise Refused("not_authed")
        token = self._world.state.tokens.get(given)
        if token is None:
            raise Refused("invalid_auth")
        if token.is_revoked:
            raise Refused("token_revoked")
        if token.kind != called.kind:
            raise Refused("not_allowed_token_type")
        return token

    async def download(self, request: web.Request) -> web.StreamResponse:
        """Without a token that may: the page to sign in, with 200, as Slack does."""
        token = self._world.state.tokens.get(_bearer(request) or "")
        file = self._world.state.files.get(request.match_info["id"].partition("-")[2])
        may = token is not None and not token.is_revoked and "files:read" in token.scopes
        if not may or (file is not None and token is not None and file.team != token.team):
            return web.Response(text=LOGIN, content_type="text/html")
        if file is None:
            return web.Response(status=404)
        self._world.faults.strike("download", {"file": file.id})
        return web.Response(body=file.content, headers={"Content-Type": file.media_type})

    async def upload(self, request: web.Request) -> web.Response:
        file = self._world.state.files.get(request.match_info["id"])
        if file is None:
            return web.Response(status=404)
        if request.content_type.startswith("multipart/"):
            fields = await request.post()
            parts = [f.file.read() for f in fields.values() if isinstance(f, web.FileField)]
            file.content = parts[0] if parts else b""
        else:
            file.content = await request.read()
        return web.Response(text=f"OK - {len(file.content)}")

    async def response(self, request: web.Request) -> web.Response:
        args, _ = await _arguments(request)
        call = Call("response_url", args, None)
        self._world.calls.append(call)
        try:
            self._world.faults.strike("response_url", args)
            url = self._world.response_urls.get(request.match_info["id"])
            if url is None:
                raise Refused("expired_url", status=404)
            respond(self._world, url, structured(args))
            call.status, call.answer = 200, {"ok": True}
        except Refused as refused:
            call.status, call.answer = refused.status, refused.body()
            return web.json_response(call.answer, status=call.status, headers=refused.headers)
        return web.Response(text="ok")

    async def authorize(self, request: web.Request) -> web.Response:
        """Agreed to at once, by the first person of the workspace that `team` names, or of the first."""
        world = self._world
        team = request.query.get("team") or next(iter(world.state.workspaces))
        code = world.new_code(team)
        back = {"code": code, "state": request.query.get("state", "")}
        raise web.HTTPFound(f"{request.query['redirect_uri']}?{urlencode(back)}")


def _bearer(request: web.Request) -> str | None:
    given = request.headers.get("Authorization", "")
    return given.removeprefix("Bearer ") if given.startswith("Bearer ") else None


async def _arguments(request: web.Request) -> tuple[Json, str | None]:
    """From the address and the body, JSON or form, and the token."""
    args: Json = dict(request.query)
    if request.content_type == "application/json":
        try:
            read = json.loads(await request.read() or b"{}")
        except json.JSONDecodeError:
            read = {}
        args |= read if isinstance(read, dict) else {}
    elif request.method == "POST":
        args |= {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    token = args.pop("token", None)
    _read_basic(request, args)
    return args, _bearer(request) or token


def _read_basic(request: web.Request, args: Json) -> None:
    """oauth.v2.access may send the client as HTTP Basic."""
    given = request.headers.get("Authorization", "")
    if given.startswith("Basic "):
        client, _, secret = base64.b64decode(given.removeprefix("Basic ")).decode().partition(":")
        args.setdefault("client_id", client)
        args.setdefault("client_secret", secret)
