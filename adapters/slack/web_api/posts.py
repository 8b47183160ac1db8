"""What marks our posts, so that one that may have arrived is found again instead of posted twice."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

__all__ = ["METADATA", "Sought", "metadata_of"]

METADATA = "answerloop_posting"
"""event_type of the metadata."""


class Sought:
    """Posts of a delivery that may exist."""

    def __init__(self, delivery: str, message: Mapping[str, Any], since: str) -> None:
        self._delivery = delivery
        thread = message.get("thread_ts")
        self.method = "conversations.replies" if thread else "conversations.history"
        self.where: dict[str, Any] = {
            "channel": message.get("channel"),
            "ts": thread,
            "oldest": since or f"{time.time() - 900:.6f}",
            "inclusive": True,
            "include_all_metadata": True,
            "limit": 200,
        }

    def part(self, message: Mapping[str, Any], bot_user: str) -> int | None:
        """Which part of the delivery the message is; None: of another."""
        metadata = message.get("metadata") or {}
        if metadata.get("event_type") == METADATA:
            payload = metadata.get("event_payload") or {}
            part = payload.get("part")
            return part if payload.get("delivery") == self._delivery and isinstance(part, int) else None
        streaming = message.get("streaming_state") == "in_progress"
        return 0 if streaming and bot_user and message.get("user") == bot_user else None


def metadata_of(delivery: str, part: int) -> dict[str, Any]:
    """What a message carries to be found again."""
    return {"event_type": METADATA, "event_payload": {"delivery": delivery, "part": part}}
