"""Users as they sign in, and their sessions."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from rag_core.records.accounts.user import (
    ROLES,
    Role,
    Session,
    User,
    Visit,
    aware,
    digest_of,
    higher,
    user_columns,
)
from rag_core.records.audit import note
from rag_core.records.database import transaction
from rag_core.records.inserting import insert_unless_there
from rag_core.records.tables import sessions, signing_keys, users

__all__ = ["Accounts", "user_row"]

SEEN_EVERY = timedelta(minutes=1)
"""That a session is used is not written more often."""

_AN_ADMIN = select(users.c.id).where(users.c.role == "admin").limit(1)


class Accounts:
    def __init__(self, database: AsyncEngine) -> None:
        self._database = database

    # --- sessions

    async def begin_session(
        self,
        user: User,
        lasts: timedelta,
        browser: str = "",
        now: datetime | None = None,
        instead_of: str = "",
    ) -> str:
        """The token for the cookie; of it only a digest is kept. instead_of: the token that the browser had before, whose
        session ends. Sessions of anybody that are over are removed."""
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
        over = (sessions.c.expires_at <= now) | (sessions.c.digest == digest_of(instead_of))
        async with transaction(self._database) as connection:
            await connection.execute(delete(sessions).where(over))
            await connection.execute(insert(sessions).values(row))
            await connection.execute(update(users).where(users.c.id == user.id).values(seen_at=now))
        return token

    async def session(
        self, token: str, idle: timedelta, now: datetime | None = None, used: bool = True
    ) -> Session | None:
        """The session of a token; None: there is none, it is over, was not used for `idle`, or its user is disabled.

        used: whether a person uses it by this, and not a page by itself.
        """
        now, digest = now or datetime.now(UTC), digest_of(token)
        s = sessions.c
        query = select(s.csrf, s.seen_at, s.expires_at, *user_columns()).join_from(sessions, users)
        async with transaction(self._database) as connection:
            row = (await connection.execute(query.where(s.digest == digest))).one_or_none()
            if row is None:
                return None
            csrf, seen_at, expires_at, *rest = map(aware, row)
            user = User(*rest)
            if user.disabled or now >= expires_at or now - seen_at >= idle:
                await connection.execute(delete(sessions).where(s.digest == digest))
                return None
            if used and now - seen_at >= SEEN_EVERY:
                await connection.execute(update(sessions).where(s.digest == digest).values(seen_at=now))
                await connection.execute(update(users).where(users.c.id == user.id).values(seen_at=now))
        return Session(user, digest, csrf, expires_at)

    async def end_session(self, digest: str) -> None:
        async with transaction(self._database) as connection:
            await connection.execute(delete(sessions).where(sessions.c.digest == digest))

    async def end_own_session(self, user: User, digest: str) -> bool:
        """Whether it was one of that user's, and has ended."""
        own = (sessions.c.digest == digest) & (sessions.c.user_id == user.id)
        async with transaction(self._database) as connection:
            return bool((await connection.execute(delete(sessions).where(own))).rowcount)

    async def visits(self, user: User, idle: timedelta, now: datetime | None = None) -> list[Visit]:
        """Their sessions that are not over, the latest used first."""
        now = now or datetime.now(UTC)
        query = (
            select(*(sessions.c[name] for name in Visit.__slots__))
            .where(
                sessions.c.user_id == user.id, sessions.c.expires_at > now, sessions.c.seen_at > now - idle
            )
            .order_by(sessions.c.seen_at.desc(), sessions.c.digest)
        )
        async with transaction(self._database) as connection:
            return [Visit(*map(aware, row)) for row in (await connection.execute(query)).all()]

    # --- users

    async def find(self, identity: str) -> User | None:
        async with transaction(self._database) as connection:
            return await _found(connection, users.c.identity == identity)

    async def credentials(self, name: str) -> tuple[User, str] | None:
        """The local user of that name and the hash of the password; None: there is none who may sign in by one."""
        query = select(users.c.password_hash, *user_columns()).where(
            users.c.identity == f"local:{name}", users.c.password_hash != "", users.c.disabled.is_(False)
        )
        async with transaction(self._database) as connection:
            row = (await connection.execute(query)).one_or_none()
        return (User(*map(aware, row[1:])), row[0]) if row else None

    async def rehash(self, user: User, before: str, after: str) -> None:
        """Keep a stronger hash of the same password, unless the password was changed meanwhile."""
        same = (users.c.id == user.id) & (users.c.password_hash == before)
        async with transaction(self._database) as connection:
            await connection.execute(update(users).where(same).values(password_hash=after))

    async def add(
        self, identity: str, name: str, role: Role, email: str = "", password_hash: str = ""
    ) -> User:
        """Without an entry in the audit log; Administration.add writes one."""
        row = user_row(identity, name, role, email=email, password_hash=password_hash)
        async with transaction(self._database) as connection:
            await connection.execute(insert(users).values(row))
        return User(*(row.get(name) for name in User.__slots__))  # type: ignore[arg-type]

    async def has_admin(self) -> bool:
        async with transaction(self._database) as connection:
            return await connection.scalar(_AN_ADMIN) is not None

    async def add_first(self, identity: str, name: str, password_hash: str) -> bool:
        """An admin where there is none; whether this made it. Of several processes one does."""
        row = user_row(identity, name, "admin", password_hash=password_hash)
        async with transaction(self._database) as connection:
            if await connection.scalar(_AN_ADMIN) is not None:
                return False
            made = await connection.execute(insert_unless_there(connection, users).values(row))
            if not made.rowcount:
                return False
            await note(connection, "answerloop", "user.add", f"user:{identity}", role="admin", first=True)
            return True

    async def admit(self, identity: str, name: str, email: str, granted: Role | None) -> User | None:
        """Who signs in by a provider; None: neither the settings nor an admin let them in, or they are disabled.

        granted: what the settings give. An admin may have named the identity, or `email:ADDRESS`, before they came.
        """
        async with transaction(self._database) as connection:
            there = await _known(connection, identity, email)
            if there is None:
                if granted is None:
                    return None
                made = user_row(identity, name, granted, appointed="", granted=granted, email=email)
                await connection.execute(insert_unless_there(connection, users).values(made))
            else:
                role = higher(there.appointed, granted)
                known = {"identity": identity, "name": name, "email": email, "granted": granted or ""}
                changed = {**known, "role": role or ROLES[0]}
                await connection.execute(update(users).where(users.c.id == there.id).values(changed))
                if role is None:
                    await connection.execute(delete(sessions).where(sessions.c.user_id == there.id))
                    return None
            user = await _found(connection, users.c.identity == identity)
            return user if user and not user.disabled else None

    async def signing_key(self, name: str) -> str:
        """A random key, made when it is first asked for; the same for all who share the database."""
        row = {"name": name, "key": secrets.token_hex(32)}
        async with transaction(self._database) as connection:
            query = select(signing_keys.c.key).where(signing_keys.c.name == name)
            if (known := await connection.scalar(query)) is None:
                await connection.execute(insert_unless_there(connection, signing_keys).values(row))
                known = await connection.scalar(query)
        return str(known)


def user_row(identity: str, name: str, role: Role, **further: str) -> dict[str, Any]:
    return {
        "id": secrets.token_hex(16),
        "identity": identity,
        "name": name,
        "email": "",
        "role": role,
        "appointed": role,
        "granted": "",
        "password_hash": "",
        "disabled": False,
        "created_at": datetime.now(UTC),
        **further,
    }


async def _known(connection: AsyncConnection, identity: str, email: str) -> Any:
    """The row of that identity, or else the one that an admin made for the address. Locked, and by one query: of two first
    sign-ins at once the second finds what the first made of it."""
    names = [identity, f"email:{email.lower()}"] if email else [identity]
    query = select(users).where(users.c.identity.in_(names)).order_by(users.c.id).with_for_update()
    found = {row.identity: row for row in (await connection.execute(query)).all()}
    return next((found[name] for name in names if name in found), None)


async def _found(connection: AsyncConnection, condition: Any) -> User | None:
    row = (await connection.execute(select(*user_columns()).where(condition))).one_or_none()
    return User(*map(aware, row)) if row else None
