"""Whether a question waited too long to be answered without asking whether it still matters."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from rag_core.settings import duration_s

__all__ = ["minutes_late"]

_DELIVERED_WITHIN = timedelta(days=1)
"""Platforms deliver within a day: a message that seems older was stamped by another clock."""


def minutes_late(received: datetime, sent: datetime | None, useful_for: str) -> int | None:
    """How long ago it was sent, where that is longer than useful_for; None: it is not. received: by our own clock. sent: by
    the platform's; None: it does not say."""
    now = datetime.now(UTC)
    age = now - received
    if sent is not None and now - sent < _DELIVERED_WITHIN:
        age = max(age, now - sent)
    seconds = age.total_seconds()
    return max(1, round(seconds / 60)) if seconds > duration_s(useful_for) else None
