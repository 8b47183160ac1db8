"""Signing in by name and password."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from bots.admin.signing.passwords import Passwords
from rag_core.records.accounts import Accounts, Throttling, User

__all__ = ["Local", "Refused"]

WRONG = "The name or the password is not right."


@dataclass(frozen=True, slots=True)
class Refused:
    sentence: str
    wait_s: int = 0
    """Until another attempt is looked at."""


class Local:
    def __init__(self, database: AsyncEngine, passwords: Passwords) -> None:
        self._accounts, self._throttling = Accounts(database), Throttling(database)
        self._passwords = passwords

    async def sign_in(self, name: str, password: str, address: str) -> User | Refused:
        """Neither the sentence nor the time tells whether there is such a name.

        Raises:
            Busy: too many people sign in at this moment.
            Unavailable: the database does not work now.
        """
        name = name.strip().lower()[:200]
        if wait_s := await self._throttling.begin(name, address):
            return Refused(f"There were too many attempts. Try again in {_in_words(wait_s)}.", wait_s)
        found = await self._accounts.credentials(name)
        kept = found[1] if found else ""
        if not await self._passwords.verify(kept, password) or not found:
            return Refused(WRONG)
        await self._throttling.succeed(name, address)
        if self._passwords.is_weak(kept):
            await self._accounts.rehash(found[0], kept, await self._passwords.hash(password))
        return found[0]

    async def knows(self, user: User, password: str, address: str) -> bool | Refused:
        """Whether it is that user's password, asked again; with the same patience."""
        answer = await self.sign_in(user.identity.partition(":")[2], password, address)
        if isinstance(answer, Refused):
            return answer if answer.wait_s else False
        return True


def _in_words(seconds: int) -> str:
    return f"{seconds} s" if seconds < 120 else f"{-(-seconds // 60)} minutes"
