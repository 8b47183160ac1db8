"""A table of the settings file, and what several tables have."""

from __future__ import annotations

import re

from pydantic import BaseModel, ConfigDict

__all__ = ["Group", "duration_s"]

_DURATION = re.compile(r"(\d+)\s*([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


class Group(BaseModel):
    """A table of the settings file."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def duration_s(text: str) -> int:
    """'90s', '15m', '1h', '1d', '2w' -> seconds.

    Raises:
        ValueError: the text is none of these.
    """
    match = _DURATION.fullmatch(text.strip())
    if not match or int(match[1]) == 0:
        raise ValueError("expected a duration such as '15m', '1h' or '1d'")
    return int(match[1]) * _SECONDS[match[2]]
