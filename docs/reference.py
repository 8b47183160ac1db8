"""Writes the tables of docs/configuration.md from rag_core/settings/, which is where each setting is explained.

    python docs/reference.py

tests/test_docs.py holds the page to what this writes.
"""

from __future__ import annotations

import ast
import inspect
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
BOUNDS = {"ge": "at least {}", "gt": "above {}", "le": "at most {}"}
OTHERWISE = {
    "log_level": "What `answerloop serve` logs, on standard error.",
    "sources.kind": 'What the source is: `"folder"`, `"web"`, `"git"` or `"reader"`. Decides which further settings it has.',
    "sources.hidden": "Whether hidden files and folders are read as well.",
    "sources.include": "Globs below the subfolder, as in .gitignore.",
    "sources.ignore": "Globs left out.",
    "sources.branch": "Branch or tag. Unset: the repository's default branch.",
    "sources.subfolder": "Read this folder of the repository only. Empty: all of it.",
    "sources.allow_private": "Whether loopback, private and link-local addresses may be reached.",
    "answers.max_sentences": "The most sentences, list items or table rows that an answer is made of.",
    "generator.temperature": "Of the model: 0 gives the same answer to the same question.",
    "web.host": "Address that the chat page listens on.",
}
"""Meanings of the settings that have no sentence in rag_core/settings/."""


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
            yield f"`[{name}]`", _rows(field.annotation, f"{name}.")
    yield "`[access]`", _rows(settings.Access, "access.", ("groups",))
    yield "`[[access.rules]]`", _rows(settings.AccessRule, "access.rules.")
    yield "`[[channels]]`", _rows(settings.ChannelSettings, "channels.")


def _rows(group: Any, prefix: str, only: tuple[str, ...] = ()) -> list[str]:
    said = _meanings(group)
    rows = []
    for name in only or group.model_fields:
        field = group.model_fields[name]
        meaning = said.get(name) or OTHERWISE[prefix + name]
        cells = (f"`{prefix}{name}`", _type(name, field), _default(name, field), meaning)
        rows.append("| " + " | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in cells) + " |\n")
    return rows


def _meanings(group: Any) -> dict[str, str]:
    """The sentence below each field, of the class and of those it extends."""
    said: dict[str, str] = {}
    for base in reversed(group.__mro__):
        if base.__module__.startswith(settings.__name__):
            (tree,) = ast.parse(inspect.getsource(base)).body
            assert isinstance(tree, ast.ClassDef)
            for field, text in zip(tree.body, tree.body[1:], strict=False):
                if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr):
                    assert isinstance(field.target, ast.Name)
                    said[field.target.id] = str(ast.literal_eval(text.value))
    return said


def _type(name: str, field: FieldInfo) -> str:
    if name == "kind":
        return "text"
    if name in ("every", "ttl", "useful_for", "remind_after"):
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
