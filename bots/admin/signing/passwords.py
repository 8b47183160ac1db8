"""Passwords of local accounts: argon2id, with the parameters that argon2-cffi recommends."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from rag_core.errors import Busy, InvalidEntry

__all__ = ["LONGEST", "SHORTEST", "Passwords", "checked", "generated"]

T = TypeVar("T")
SHORTEST, LONGEST = 12, 1024
"""Of passwords that people choose."""
AT_ONCE = 2
"""Each takes tens of milliseconds and 64 MiB: as many as sign in at once must not eat the machine."""
WAITING = 20
"""That many more wait; others are told to come back."""


def generated() -> str:
    """A password of 120 bits."""
    return secrets.token_urlsafe(15)


def checked(password: str) -> str:
    """The password.

    Raises:
        InvalidEntry: it is too short or too long.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise InvalidEntry(f"password: it must have {SHORTEST} characters or more, up to {LONGEST:,}.")
    return password


class Passwords:
    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="passwords")
        self._under_way = 0
        self._nobodys = ""

    async def hash(self, password: str) -> str:
        """Raises:
        Busy: too many people sign in at this moment.
        """
        return await self._within(lambda: self._hasher.hash(_bytes(password)))

    async def verify(self, kept: str, password: str) -> bool:
        """Whether it is the password of that hash. '': of nobody, which takes as long.

        Raises:
            Busy: too many people sign in at this moment.
        """

        def verified() -> bool:
            nobodys = self._of_nobody()
            return self._verified(kept or nobodys, password) and bool(kept)

        return await self._within(verified)

    def is_weak(self, kept: str) -> bool:
        """Whether the hash was made with other parameters than are recommended now."""
        return self._hasher.check_needs_rehash(kept)

    def _verified(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, _bytes(password))
        except (VerificationError, InvalidHashError):
            return False

    def _of_nobody(self) -> str:
        self._nobodys = self._nobodys or self._hasher.hash(secrets.token_bytes(32))
        return self._nobodys

    async def _within(self, work: Callable[[], T]) -> T:
        """In one of few threads."""
        if self._under_way >= AT_ONCE + WAITING:
            raise Busy("Too many people sign in at this moment; try again in a few seconds.")
        self._under_way += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._under_way -= 1


def _bytes(password: str) -> bytes:
    return password[: LONGEST + 1].encode("utf-8", "surrogatepass")
