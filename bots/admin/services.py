"""What the admin pages are put together from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from rag_core.running.active import ActiveRelease
from rag_core.settings import Settings

__all__ = ["Services"]


@dataclass(frozen=True, slots=True)
class Services:
    settings: Callable[[], Settings]
    """Those in force now."""
    database: AsyncEngine
    assistant: ActiveRelease
    """The release that answers now; `async with assistant.core() as core` gives its index and models."""
    train: Sequence[str] = ()
    """The command that trains (bots/scheduler.py); (): nothing is trained from here."""
