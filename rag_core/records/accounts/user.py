"""A user of the admin pages and what they may do; a session of theirs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from rag_core.records.tables import users

__all__ = ["ROLES", "Role", "Session", "User", "Visit", "aware", "digest_of", "higher", "user_columns"]

Role = Literal["viewer", "reviewer", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
"""Each may do what those before it may."""


@dataclass(frozen=True, slots=True)
class User:
    id: str
    identity: str
    """PLATFORM:USER, such as local:ada, or slack:U024BE7LH as in the chat."""
    name: str
    email: str
    """As the provider vouches for it; '': it does not."""
    role: Role
    disabled: bool
    created_at: datetime
    seen_at: datetime | None

    def may(self, role: Role) -> bool:
        """Whether this user may do what that role may."""
        return ROLES.index(self.role) >= ROLES.index(role)

    @property
    def is_local(self) -> bool:
        """Signs in by name and password."""
        return self.identity.startswith("local:")


@dataclass(frozen=True, slots=True)
class Session:
    user: User
    digest: str
    """SHA-256 of the token."""
    csrf: str
    """What forms of this session carry."""
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Visit:
    """A session as its owner sees it in a list."""

    digest: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    browser: str
    """As it names itself."""


def higher(*roles: Role | Literal[""] | None) -> Role | None:
    """The one that may do the most; None: there is none."""
    given = [role for role in roles if role]
    return max(given, key=ROLES.index) if given else None


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def user_columns() -> list[Any]:
    return [users.c[name] for name in User.__slots__]


def aware(value: Any) -> Any:
    """SQLite keeps no time zone; all times are UTC."""
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value
