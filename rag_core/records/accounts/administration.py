"""What an admin, or the command line, does with users. Each act is in the audit log."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from rag_core.errors import InvalidEntry, NotFound
from rag_core.records.accounts.accounts import user_row
from rag_core.records.accounts.user import ROLES, Role, User, aware, higher, user_columns
from rag_core.records.audit import ITSELF, note
from rag_core.records.database import transaction
from rag_core.records.inserting import insert_unless_there
from rag_core.records.tables import sessions, users

__all__ = ["Administration", "Member", "local_identity"]

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_IDENTITY = re.compile(r"(slack:[UW][A-Z0-9]+|discord:\d+|oidc:[^\s]+@[^\s@]+|email:[^\s@:]+@[^\s@:]+)")


@dataclass(frozen=True, slots=True)
class Member:
    user: User
    sessions: int
    granted: str
    """The role that the settings gave when they last signed in; '': none."""
    appointed: str
    """The role that an admin gave; '': none."""

    @property
    def shut_out(self) -> bool:
        """Has been let in by the settings, which name them no longer."""
        return not self.granted and not self.appointed


class Administration:
    """`by`, of each method: who does it, PLATFORM:USER, or who the command line belongs to."""

    def __init__(self, database: AsyncEngine) -> None:
        self._database = database

    async def members(self, idle: timedelta, now: datetime | None = None) -> list[Member]:
        """All users, by identity, with how many sessions of each are not over."""
        now = now or datetime.now(UTC)
        live = and_(
            sessions.c.user_id == users.c.id, sessions.c.expires_at > now, sessions.c.seen_at > now - idle
        )
        count = select(func.count()).select_from(sessions).where(live).scalar_subquery()
        query = select(count, users.c.granted, users.c.appointed, *user_columns()).order_by(users.c.identity)
        async with transaction(self._database) as connection:
            rows = (await connection.execute(query)).all()
        return [
            Member(User(*map(aware, rest)), number, granted, appointed)
            for number, granted, appointed, *rest in rows
        ]

    async def get(self, id: str) -> User:
        """Raises:
        NotFound: there is none.
        """
        async with transaction(self._database) as connection:
            return _user(await _locked(connection, users.c.id == id))

    async def named(self, identity: str) -> User:
        """Raises:
        NotFound: there is none.
        """
        async with transaction(self._database) as connection:
            return _user(await _locked(connection, users.c.identity == identity, f"user {identity[:200]}"))

    async def add(self, identity: str, role: Role, by: str, name: str = "", password_hash: str = "") -> str:
        """The id of the new user, who signs in by a provider unless there is a password's hash.

        Raises:
            InvalidEntry: there is one of that identity, or it is none.
        """
        if not identity.startswith("local:") and not _IDENTITY.fullmatch(identity):
            raise InvalidEntry(
                f"identity: {identity!r} is none; write slack:U024BE7LH, discord:80351110224678912, oidc:SUBJECT@ISSUER "
                "or email:ADDRESS."
            )
        row = user_row(identity, name or identity.partition(":")[2], role, password_hash=password_hash)
        async with transaction(self._database) as connection:
            made = await connection.execute(insert_unless_there(connection, users).values(row))
            if not made.rowcount:
                raise InvalidEntry(f"identity: {identity} is a user already; change the role instead.")
            await note(connection, by, "user.add", f"user:{identity}", role=role)
        return str(row["id"])

    async def set_role(self, id: str, role: Role, by: str) -> None:
        """Counts at once, also in sessions that are open.

        Raises:
            InvalidEntry: the settings give them more, or it is the last admin.
            NotFound: there is no such user.
        """

        def changed(row: Any) -> dict[str, Any]:
            if row.granted and ROLES.index(row.granted) > ROLES.index(role):
                raise InvalidEntry(
                    f"role: the settings make {row.identity} {row.granted}; change admin.{row.granted}s there, or "
                    "disable the account."
                )
            return {"appointed": role, "role": role}

        await self._change(id, changed, by, "user.role", role=role)

    async def set_disabled(self, id: str, disabled: bool, by: str) -> None:
        """Who is disabled is signed out everywhere, and cannot sign in.

        Raises:
            InvalidEntry: it is the last admin.
            NotFound: there is no such user.
        """
        action = "user.disable" if disabled else "user.enable"
        await self._change(id, lambda _: {"disabled": disabled}, by, action, signed_out=disabled)

    async def set_password(self, id: str, password_hash: str, by: str, keep: str = "") -> None:
        """keep: the digest of the session that stays; all others of the user end.

        Raises:
            InvalidEntry: the user signs in by a provider.
            NotFound: there is no such user.
        """

        def changed(row: Any) -> dict[str, Any]:
            if not row.identity.startswith("local:"):
                raise InvalidEntry(f"password: {row.identity} signs in by a provider, and has none here.")
            return {"password_hash": password_hash}

        await self._change(id, changed, by, "user.password", signed_out=True, keep=keep)

    async def remove(self, id: str, by: str) -> None:
        """With their sessions. What they decided stays.

        Raises:
            InvalidEntry: it is the last admin.
            NotFound: there is no such user.
        """
        async with transaction(self._database) as connection:
            row = await _locked(connection, users.c.id == id)
            await connection.execute(delete(users).where(users.c.id == id))
            await _refuse_without_admin(connection, row)
            await note(connection, by, "user.remove", f"user:{row.identity}", role=row.role)

    async def end_sessions(self, id: str, by: str, keep: str = "") -> int:
        """How many ended.

        Raises:
            NotFound: there is no such user.
        """
        async with transaction(self._database) as connection:
            row = await _locked(connection, users.c.id == id)
            ended = await _sign_out(connection, id, keep)
            await note(connection, by, "user.sign_out", f"user:{row.identity}", sessions=ended)
            return ended

    async def grant(self, role_of: Callable[[str, str], Role | None]) -> int:
        """Give those who sign in by a provider what the settings say now; how many have another role, or none, than before.

        role_of: identity and e-mail address -> the role that the settings give. Who has none left is signed out.
        """
        changed = 0
        async with transaction(self._database) as connection:
            outside = users.c.identity.not_like("local:%")
            for row in (await connection.execute(select(users).where(outside))).all():
                granted = role_of(row.identity, row.email)
                if (granted or "") == row.granted:
                    continue
                role = higher(row.appointed, granted)
                changed += role != row.role
                values = {"granted": granted or "", "role": role or ROLES[0]}
                await connection.execute(update(users).where(users.c.id == row.id).values(values))
                if role is None:
                    await _sign_out(connection, row.id)
                subject = f"user:{row.identity}"
                await note(connection, ITSELF, "user.role", subject, role=role or "", by="settings")
        return changed

    async def _change(
        self,
        id: str,
        changed: Callable[[Any], dict[str, Any]],
        by: str,
        action: str,
        signed_out: bool = False,
        keep: str = "",
        **detail: Any,
    ) -> None:
        async with transaction(self._database) as connection:
            row = await _locked(connection, users.c.id == id)
            await connection.execute(update(users).where(users.c.id == id).values(changed(row)))
            await _refuse_without_admin(connection, row)
            if signed_out:
                detail["sessions"] = await _sign_out(connection, id, keep)
            await note(connection, by, action, f"user:{row.identity}", **detail)


def local_identity(name: str) -> str:
    """Raises:
    InvalidEntry: it cannot be the name of a local account.
    """
    if not _NAME.fullmatch(name):
        raise InvalidEntry(
            f"name: {name!r} cannot be one; take up to 64 small letters, digits, dots, hyphens and underscores."
        )
    return f"local:{name}"


async def _locked(connection: AsyncConnection, condition: Any, called: str = "such user") -> Any:
    """The user's row, and those of all admins, so that of two who are demoted at once one is seen to be the last."""
    await connection.execute(
        select(users.c.id).where(users.c.role == "admin").order_by(users.c.id).with_for_update()
    )
    row = (await connection.execute(select(users).where(condition))).one_or_none()
    if row is None:
        raise NotFound(f"There is no {called}; see the list of users.")
    return row


async def _refuse_without_admin(connection: AsyncConnection, before: Any) -> None:
    """Called after the change, which is undone by what this raises. SQLite has the write lock by then."""
    if before.role != "admin" or before.disabled:
        return
    left = select(users.c.id).where(users.c.role == "admin", users.c.disabled.is_(False)).limit(1)
    if await connection.scalar(left) is None:
        raise InvalidEntry(f"{before.identity} is the last admin; make somebody else admin first.")


async def _sign_out(connection: AsyncConnection, id: str, keep: str = "") -> int:
    theirs = and_(sessions.c.user_id == id, sessions.c.digest != keep)
    return (await connection.execute(delete(sessions).where(theirs))).rowcount


def _user(row: Any) -> User:
    return User(*(aware(getattr(row, name)) for name in User.__slots__))
