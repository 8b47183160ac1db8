"""What a provider does for us: it is asked by sending the browser there, and tells who it is that came back."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from joserfc.errors import JoseError

from rag_core.errors import AnswerloopError, Unavailable
from rag_core.settings import Provider as ProviderSettings

__all__ = ["Denied", "Person", "Provider", "Start", "json_of", "talking_to"]

WITHIN_S = 10.0


class Denied(AnswerloopError):
    """What came back names nobody; the message says so to whoever wants to sign in."""


@dataclass(frozen=True, slots=True)
class Person:
    identity: str
    """PLATFORM:USER, the same at every sign-in, and nobody else's."""
    name: str
    email: str
    """Verified by the provider; '': it has none, or does not vouch for it."""


def _random() -> str:
    return secrets.token_urlsafe(32)


@dataclass(frozen=True, slots=True)
class Start:
    """What is remembered in the browser while the provider is asked."""

    redirect_uri: str
    state: str = field(default_factory=_random)
    """Comes back with the answer, so that it is one to this browser's question."""
    nonce: str = field(default_factory=_random)
    """Is in the ID token, so that it was made for this question."""
    verifier: str = field(default_factory=_random)
    """Of PKCE: whoever intercepts the code cannot use it."""


class Provider(Protocol):
    @property
    def title(self) -> str:
        """As people know it."""

    async def address(self, start: Start) -> str:
        """Where to send the browser.

        Raises:
            Unavailable: the provider does not answer.
        """

    async def person(self, code: str, start: Start) -> Person:
        """Who it was. code: as it came back.

        Raises:
            Denied: the answer does not name anybody whom we may believe.
            Unavailable: the provider does not answer.
        """


@asynccontextmanager
async def talking_to(settings: ProviderSettings, start: Start, **options: Any) -> AsyncIterator[Any]:
    """Authlib's client, whose failures are ours.

    Raises:
        Denied, Unavailable.
    """
    secret = settings.client_secret.get_secret_value() if settings.client_secret else ""
    client = AsyncOAuth2Client(
        settings.client_id,
        secret,
        redirect_uri=start.redirect_uri,
        code_challenge_method="S256",
        timeout=WITHIN_S,
        **options,
    )
    try:
        async with client:
            yield client
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise Unavailable(
            f"{settings.name} does not answer now ({type(error).__name__}); try again later."
        ) from error
    except (OAuthError, JoseError) as error:
        raise Denied(
            f"{settings.name} sent what cannot be accepted ({error.error}); sign in again."
        ) from error
    except (ValueError, KeyError, TypeError) as error:  # such as a page instead of a token
        raise Unavailable(f"{settings.name} does not answer as it should; try again later.") from error


async def json_of(client: Any, method: str, url: str, name: str, **options: Any) -> dict[str, Any]:
    """Raises:
    Unavailable: it does not answer, or not with an object.
    """
    response = await client.request(method, url, **options)
    try:
        found = response.json() if response.is_success else None
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Unavailable(f"{name} does not answer as it should ({response.status_code}); try again later.")
    return found
