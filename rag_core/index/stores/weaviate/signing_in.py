"""OIDC with client credentials: a token for Weaviate, and a new one before it expires.

weaviate-client has this too, on Authlib. It is not used: where httpx2 is installed, as Starlette wants it, Authlib takes
that, and weaviate-client gives it objects of httpx.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from rag_core.errors import AnswerloopError, SettingsError
from rag_core.settings import Store

__all__ = ["Token", "kept_signed_in", "signed_in"]

BEFORE_S = 30.0
"""Before its end a token is renewed; a short one at half of its time."""
AGAIN_S = 5.0
"""After a renewal that failed."""
UNKNOWN_S = 60.0
"""How long a token lives whose provider does not say."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Token:
    value: str
    seconds: float
    """It lives, from now."""

    @property
    def header(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.value}"}


async def signed_in(settings: Store) -> Token:
    """Ask Weaviate for its provider, and the provider for a token.

    Raises:
        SettingsError: Weaviate has no provider, or the provider refuses the secret.
        httpx.HTTPError: one of them cannot be reached, or fails.
    """
    secret = settings.client_secret.get_secret_value() if settings.client_secret else ""
    async with httpx.AsyncClient(timeout=settings.timeout_s) as http:
        found = await http.get(f"{(settings.url or '').rstrip('/')}/v1/.well-known/openid-configuration")
        if found.status_code == httpx.codes.NOT_FOUND:
            raise SettingsError(
                "ANSWERLOOP_STORE__CLIENT_SECRET is set, and this Weaviate knows no OIDC provider: unset it, or set one up."
            )
        provider = _read(found)
        endpoints = _read(await http.get(provider["href"]))
        scope = settings.client_scope or " ".join(provider.get("scopes") or ())
        form = {
            "grant_type": "client_credentials",
            "client_id": provider["clientId"],
            "client_secret": secret,
            **({"scope": scope} if scope else {}),
        }
        reply = await http.post(endpoints["token_endpoint"], data=form)
    if reply.status_code in (400, 401, 403):
        raise SettingsError(
            f"The OIDC provider refuses ANSWERLOOP_STORE__CLIENT_SECRET ({reply.status_code}): check it, the client "
            f"{provider['clientId']} and its scopes, or use ANSWERLOOP_STORE__API_KEY or ANSWERLOOP_STORE__BEARER_TOKEN."
        )
    said = _read(reply)
    return Token(str(said["access_token"]), float(said.get("expires_in") or UNKNOWN_S))


def _read(reply: httpx.Response) -> dict[str, Any]:
    try:
        said = reply.raise_for_status().json()
    except ValueError as error:
        raise httpx.DecodingError(f"{reply.url} is no JSON", request=reply.request) from error
    return dict(said)


@asynccontextmanager
async def kept_signed_in(client: Any, settings: Store, token: Token) -> AsyncIterator[None]:
    """Renews the token as long as this is open."""
    renewing = asyncio.create_task(_renew(client, settings, token))
    try:
        yield
    finally:
        renewing.cancel()


async def _renew(client: Any, settings: Store, token: Token) -> None:
    pause = _pause(token)
    while True:
        await asyncio.sleep(pause)
        try:
            token = await signed_in(settings)
        except (AnswerloopError, httpx.HTTPError, KeyError) as error:
            log.warning("The token for Weaviate was not renewed: %s", error)
            pause = AGAIN_S
            continue
        _use(client, token)
        pause = _pause(token)


def _pause(token: Token) -> float:
    return max(token.seconds - BEFORE_S, token.seconds / 2, 0.1)


def _use(client: Any, token: Token) -> None:
    """The client has no public way to change a header; REST and gRPC keep theirs apart."""
    connection = client._connection
    connection._headers.update(token.header)
    connection.additional_headers.update(token.header)
    connection._prepare_grpc_headers()
