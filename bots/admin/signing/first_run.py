"""The first admin of an installation."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncEngine

from bots.admin.signing.passwords import Passwords, generated
from rag_core.records.accounts import Accounts

__all__ = ["first_admin"]


async def first_admin(database: AsyncEngine) -> str | None:
    """The password of a new account `admin`, which is told nowhere else; None: there is an admin already, or another
    process made it at the same moment."""
    accounts = Accounts(database)
    if await accounts.has_admin():
        return None
    password = generated()
    hashed = await Passwords().hash(password)
    return password if await accounts.add_first("local:admin", "Admin", hashed) else None
