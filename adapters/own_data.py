"""What is kept of a person, as they are shown it in a chat: counted, and as a file. The same on all platforms."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

__all__ = ["FILE", "as_file", "forgotten_counts", "kept_counts"]

FILE = "answerloop.json"
_KEPT = {
    "questions": ("questions",),
    "votes": ("votes",),
    "escalations": ("escalations",),
    "reviews": ("reviews_proposed", "reviews_decided"),
}
_FORGOTTEN = {
    "questions": ("questions",),
    "votes": ("votes", "votes_on_answers"),
    "escalations": ("escalations",),
    "reviews": ("reviews", "reviews_pending"),
}
"""What is told, and of what it is the sum."""


def as_file(kept: Mapping[str, Any]) -> bytes:
    """JSON. kept: of People.export."""
    return json.dumps(kept, ensure_ascii=False, indent=2).encode("utf-8", "replace")


def kept_counts(kept: Mapping[str, Any]) -> dict[str, int]:
    """The values of the message data-kept. kept: of People.export."""
    return {name: sum(len(kept.get(one) or ()) for one in ones) for name, ones in _KEPT.items()}


def forgotten_counts(removed: Mapping[str, int]) -> dict[str, int]:
    """The values of the message data-forgotten. removed: of People.forget."""
    return {name: sum(removed.get(one, 0) for one in ones) for name, ones in _FORGOTTEN.items()}
