"""Standard answers as JSON, an object each: what is exported, imported, and shown by commands. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, asdict, fields
from datetime import datetime
from typing import Any

from rag_core.errors import InvalidEntry
from rag_core.standard.answer import StandardAnswer
from rag_core.standard.checking import checked
from rag_core.types import Citation

__all__ = ["from_json", "read_lines", "to_json"]

_TEXT = ("answer", "match", "pattern", "platform", "author", "from_answer", "id")
_TEXTS = ("questions", "channels", "scopes")
_TIMES = ("created_at", "updated_at", "last_hit_at")
_OF_CITATIONS: dict[str, type] = {f.name: int if f.name == "number" else str for f in fields(Citation)}
_SCHEMES = ("http", "https", "file")
_NEEDED = {f.name for f in fields(Citation) if f.default is MISSING}


def to_json(answer: StandardAnswer) -> dict[str, Any]:
    """Of lists, texts, numbers and truth values; times in ISO 8601."""
    times = {name: time.isoformat() if (time := getattr(answer, name)) else None for name in _TIMES}
    lists = {"questions": list(answer.questions), "channels": list(answer.channels)}
    return {
        **asdict(answer),
        **times,
        **lists,
        "scopes": sorted(answer.scopes),
        "citations": _citations(answer),
    }


def from_json(values: Any) -> StandardAnswer:
    """`answer` is needed, the other fields of StandardAnswer may be left out.

    Raises:
        InvalidEntry: a field is unknown or of another type; the message names it.
    """
    if not isinstance(values, Mapping):
        raise InvalidEntry('a line is not an object; write {"questions": […], "answer": "…"}.')
    known = [f.name for f in fields(StandardAnswer)]
    if unknown := sorted(set(values) - set(known)):
        raise InvalidEntry(f"{unknown[0]}: there is no such field; there are {', '.join(known)}.")
    if "answer" not in values:
        raise InvalidEntry("answer: it is missing; say what is to be answered.")
    made = dict(values)
    for name in made:
        made[name] = _field(name, made[name])
    return StandardAnswer(**made)


def read_lines(lines: Iterable[str]) -> list[StandardAnswer]:
    """Of a JSONL file; empty lines are passed over. All are checked.

    Raises:
        InvalidEntry: the message names the line, the field and the remedy.
    """
    found: dict[str, int] = {}
    read = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            answer = checked(from_json(json.loads(line)))
        except json.JSONDecodeError as error:
            raise InvalidEntry(
                f"Line {number}: it is not JSON ({error.msg}); write one object on each line."
            ) from None
        except InvalidEntry as error:
            raise InvalidEntry(f"Line {number}: {error}") from None
        if answer.id and answer.id in found:
            raise InvalidEntry(
                f"Line {number}: id: {answer.id} stands on line {found[answer.id]} too; leave one out."
            )
        found[answer.id] = number
        read.append(answer)
    return read


def _citations(answer: StandardAnswer) -> list[dict[str, Any]]:
    return [asdict(citation) for citation in answer.citations]


def _field(name: str, value: Any) -> Any:
    if name in _TEXT:
        return _of(str, name, value, "text")
    if name in _TEXTS:
        texts = [
            _of(str, name, text, "a list of texts") for text in _of(list, name, value, "a list of texts")
        ]
        return frozenset(texts) if name == "scopes" else tuple(texts)
    if name in _TIMES:
        return _time(name, value)
    if name == "citations":
        return tuple(_citation(each) for each in _of(list, name, value, "a list of objects"))
    if name == "enabled":
        return _of(bool, name, value, "true or false")
    if name == "threshold":
        return float(_of((int, float), name, value, "a number"))
    hits = _of(int, name, value, "a whole number")
    if not 0 <= hits < 2**31:
        raise InvalidEntry(f"{name}: {hits} cannot be counted; give a number from 0 up.")
    return hits


def _of(kind: Any, name: str, value: Any, words: str) -> Any:
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise InvalidEntry(f"{name}: {json.dumps(value, ensure_ascii=False)[:60]} is not {words}.")
    return value


def _time(name: str, value: Any) -> datetime | None:
    if value is None:
        return None
    try:
        time = datetime.fromisoformat(_of(str, name, value, "a time"))
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise InvalidEntry(f"{name}: {value!r} is no time with a zone, such as 2026-01-31T09:30:00+00:00.")
    return time


def _citation(values: Any) -> Citation:
    values = _of(dict, "citations", values, "an object")
    if not _NEEDED <= set(values) <= set(_OF_CITATIONS):
        raise InvalidEntry(
            f"citations: one needs {', '.join(sorted(_NEEDED))}, and may have passage and place."
        )
    for name, value in values.items():
        _of(
            _OF_CITATIONS[name], f"citations: {name}", value, "a whole number" if name == "number" else "text"
        )
    scheme, mark, _ = values["location"].partition(":")
    if mark and len(scheme) > 1 and scheme.strip().lower() not in _SCHEMES:
        raise InvalidEntry(
            f"citations: location: {values['location'][:60]!r} cannot be shown; name a page by https:// or a file."
        )
    return Citation(**values)
