"""What was registered with a platform last is remembered by application."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.records.platforms.registrations import Registrations


async def test_the_last_fingerprint_of_each_application_is_kept(database: AsyncEngine) -> None:
    """'' where nothing was registered; another application has its own."""
    kept = Registrations(database)
    assert await kept.fingerprint("discord", "1") == ""
    await kept.keep("discord", "1", "a")
    await kept.keep("discord", "2", "b")
    await kept.keep("discord", "1", "c")
    assert await kept.fingerprint("discord", "1") == "c"
    assert await kept.fingerprint("discord", "2") == "b"
