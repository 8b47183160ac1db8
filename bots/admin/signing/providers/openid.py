"""OpenID Connect, by discovery: authorization code, PKCE, and an ID token that is looked at closely."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from bots.admin.signing.providers.provider import Denied, Person, Start, json_of, talking_to
from rag_core.errors import Unavailable
from rag_core.settings import Provider as ProviderSettings

__all__ = ["ALGORITHMS", "OpenID", "OpenIDProvider", "SlackProvider"]

ALGORITHMS = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
    "Ed25519",
)
"""Signatures by a key pair alone: never none, and never a shared secret that a public key could be taken for."""
_REGISTRY = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
LEEWAY_S = 60
KEPT_S = 3600.0
"""How long what a provider tells about itself is kept."""
LONGEST_IDENTITY = 200


@dataclass(slots=True)
class _Kept:
    metadata: dict[str, Any]
    keys: dict[str, Any] | None
    until: float


class OpenID(ABC):
    """What all providers of OpenID Connect have in common."""

    scope = "openid profile email"
    pkce = True

    def __init__(self, settings: ProviderSettings, issuer: str) -> None:
        self._settings, self._issuer = settings, issuer
        self._kept: _Kept | None = None

    @property
    def title(self) -> str:
        return self._settings.name

    async def address(self, start: Start) -> str:
        async with talking_to(self._settings, start, scope=self.scope) as client:
            metadata = (await self._known(client)).metadata
            verifier = start.verifier if self.pkce else None
            url, _ = client.create_authorization_url(
                metadata["authorization_endpoint"], start.state, verifier, nonce=start.nonce
            )
        return str(url)

    async def person(self, code: str, start: Start) -> Person:
        async with talking_to(self._settings, start) as client:
            known = await self._known(client)
            client.token_endpoint_auth_method = _authentication(known.metadata)
            proof = {"code_verifier": start.verifier} if self.pkce else {}
            token = await client.fetch_token(
                known.metadata["token_endpoint"], grant_type="authorization_code", code=code, **proof
            )
            claims = await self._claims(client, known, token, start)
            if "email" not in claims and "userinfo_endpoint" in known.metadata:
                claims = claims | await self._further(
                    client, known.metadata["userinfo_endpoint"], claims["sub"]
                )
        return self.person_of(claims)

    @abstractmethod
    def person_of(self, claims: Mapping[str, Any]) -> Person:
        """Who the provider says signs in."""

    async def _known(self, client: Any) -> _Kept:
        if self._kept is None or time.monotonic() >= self._kept.until:
            url = f"{self._issuer.rstrip('/')}/.well-known/openid-configuration"
            metadata = await json_of(client, "GET", url, self.title, withhold_token=True)
            self._check(metadata)
            self._kept = _Kept(metadata, None, time.monotonic() + KEPT_S)
        return self._kept

    def _check(self, metadata: Mapping[str, Any]) -> None:
        if str(metadata.get("issuer", "")).rstrip("/") != self._issuer.rstrip("/"):
            raise Unavailable(
                f"{self.title} says that it is another issuer; check its address in the settings."
            )
        secure = self._issuer.startswith("https:")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            address = metadata.get(name)
            if not isinstance(address, str) or not address.startswith(
                "https:" if secure else ("https:", "http:")
            ):
                raise Unavailable(
                    f"{self.title} tells no address for {name}; check its address in the settings."
                )

    async def _claims(
        self, client: Any, known: _Kept, token: Mapping[str, Any], start: Start
    ) -> dict[str, Any]:
        """Of the ID token, when its signature, issuer, audience, times and nonce are right."""
        signed = token.get("id_token")
        if not isinstance(signed, str):
            raise Denied(f"{self.title} did not say who you are; sign in again.")
        decoded = await self._decoded(client, known, signed)
        options = {
            "iss": {"essential": True, "value": known.metadata["issuer"]},
            "aud": {"essential": True, "value": self._settings.client_id},
            "nonce": {"essential": True, "value": start.nonce},
        }
        params = {
            "nonce": start.nonce,
            "client_id": self._settings.client_id,
            "access_token": token.get("access_token"),
        }
        claims = CodeIDToken(decoded.claims, decoded.header, options, params)
        claims.validate(leeway=LEEWAY_S)
        if not isinstance(claims["sub"], str) or not claims["sub"]:
            raise Denied(f"{self.title} did not say who you are; sign in again.")
        return dict(claims)

    async def _decoded(self, client: Any, known: _Kept, signed: str) -> jwt.Token:
        """The keys are fetched again when one is missing: providers change them."""
        for fresh in (False, True):
            try:
                return jwt.decode(signed, await self._keys(client, known, fresh), registry=_REGISTRY)
            except InvalidKeyIdError:
                if fresh:
                    raise
        raise AssertionError("unreachable")

    async def _keys(self, client: Any, known: _Kept, fresh: bool) -> KeySet:
        if known.keys is None or fresh:
            known.keys = await json_of(
                client, "GET", known.metadata["jwks_uri"], self.title, withhold_token=True
            )
        usable = [
            key for key in known.keys.get("keys", ()) if key.get("use", "sig") == "sig" and "kty" in key
        ]
        return KeySet.import_key_set({"keys": [key for key in usable if key["kty"] != "oct"]})

    async def _further(self, client: Any, url: str, subject: str) -> dict[str, Any]:
        """What the provider tells of the person besides; about somebody else it is nothing."""
        told = await json_of(client, "GET", url, self.title)
        return {key: told[key] for key in _FURTHER & told.keys()} if told.get("sub") == subject else {}


_FURTHER = {"email", "email_verified", "name", "preferred_username"}


class OpenIDProvider(OpenID):
    """Any provider of OpenID Connect."""

    def __init__(self, settings: ProviderSettings) -> None:
        super().__init__(settings, settings.issuer or "")

    def person_of(self, claims: Mapping[str, Any]) -> Person:
        """A subject is unique within its issuer only, so both are the identity."""
        parts = urlsplit(self._issuer)
        subject = "".join(claims["sub"].split())
        identity = f"oidc:{subject}@{parts.netloc}{parts.path.rstrip('/')}"
        if subject != claims["sub"] or len(identity) > LONGEST_IDENTITY:
            raise Denied(f"{self.title} knows you by a name that cannot be kept; use another way to sign in.")
        return Person(identity, _name(claims), _email(claims))


class SlackProvider(OpenID):
    """Sign in with Slack. Without PKCE, which Slack wants for apps without a secret; the nonce does its work here."""

    pkce = False
    issuer = "https://slack.com"

    def __init__(self, settings: ProviderSettings, teams: Collection[str]) -> None:
        super().__init__(settings, settings.issuer or self.issuer)
        self._teams = frozenset(teams)

    def person_of(self, claims: Mapping[str, Any]) -> Person:
        team, user = (claims.get(f"https://slack.com/{name}_id") for name in ("team", "user"))
        if not isinstance(user, str) or not user.isalnum():
            raise Denied("Slack did not say who you are; sign in again.")
        if team not in self._teams:
            raise Denied(
                "Your Slack workspace is not one of those that may sign in here; choose another one."
            )
        return Person(f"slack:{user}", _name(claims), _email(claims))


def _authentication(metadata: Mapping[str, Any]) -> str:
    """Basic is what a provider takes that says nothing."""
    taken = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    return "client_secret_basic" if "client_secret_basic" in taken else "client_secret_post"


def _name(claims: Mapping[str, Any]) -> str:
    for key in ("name", "preferred_username", "sub"):
        if isinstance(claims.get(key), str) and claims[key].strip():
            return str(claims[key]).strip()[:200]
    return ""


def _email(claims: Mapping[str, Any]) -> str:
    """Only where the provider says that it is the person's: anybody can write another's address into a profile."""
    email, verified = claims.get("email"), claims.get("email_verified")
    return email[:320] if verified is True and isinstance(email, str) and "@" in email else ""
