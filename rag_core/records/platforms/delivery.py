"""One delivery of a chat platform, as its handler gets it and as it is stored."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.engine import Row

__all__ = ["Delivery", "Taken", "as_accepted", "as_taken", "fitting", "stored_key", "utc"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a platform sent, on its way to a handler."""

    platform: str
    key: str
    """What the platform delivers once has one key."""
    kind: str
    lane: str
    payload: Mapping[str, Any]
    received_at: datetime
    """UTC"""
    attempt: int
    """From 1."""
    progress: Mapping[str, Any]
    """What an earlier attempt noted."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A delivery that this owner holds."""

    number: int
    """Order of acceptance."""
    delivery: Delivery
    begun: bool
    """Whether the database knows that this attempt begins."""
    behind: bool
    """Whether something before it in its lane may be held by another process."""


def as_accepted(number: int, row: Mapping[str, Any], others: Mapping[tuple[str, str], int]) -> Taken:
    delivery = Delivery(
        row["platform"],
        row["key"],
        row["kind"],
        row["lane"],
        json.loads(row["payload"]),
        row["received_at"],
        1,
        {},
    )
    ahead = others.get((delivery.platform, delivery.lane), number)
    return Taken(number, delivery, begun=bool(row["attempts"]), behind=ahead < number)


def as_taken(row: Row[Any]) -> Taken:
    delivery = Delivery(
        row.platform,
        row.key,
        row.kind,
        row.lane,
        json.loads(row.payload),
        utc(row.received_at),
        row.attempts + 1,
        json.loads(row.progress),
    )
    return Taken(row.number, delivery, begun=False, behind=True)


def stored_key(platform: str, key: str) -> tuple[str, str]:
    """Platform and key of a delivery, as they stand in Delivery."""
    return fitting(platform, 32), fitting(key, 200)


def fitting(text: str, length: int) -> str:
    """As it is stored; what would be too long or unstorable ends in a hash of the whole, so that it stays unique."""
    storable = text.isprintable() or not any(c == "\0" or "\ud800" <= c <= "\udfff" for c in text)
    if storable and len(text) <= length:
        return text
    clean = text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"{clean[: length - 17]}:{digest}"


def utc(time: datetime) -> datetime:
    """SQLite keeps no zone; what is stored is UTC."""
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time
