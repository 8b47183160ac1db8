"""An OpenID provider on this machine that signs in at once, as whoever the test names; it plays Slack and Discord too.

What it sends is what a real one sends, unless a fault is asked for.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import uvicorn
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from joserfc.jws import JWSRegistry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.servers.background import Background, until

__all__ = ["CLIENT", "FAULTS", "SECRET", "UNTRUE", "LocalProvider"]

CLIENT, SECRET = "answerloop-tests", "not-a-secret"
UNTRUE = (
    *(
        "wrong_nonce",
        "no_nonce",
        "wrong_audience",
        "several_audiences",
        "expired",
        "wrong_issuer",
        "alg_none",
    ),
    *("signed_by_secret", "other_key", "no_id_token", "no_subject", "garbage"),
)
"""Faults of an ID token."""
FAULTS = (*UNTRUE, "denied", "slow", "failing", "html")


class LocalProvider(Background):
    """Use as a context manager; `issuer` is the address that settings name."""

    def __init__(self) -> None:
        super().__init__()
        self.person: dict[str, Any] = {
            "sub": "ada-1",
            "name": "Ada",
            "email": "ada@example.com",
            "email_verified": True,
        }
        """The claims of who signs in. For Discord: what users/@me gives."""
        self.fault = ""
        """One of FAULTS."""
        self.claims_in_token = True
        """Whether name and e-mail address stand in the ID token, or at userinfo alone."""
        self.issuer = ""
        self.asked: list[dict[str, str]] = []
        """The parameters of each request to authorize."""
        self.used: list[str] = []
        """The paths of all requests."""
        self._codes: dict[str, dict[str, str]] = {}
        self._tokens: dict[str, dict[str, Any]] = {}
        self._port = 0
        self._server: uvicorn.Server | None = None
        self._serving: asyncio.Task[None] | None = None
        self.turn_keys()

    def turn_keys(self) -> None:
        """As providers do from time to time: another key, and the old one is gone."""
        self._key = RSAKey.generate_key(2048, {"kid": secrets.token_hex(4), "use": "sig", "alg": "RS256"})

    @property
    def settings(self) -> dict[str, str]:
        """Of a [admin.*] table."""
        return {"issuer": self.issuer, "client_id": CLIENT, "client_secret": SECRET}

    async def _listen(self) -> None:
        config = uvicorn.Config(self._app(), "127.0.0.1", self._port, lifespan="off", log_config=None)
        self._server = uvicorn.Server(config)
        self._server.capture_signals = _no_signals  # type: ignore[method-assign]
        self._serving = asyncio.create_task(self._server.serve())
        server = self._server
        await until(lambda: server.started)
        self._port = self._server.servers[0].sockets[0].getsockname()[1]
        self.issuer = f"http://127.0.0.1:{self._port}"

    async def _hang_up(self) -> None:
        if self._server and self._serving:
            self._server.should_exit = self._server.force_exit = True
            await self._serving
            self._server = self._serving = None

    def _app(self) -> Starlette:
        routes = {
            "/.well-known/openid-configuration": self._discovery,
            "/authorize": self._authorize,
            "/oauth2/authorize": self._authorize,
            "/token": self._token,
            "/api/v10/oauth2/token": self._token,
            "/jwks": self._jwks,
            "/userinfo": self._userinfo,
            "/api/v10/users/@me": self._userinfo,
        }
        return Starlette(
            routes=[
                Route(path, self._noted(answer), methods=["GET", "POST"]) for path, answer in routes.items()
            ]
        )

    def _noted(self, answer: Any) -> Any:
        async def noted(request: Request) -> Response:
            self.used.append(request.url.path)
            if self.fault == "slow":
                await asyncio.sleep(3600)
            if self.fault == "failing":
                return Response("out of order", 503)
            if self.fault == "html":
                return Response("<h1>Maintenance</h1>", media_type="text/html")
            response: Response = await answer(request)
            return response

        return noted

    async def _discovery(self, request: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/jwks",
                "userinfo_endpoint": f"{self.issuer}/userinfo",
                "id_token_signing_alg_values_supported": ["RS256", "none", "HS256"],
            }
        )

    async def _authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        self.asked.append(asked)
        back = {"state": asked["state"]}
        if self.fault == "denied":
            return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(back | {'error': 'access_denied'})}")
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(back | {'code': code})}")

    async def _token(self, request: Request) -> Response:
        form = {key: str(value) for key, value in (await request.form()).items()}
        asked = self._codes.pop(form.get("code", ""), None)  # a code is good once
        if (wrong := self._wrong(request, form, asked)) or asked is None:
            return JSONResponse({"error": wrong or "invalid_grant"}, 400)
        token = secrets.token_urlsafe(16)
        self._tokens[token] = self.person
        answer = {"access_token": token, "token_type": "Bearer", "expires_in": 3600}
        if "openid" in asked.get("scope", "") and self.fault != "no_id_token":
            answer["id_token"] = self._id_token(asked.get("nonce", ""))
        return JSONResponse(answer)

    def _wrong(self, request: Request, form: Mapping[str, str], asked: Mapping[str, str] | None) -> str:
        """What the standard calls it; '': nothing."""
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        by_form = (form.get("client_id"), form.get("client_secret")) == (CLIENT, SECRET)
        if request.headers.get("authorization") != f"Basic {basic}" and not by_form:
            return "invalid_client"
        if asked is None or form.get("redirect_uri") != asked["redirect_uri"]:
            return "invalid_grant"
        if challenge := asked.get("code_challenge"):
            digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
            if _base64(digest).decode() != challenge:
                return "invalid_grant"
        return ""

    def _id_token(self, nonce: str) -> str:
        now = int(time.time())
        told = self.person if self.claims_in_token else {"sub": self.person["sub"]}
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": nonce, **told}
        claims |= {
            "wrong_nonce": {"nonce": "another"},
            "wrong_audience": {"aud": "somebody-else", "azp": CLIENT},
            "several_audiences": {"aud": ["somebody-else", CLIENT], "azp": "somebody-else"},
            "expired": {"iat": now - 7200, "exp": now - 3600},
            "wrong_issuer": {"iss": "https://evil.example.com"},
        }.get(self.fault, {})
        for fault, claim in (("no_nonce", "nonce"), ("no_subject", "sub")):
            if self.fault == fault:
                del claims[claim]
        if self.fault == "garbage":
            return "not.a.token"
        if self.fault in ("alg_none", "signed_by_secret"):
            return self._forged(claims)
        key = RSAKey.generate_key(2048) if self.fault == "other_key" else self._key
        # real providers put headers of their own
        header = {"alg": "RS256", "kid": self._key.kid, "x-of-ours": "1"}
        return jwt.encode(header, claims, key, registry=JWSRegistry(strict_check_header=False))

    def _forged(self, claims: Mapping[str, Any]) -> str:
        """Not signed, or signed with the public key taken for a shared secret."""
        algorithm = "none" if self.fault == "alg_none" else "HS256"
        parts = ({"alg": algorithm, "kid": self._key.kid}, claims)
        signed = b".".join(_base64(json.dumps(part).encode()) for part in parts)
        public = self._key.as_pem(private=False)
        signature = hmac.digest(public, signed, "sha256") if algorithm == "HS256" else b""
        return (signed + b"." + _base64(signature)).decode()

    async def _jwks(self, request: Request) -> Response:
        return JSONResponse(KeySet([self._key]).as_dict(private=False))

    async def _userinfo(self, request: Request) -> Response:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self._tokens:
            return JSONResponse({"error": "invalid_token"}, 401)
        return JSONResponse(self._tokens[token])


def _base64(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _no_signals() -> Any:
    return contextlib.nullcontext()
