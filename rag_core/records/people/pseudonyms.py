"""Names for people that tell nobody who they are, and are the same each time: keyed hashes (HMAC-SHA256)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.records.database import transaction
from rag_core.records.inserting import insert_unless_there
from rag_core.records.tables import signing_keys

__all__ = ["Pseudonyms"]

_KEY = "people"


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """By the key of an installation, which is in its database and nowhere else."""

    key: str

    @classmethod
    async def of(cls, database: AsyncEngine) -> Pseudonyms:
        """The key is made when it is first asked for."""
        query = select(signing_keys.c.key).where(signing_keys.c.name == _KEY)
        async with transaction(database) as connection:
            new = {"name": _KEY, "key": secrets.token_hex(32)}
            if (known := await connection.scalar(query)) is None:
                await connection.execute(insert_unless_there(connection, signing_keys).values(new))
                known = await connection.scalar(query)
        return cls(str(known))

    def name(self, platform: str, user: str) -> str:
        """16 hexadecimal digits behind a letter; '' of nobody."""
        if not user:
            return ""
        said = f"{platform}:{user}".encode("utf-8", "replace")
        return "p" + hmac.new(self.key.encode(), said, hashlib.sha256).hexdigest()[:16]
