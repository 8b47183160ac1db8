"""A row <-> a line of JSON. Pure. docs/feedback.md describes the format."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Column, DateTime, Float, Integer, Table

from rag_core.errors import InvalidEntry
from rag_core.records.reviews.reviews import RESOLUTIONS
from rag_core.records.reviews.routes import is_route
from rag_core.records.tables import (
    answers,
    escalations,
    golden_questions,
    judged_passages,
    reviews,
    vote_flags,
    votes,
)
from rag_core.types import Citation

__all__ = ["IDENTITIES", "KINDS", "USERS", "VERSION", "columns_of", "line_of", "row_of"]

VERSION = 1
KINDS: Mapping[str, Table] = {
    "answer": answers,
    "vote": votes,
    "review": reviews,
    "passage": judged_passages,
    "escalation": escalations,
    "flag": vote_flags,
    "golden": golden_questions,
}
"""By what "kind" says; what hangs on others stands behind them."""
USERS = ("user_id", "resolved_by", "replied_by")
"""Columns that hold the id of a person on the row's platform."""
IDENTITIES = ("proposed_by", "reviewer", "assignee", "author", "decided_by")
"""Columns that hold PLATFORM:USER."""
ABOUT = "about"
"""What a line calls the column `kind` of its table: "kind" says which table it is."""
_DERIVED = {"day"}
"""Made from other columns when a row is inserted."""
_SINCE: Mapping[str, str] = {"review.route": ""}
"""Columns that files of before their time lack, and what such a file says by that."""
_CITATION = {field.name for field in fields(Citation)}


def columns_of(table: Table) -> list[Column[Any]]:
    """What a line has of it, in this order."""
    return [column for column in table.c if column.name not in _DERIVED]


def line_of(kind: str, row: Mapping[str, Any]) -> str:
    """With its newline. The same row gives the same bytes."""
    values = {ABOUT if name == "kind" else name: _plain(value) for name, value in row.items()}
    made = {"kind": kind, "version": VERSION, **values}
    return json.dumps(made, ensure_ascii=False, separators=(",", ":"), allow_nan=False) + "\n"


def row_of(line: str) -> tuple[str, dict[str, Any]]:
    """Its kind, and what its table is to hold.

    Raises:
        InvalidEntry: the line is none; the message names the field.
    """
    try:
        values = json.loads(line, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise InvalidEntry("this is not JSON.") from None
    if not isinstance(values, dict):
        raise InvalidEntry("this is not a JSON object.")
    kind, version = values.pop("kind", None), values.pop("version", None)
    if not isinstance(kind, str) or kind not in KINDS:
        raise InvalidEntry(f"kind: there is no {str(kind)[:40]!r}; there are {', '.join(KINDS)}.")
    if version != VERSION or isinstance(version, bool):
        raise InvalidEntry(f"version: {str(version)[:40]!r} is not known here; this reads {VERSION}.")
    columns = {column.name: column for column in columns_of(KINDS[kind])}
    if "kind" in columns and ABOUT in values:
        values["kind"] = values.pop(ABOUT)
    if unknown := sorted(set(values) - set(columns)):
        raise InvalidEntry(f"{unknown[0][:40]}: {kind} has no such field.")
    return kind, {name: _checked(kind, column, values) for name, column in columns.items()}


def _plain(value: Any) -> Any:
    if not isinstance(value, datetime):
        return value
    time = value if value.tzinfo else value.replace(tzinfo=UTC)
    return time.astimezone(UTC).isoformat(timespec="microseconds")


def _no_number(name: str) -> Any:
    raise ValueError(name)


def _checked(kind: str, column: Column[Any], values: Mapping[str, Any]) -> Any:
    name = column.name
    if name not in values:
        if column.nullable or f"{kind}.{name}" in _SINCE:
            return _SINCE.get(f"{kind}.{name}")
        raise InvalidEntry(f"{name}: {kind} needs it.")
    value = values[name]
    if value is None:
        if column.nullable:
            return None
        raise InvalidEntry(f"{name}: it cannot be null.")
    made = _typed(name, column, value)
    check = _CHECKS.get(f"{kind}.{name}") or _CHECKS.get(name)
    if check and not check(made):
        raise InvalidEntry(f"{name}: this is not what it holds.")
    return made


def _typed(name: str, column: Column[Any], value: Any) -> Any:
    type_: Any = getattr(column.type, "impl", column.type)
    if isinstance(type_, JSON):
        return value
    if isinstance(type_, DateTime):
        return _time(name, value)
    kinds: tuple[type, ...] = (str,)
    if isinstance(type_, Boolean):
        kinds = (bool,)
    elif isinstance(type_, Integer):
        kinds = (int,)
    elif isinstance(type_, Float):
        kinds = (int, float)
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        raise InvalidEntry(f"{name}: expected {' or '.join(kind.__name__ for kind in kinds)}.")
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**31:
        raise InvalidEntry(f"{name}: the number is too large.")
    length = getattr(type_, "length", None)
    if length is not None and isinstance(value, str) and len(value) > length:
        raise InvalidEntry(f"{name}: it is longer than {length} characters.")
    return value * 1.0 if kinds == (int, float) and isinstance(value, int) else value


def _time(name: str, value: Any) -> datetime:
    try:
        time = datetime.fromisoformat(value) if isinstance(value, str) else None
        if time is not None and time.tzinfo is not None:
            return time.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise InvalidEntry(f"{name}: expected a time with a zone, such as 2026-11-23T10:00:00+00:00.")


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _is_citations(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_citation, value))


def _is_citation(value: Any) -> bool:
    if not isinstance(value, dict) or not set(value) <= _CITATION or not {"number", "title"} <= set(value):
        return False
    if not {"location", "quote"} <= set(value) or type(value["number"]) is not int:
        return False
    return all(isinstance(one, str) for name, one in value.items() if name != "number")


def _is_passages(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(one, dict) and isinstance(one.get("passage"), str) for one in value
    )


def _is_timings(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(ms, int | float) and not isinstance(ms, bool) and math.isfinite(ms)
        for ms in value.values()
    )


def _is_expected(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(one, dict) and all(isinstance(text, str) for text in one.values()) for one in value
    )


def _one_of(*allowed: object) -> Callable[[Any], bool]:
    return lambda value: value in allowed


_CHECKS: dict[str, Callable[[Any], bool]] = {
    "citations": _is_citations,
    "nearest": _is_citations,
    "passages": _is_passages,
    "timings_ms": _is_timings,
    "scopes": _is_texts,
    "notices": _is_texts,
    "expected": _is_expected,
    "vote.value": _one_of(-1, 1),
    "excluded": _one_of("", "own", "cap", "flag"),
    "review.state": _one_of("pending", "resolved"),
    "review.route": lambda value: not value or is_route(value),
    "resolution": _one_of("", *RESOLUTIONS),
    "escalation.state": _one_of("open", "resolved"),
    "flag.state": _one_of("open", "dismissed", "upheld"),
    "flag.kind": _one_of("burst", "document"),
}
