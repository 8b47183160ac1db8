"""Times as databases give them back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

__all__ = ["aware"]


def aware(value: Any) -> Any:
    """SQLite keeps no time zone; all times are UTC. What is no time stays as it is."""
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value
