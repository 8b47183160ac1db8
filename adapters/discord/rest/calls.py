"""What is called, and how often it may be."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from discord.http import Route

__all__ = ["Call", "File", "nonce_of"]

File = tuple[str, bytes]
"""Its name and what is in it."""
_OWN_LIMITS = ("/interactions/", "/webhooks/")


@dataclass(frozen=True, slots=True)
class Call:
    """One call of Discord's REST API."""

    method: str
    path: str
    """With names for what is filled in, such as '/channels/{channel_id}/messages'."""
    where: Mapping[str, str] = field(default_factory=dict)
    """What is filled in: ids, and an interaction's token."""
    body: Mapping[str, Any] | None = None
    files: Sequence[File] = ()
    params: Mapping[str, str] = field(default_factory=dict)
    repeatable: bool = True
    """Whether it may be sent again when its reply was lost: doing it twice shows nowhere."""

    @property
    def name(self) -> str:
        """Of the kind of call. It holds no id and no token."""
        return f"{self.method} {self.path}"

    @property
    def of_interaction(self) -> bool:
        """Whether the interaction's token stands for the bot's, so that the bot's own limits do not count."""
        return self.path.startswith(_OWN_LIMITS)

    @property
    def urgent(self) -> bool:
        """A first response, for which Discord waits three seconds."""
        return self.path.startswith("/interactions/")

    @property
    def place(self) -> str:
        """The channel, server or person that it is about; '': none."""
        return next((self.where[name] for name in ("channel_id", "guild_id") if name in self.where), "")

    @property
    def token(self) -> str:
        """The interaction's; '': the bot's own counts."""
        return self.where.get("webhook_token", "")

    @property
    def missing(self) -> str:
        """The name of what should be filled in and is not; '': nothing."""
        return next((name for name, value in self.where.items() if not value), "")

    def route(self) -> Route:
        """As discord.py has it, for the address in use now."""
        return Route(self.method, self.path, **self.where)


def nonce_of(delivery: str, part: int | str = 0) -> str:
    """What makes a message of a delivery's the same at each attempt: 25 characters, as many as Discord takes."""
    return hashlib.sha256(f"{delivery}\0{part}".encode(errors="surrogatepass")).hexdigest()[:25]
