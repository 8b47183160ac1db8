"""What signing in needs while the application runs, made once."""

from __future__ import annotations

import hmac
from typing import Any

from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy.ext.asyncio import AsyncEngine

from bots.admin.signing.local import Local
from bots.admin.signing.passwords import Passwords
from bots.admin.signing.providers import Provider, Start, providers_of
from rag_core.errors import NotFound
from rag_core.records.accounts import Accounts
from rag_core.settings import Settings

__all__ = ["ASKING_S", "Desk"]

ASKING_S = 600
"""How long somebody may take at a provider."""


class Desk:
    def __init__(self, settings: Settings, database: AsyncEngine) -> None:
        self.passwords = Passwords()
        self.local = Local(database, self.passwords)
        self.providers: dict[str, Provider] = providers_of(settings.admin)
        self._accounts = Accounts(database)
        self._key = ""

    def provider(self, name: str) -> Provider:
        """Raises:
        NotFound: it is not configured.
        """
        if name not in self.providers:
            raise NotFound("There is no such way to sign in; go back and choose another.")
        return self.providers[name]

    async def sealed(self, provider: str, start: Start, next: str) -> str:
        """What the browser keeps meanwhile: signed, so that it is what we gave, and readable by its owner."""
        return str(
            (await self._serializer()).dumps(
                [provider, start.redirect_uri, start.state, start.nonce, start.verifier, next]
            )
        )

    async def unsealed(self, cookie: str, provider: str, state: str) -> tuple[Start, str] | None:
        """What was remembered, and where to go on to; None: nothing of that question, or too long ago."""
        try:
            asked, *parts, next = (await self._serializer()).loads(cookie, max_age=ASKING_S)
            start = Start(*parts)
        except (BadData, TypeError, ValueError):
            return None
        right = asked == provider and hmac.compare_digest(start.state.encode(), state.encode())
        return (start, next) if right else None

    async def _serializer(self) -> Any:
        """Replicas share the database, and a home directory perhaps not: the key is in the database."""
        self._key = self._key or await self._accounts.signing_key("sign-in")
        return URLSafeTimedSerializer(self._key, salt="answerloop.sign-in")
