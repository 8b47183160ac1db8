"""Golden questions as JSONL, an object on each line: what is exported and imported. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any

from rag_core.errors import InvalidEntry
from rag_core.records.evaluation.golden import GoldenQuestion, expected_from

__all__ = ["from_json", "read_lines", "to_json"]

_TEXT = ("question", "answer", "author", "from_answer", "id")
_KNOWN = [field.name for field in fields(GoldenQuestion)]


def to_json(entry: GoldenQuestion) -> dict[str, Any]:
    """Of lists, texts and truth values; the time in ISO 8601. scopes: null for everything."""
    return {
        **asdict(entry),
        "expected": [asdict(one) for one in entry.expected],
        "scopes": None if entry.scopes is None else sorted(entry.scopes),
        "created_at": entry.created_at.isoformat() if entry.created_at else None,
    }


def from_json(values: Any) -> GoldenQuestion:
    """`question` is needed, and `expected`: an empty list says that the bot must abstain. Scopes that are left out are
    'public'.

    Raises:
        InvalidEntry: a field is missing, unknown or of another type; the message names it.
    """
    if not isinstance(values, dict):
        raise InvalidEntry('it is not an object; write {"question": "…", "expected": […]}.')
    if unknown := sorted(set(values) - set(_KNOWN)):
        raise InvalidEntry(f"{unknown[0]}: there is no such field; there are {', '.join(_KNOWN)}.")
    for name in ("question", "expected"):
        if name not in values:
            raise InvalidEntry(f"{name}: it is missing.")
    return GoldenQuestion(**{name: _field(name, value) for name, value in values.items()})


def read_lines(lines: Iterable[str]) -> list[GoldenQuestion]:
    """Empty lines are passed over.

    Raises:
        InvalidEntry: the message names the line, the field and the remedy.
    """
    read = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            read.append(from_json(json.loads(line)))
        except json.JSONDecodeError as error:
            raise InvalidEntry(f"Line {number}: it is not JSON ({error.msg}).") from None
        except InvalidEntry as error:
            raise InvalidEntry(f"Line {number}: {error}") from None
    return read


def _field(name: str, value: Any) -> Any:
    if name in _TEXT and isinstance(value, str):
        return value
    if name == "enabled" and isinstance(value, bool):
        return value
    if name == "expected" and isinstance(value, list):
        return expected_from(value)
    if name == "scopes" and value is None:
        return None
    if name == "scopes" and isinstance(value, list) and all(isinstance(one, str) for one in value):
        return frozenset(value)
    if name == "created_at":
        return _time(value)
    raise InvalidEntry(f"{name}: {json.dumps(value)[:60]} is of the wrong type.")


def _time(value: Any) -> datetime | None:
    try:
        time = None if value is None else datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise InvalidEntry("created_at: it is no time in ISO 8601; leave it out.") from None
    return time.replace(tzinfo=UTC) if time and time.tzinfo is None else time
