"""HTTP mode: where Slack posts events, clicks and commands. What it did not sign reaches nothing and is logged nowhere."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.signature import SignatureVerifier
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from rag_core.errors import AnswerloopError

__all__ = ["LARGEST_BODY", "PATH", "endpoint"]

PATH = "/slack/events"
LARGEST_BODY = 1_000_000
"""Bytes."""
log = logging.getLogger(__name__)


def endpoint(
    app: AsyncApp,
    signing_secret: str | None,
    ready: Callable[[], Awaitable[Mapping[str, object]]],
    more: Sequence[BaseRoute] = (),
) -> Starlette:
    """POST /slack/events, and GET /healthz, which tells what `ready` says and is 503 while that raises AnswerloopError.

    app: does not verify signatures itself. signing_secret: None: no events come this way. more: other routes to serve.
    """
    verifier = SignatureVerifier(signing_secret) if signing_secret else None

    async def events(request: Request) -> Response:
        if verifier is None:
            raise HTTPException(404)
        raw = await _bounded(request)
        if _is_ssl_check(raw):
            return PlainTextResponse("")
        body = _signed(raw, request, verifier)
        _refuse_unreadable(body, request.headers.get("content-type", ""))
        return _response(await app.async_dispatch(_for_bolt(request, body)))

    async def ssl_check(request: Request) -> Response:
        if request.query_params.get("ssl_check") == "1":
            return PlainTextResponse("")
        raise HTTPException(405, headers={"Allow": "POST"})

    async def health(request: Request) -> Response:
        try:
            return JSONResponse({"ready": True, **await ready()})
        except AnswerloopError as error:
            log.info("not ready: %s", error)
            return JSONResponse({"ready": False}, status_code=503)

    return Starlette(
        routes=[
            Route(PATH, events, methods=["POST"]),
            Route(PATH, ssl_check, methods=["GET"]),
            Route("/healthz", health, methods=["GET"]),
            *more,
        ],
        exception_handlers={ClientDisconnect: _gone},
    )


def _is_ssl_check(raw: bytes) -> bool:
    """Slack looks from time to time whether the certificate is good, unsigned; the answer says nothing."""
    return len(raw) < 1000 and b"ssl_check=1" in raw.split(b"&")


def _signed(raw: bytes, request: Request, verifier: SignatureVerifier) -> str:
    """The body, if Slack signed it within the last five minutes."""
    timestamp = request.headers.get("x-slack-request-timestamp", "")
    signature = request.headers.get("x-slack-signature", "")
    if not _is_whole(timestamp) or not signature.isascii():
        raise HTTPException(401, "not signed")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise HTTPException(400, "not UTF-8") from None
    if not verifier.is_valid(text, timestamp, signature):
        raise HTTPException(401, "not signed")
    return text


async def _bounded(request: Request) -> bytes:
    """The whole body; no more of a larger one is read than is needed to tell."""
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > LARGEST_BODY:
            raise HTTPException(413, "too large")
    return bytes(raw)


def _is_whole(timestamp: str) -> bool:
    """'1700000000', and neither 'NaN', '1e9', '１７' nor a number of thousands of digits."""
    return timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12


def _refuse_unreadable(body: str, content_type: str) -> None:
    """Bolt answers 500 to what it cannot parse."""
    try:
        parsed = _parsed(body, content_type.partition(";")[0].strip().lower())
    except (ValueError, RecursionError):
        raise HTTPException(400, "not readable") from None
    if not isinstance(parsed, dict):
        raise HTTPException(400, "not an object")


def _parsed(body: str, content_type: str) -> Any:
    """As Bolt parses it."""
    if not body:
        return {}
    if content_type == "application/json" or body.startswith("{"):
        return json.loads(body, parse_constant=_refused)
    form = dict(parse_qsl(body, keep_blank_values=True))
    return json.loads(form["payload"], parse_constant=_refused) if "payload" in form else form


def _refused(constant: str) -> float:
    """JSON has no NaN and no infinities, and databases refuse them."""
    raise ValueError(f"{constant} is not JSON")


def _for_bolt(request: Request, body: str) -> AsyncBoltRequest:
    try:
        return AsyncBoltRequest(body=body, query=request.url.query, headers=dict(request.headers))
    except (AttributeError, KeyError, TypeError, ValueError):
        raise HTTPException(400, "not readable") from None


def _response(answered: BoltResponse) -> Response:
    headers = answered.first_headers_without_set_cookie()
    return Response(answered.body, answered.status, headers=dict(headers))


async def _gone(request: Request, error: Exception) -> Response:
    return PlainTextResponse("", 400)
