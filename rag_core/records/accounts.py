"""Who may use the admin pages, and their sessions."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, get_args

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.records.database import transaction
from rag_core.records.tables import sessions, users

__all__ = ["ROLES", "Accounts", "Role", "Session", "User", "digest_of"]

Role = Literal["viewer", "reviewer", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
"""Each may do what those before it may."""
SEEN_EVERY = timedelta(minutes=1)
"""That a session is used is not written more often."""


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


@dataclass(frozen=True, slots=True)
class Session:
    user: User
    digest: str
    """SHA-256 of the token."""
    csrf: str
    """What forms of this session carry."""
    expires_at: datetime


class Accounts:
    def __init__(self, database: AsyncEngine) -> None:
        self._database = database

    async def begin_session(
        self, user: User, lasts: timedelta, browser: str = "", now: datetime | None = None
    ) -> str:
        """The token for the cookie; of it only a digest is kept."""
        token, now = secrets.token_urlsafe(32), now or datetime.now(UTC)
        row = {
            "digest": digest_of(token),
            "user_id": user.id,
            "csrf": secrets.token_urlsafe(24),
            "created_at": now,
            "seen_at": now,
            "expires_at": now + lasts,
            "browser": browser[:200],
        }
        async with transaction(self._database) as connection:
            await connection.execute(insert(sessions).values(row))
        return token

    async def session(self, token: str, idle: timedelta, now: datetime | None = None) -> Session | None:
        """The session of a token; None: there is none, it is over, was not used for `idle`, or its user is disabled."""
        now, digest = now or datetime.now(UTC), digest_of(token)
        s = sessions.c
        query = select(s.csrf, s.seen_at, s.expires_at, *_user_columns()).join_from(sessions, users)
        async with transaction(self._database) as connection:
            row = (await connection.execute(query.where(s.digest == digest))).one_or_none()
            if row is None:
                return None
            csrf, seen_at, expires_at, *rest = map(_aware, row)
            user = User(*rest)
            if user.disabled or now >= expires_at or now - seen_at >= idle:
                await connection.execute(delete(sessions).where(s.digest == digest))
                return None
            if now - seen_at >= SEEN_EVERY:
                await connection.execute(update(sessions).where(s.digest == digest).values(seen_at=now))
                await connection.execute(update(users).where(users.c.id == user.id).values(seen_at=now))
        return Session(user, digest, csrf, expires_at)

    async def end_session(self, digest: str) -> None:
        async with transaction(self._database) as connection:
            await connection.execute(delete(sessions).where(sessions.c.digest == digest))

    async def add(
        self, identity: str, name: str, role: Role, email: str = "", password_hash: str = ""
    ) -> User:
        row: dict[str, Any] = {
            "id": secrets.token_hex(16),
            "identity": identity,
            "name": name,
            "email": email,
            "role": role,
            "password_hash": password_hash,
            "disabled": False,
            "created_at": datetime.now(UTC),
        }
        async with transaction(self._database) as connection:
            await connection.execute(insert(users).values(row))
        return User(row["id"], identity, name, email, role, False, row["created_at"], None)


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _user_columns() -> list[Any]:
    return [users.c[name] for name in User.__slots__]


def _aware(value: Any) -> Any:
    """SQLite keeps no time zone; all times are UTC."""
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value
