"""Writes the tables of docs/configuration.md from rag_core/settings/, which is where each setting is explained.

    python docs/reference.py

tests/test_docs.py holds the page to what this writes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from rag_core import settings
from rag_core.settings import FolderSource, GitSource, ReaderSource, Settings, WebSource
from rag_core.settings.describing import OTHERWISE, meanings

PAGE = Path(__file__).with_name("configuration.md")
BEGIN, END = "<!-- settings: written by docs/reference.py -->\n", "<!-- end of settings -->\n"

SOURCES: tuple[type[BaseModel], ...] = (FolderSource, WebSource, GitSource, ReaderSource)
COMMON = ("name", "scope", "every", "kind")
HEAD = "| Setting | Type | Default | Meaning |\n| --- | --- | --- | --- |\n"
PLAIN = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    Path: "path",
    SecretStr: "text",
    dict: "table",
}
DURATIONS = {"every", "ttl", "useful_for", "remind_after", "session", "idle", "burst_within"}
DURATIONS |= {"answers", "reviews", "deliveries", "audit"}  # of [retention]
DURATIONS |= {"budget", "within"}  # of [training]
BOUNDS = {"ge": "at least {}", "gt": "above {}", "le": "at most {}"}


def page() -> str:
    """The page as it should be."""
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    return before + BEGIN + "\n" + tables() + END + rest.split(END)[1]


def tables() -> str:
    """All settings, a section for each table of the settings file."""
    return "".join(f"### {title}\n\n{HEAD}{''.join(rows)}\n" for title, rows in _sections())


def _sections() -> Iterator[tuple[str, list[str]]]:
    yield "Outside any table", _rows(Settings, "", ("home", "log_level", "language"))
    yield "`[[sources]]`, of every kind", _rows(FolderSource, "sources.", COMMON)
    for source in SOURCES:
        kind = source.model_fields["kind"].default
        own = tuple(name for name in source.model_fields if name not in COMMON)
        yield f'`[[sources]]` of `kind = "{kind}"`', _rows(source, "sources.", own)
    for name, field in Settings.model_fields.items():
        if name not in ("home", "log_level", "language", "sources", "access", "channels"):
            yield from _group(field.annotation, name)
    yield "`[access]`", _rows(settings.Access, "access.", ("groups",))
    yield "`[[access.rules]]`", _rows(settings.AccessRule, "access.rules.")
    yield "`[[channels]]`", _rows(settings.ChannelSettings, "channels.")


def _group(group: Any, name: str) -> Iterator[tuple[str, list[str]]]:
    """The section of a table, and those of the tables within it."""
    within = {
        key: field.annotation for key, field in group.model_fields.items() if _is_group(field.annotation)
    }
    own = tuple(key for key in group.model_fields if key not in within)
    yield f"`[{name}]`", _rows(group, f"{name}.", own)
    for key, kind in within.items():
        yield from _group(kind, f"{name}.{key}")


def _is_group(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _rows(group: Any, prefix: str, only: tuple[str, ...] = ()) -> list[str]:
    said = meanings(group)
    rows = []
    for name in only or group.model_fields:
        field = group.model_fields[name]
        meaning = said.get(name) or OTHERWISE[prefix + name]
        cells = (f"`{prefix}{name}`", _type(name, field), _default(name, field), meaning)
        rows.append("| " + " | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in cells) + " |\n")
    return rows


def _type(name: str, field: FieldInfo) -> str:
    if name == "kind":
        return "text"
    if name in DURATIONS:
        return "duration"
    words = _words(field.annotation)
    limits = [
        text.format(getattr(limit, attribute))
        for limit in field.metadata
        for attribute, text in BOUNDS.items()
        if hasattr(limit, attribute)
    ]
    return ", ".join([words, *limits])


def _words(kind: Any) -> str:
    if get_origin(kind) is Annotated:
        return _words(get_args(kind)[0])
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(f"`{json.dumps(value)}`" for value in get_args(kind))
    if get_origin(kind) in (Union, UnionType):
        return _words(next(part for part in get_args(kind) if part is not NoneType))
    if get_origin(kind) is tuple:
        return f"list of {_words(get_args(kind)[0])}"
    return PLAIN[get_origin(kind) or kind]


def _default(name: str, field: FieldInfo) -> str:
    if field.is_required() or name == "kind":
        return "required"
    if field.default is None:
        return "unset"
    value = str(field.default) if isinstance(field.default, Path) else field.default
    return f"`{re.sub(r'^{}$', '{ }', json.dumps(value))}`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
