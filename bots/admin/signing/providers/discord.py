"""Sign in with Discord: OAuth2, and then Discord is asked whose token it is."""

from __future__ import annotations

from bots.admin.signing.providers.provider import Denied, Person, Start, json_of, talking_to
from rag_core.settings import Provider as ProviderSettings

__all__ = ["Discord"]


class Discord:
    """Without OpenID: who it is comes from Discord itself over TLS, and PKCE does the work of a nonce."""

    site = "https://discord.com"

    def __init__(self, settings: ProviderSettings) -> None:
        self._settings = settings
        self._site = (settings.issuer or self.site).rstrip("/")

    @property
    def title(self) -> str:
        return self._settings.name

    async def address(self, start: Start) -> str:
        async with talking_to(self._settings, start, scope="identify email") as client:
            url, _ = client.create_authorization_url(
                f"{self._site}/oauth2/authorize", start.state, start.verifier, prompt="none"
            )
        return str(url)

    async def person(self, code: str, start: Start) -> Person:
        api = f"{self._site}/api/v10"
        async with talking_to(
            self._settings,
            start,
            token_endpoint_auth_method="client_secret_post",  # noqa: S106  the name of a method
        ) as client:
            await client.fetch_token(
                f"{api}/oauth2/token",
                grant_type="authorization_code",
                code=code,
                code_verifier=start.verifier,
            )
            told = await json_of(client, "GET", f"{api}/users/@me", self.title)
        user, email = told.get("id"), told.get("email")
        if not isinstance(user, str) or not user.isdecimal():
            raise Denied("Discord did not say who you are; sign in again.")
        name = told.get("global_name") or told.get("username")
        vouched = told.get("verified") is True and isinstance(email, str)
        return Person(f"discord:{user}", str(name or user)[:200], str(email) if vouched else "")
