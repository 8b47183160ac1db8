"""Every setting in effect, as it may be shown: what it is, what it would be, what it means, where it comes from."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, SecretStr

from rag_core.settings import Settings
from rag_core.settings.describing import meaning
from rag_core.settings.masking import MASK, masked

__all__ = ["Group", "Shown", "effective"]

Origin = Literal["default", "file", "environment"]
_LISTS = {"sources": "name", "channels": "id"}
"""Tables of which there may be several, and what tells them apart."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One setting."""

    name: str
    """As in the settings file, below its table."""
    key: str
    """With its tables: cache.ttl."""
    value: str
    """As TOML writes it, near enough; 'unset'."""
    default: str
    """The same of what it is when nobody sets it; 'required'."""
    origin: Origin
    meaning: str
    live: bool
    """Whether a change is taken up by a running process; else at the next start."""
    secret: bool

    @property
    def changed(self) -> bool:
        return self.origin != "default"


@dataclass(frozen=True, slots=True)
class Group:
    """A table of the settings file."""

    title: str
    meaning: str
    settings: tuple[Shown, ...]


def effective(
    settings: Settings,
    live: Collection[str] = (),
    at_start: Collection[str] = (),
    variables: Mapping[str, str] | None = None,
    environment: Collection[str] | None = None,
) -> list[Group]:
    """All settings, in the order of the settings file; nothing secret is in what is returned.

    live: tables that are read again while a process runs; at_start: settings in them that are not.
    variables: environment variables by setting, for those that are not named ANSWERLOOP_TABLE__NAME.
    environment: names of the variables that are set; None: those of this process.
    """
    names = {name.upper() for name in (os.environ if environment is None else environment)}
    return list(_Reading(frozenset(live), frozenset(at_start), dict(variables or {}), names).groups(settings))


@dataclass(frozen=True, slots=True)
class _Reading:
    live: frozenset[str]
    at_start: frozenset[str]
    variables: dict[str, str]
    environment: set[str]

    def groups(self, settings: Settings) -> Iterator[Group]:
        plain = [name for name in Settings.model_fields if not _is_table(getattr(settings, name))]
        yield Group("Outside any table", "", tuple(self._shown(settings, name, "") for name in plain))
        for name in Settings.model_fields:
            if name not in plain:
                yield from self._tables(getattr(settings, name), name)

    def _tables(self, value: Any, path: str) -> Iterator[Group]:
        if isinstance(value, tuple):
            for number, each in enumerate(value, 1):
                told = getattr(each, _LISTS.get(path, ""), None)
                label = told if isinstance(told, str) else str(number)
                yield self._table(each, path, f"[[{path}]] {label}")
            return
        yield self._table(value, path, f"[{path}]")
        for name in type(value).model_fields:
            if _is_table(inner := getattr(value, name)):
                yield from self._tables(inner, f"{path}.{name}")

    def _table(self, group: BaseModel, path: str, title: str) -> Group:
        own = [name for name in type(group).model_fields if not _is_table(getattr(group, name))]
        rows = tuple(self._shown(group, name, f"{path}.") for name in own)
        said = (type(group).__doc__ or "").strip() if type(group).__doc__ != BaseModel.__doc__ else ""
        return Group(title, said, rows)

    def _shown(self, group: BaseModel, name: str, prefix: str) -> Shown:
        field, value, key = type(group).model_fields[name], getattr(group, name), prefix + name
        secret = isinstance(value, SecretStr) or "SecretStr" in str(field.annotation)
        origin = self._origin(group, name, key)
        table = key.partition(".")[0]
        return Shown(
            name=name,
            key=key,
            value=MASK if secret and value is not None else _written(masked(value, name)),
            default="required" if field.is_required() else _written(masked(field.default, name)),
            origin=origin,
            meaning=meaning(type(group), name, prefix),
            live=table in self.live and key not in self.at_start,
            secret=secret,
        )

    def _origin(self, group: BaseModel, name: str, key: str) -> Origin:
        variable = self.variables.get(key) or f"ANSWERLOOP_{key.replace('.', '__').upper()}"
        tables = [f"ANSWERLOOP_{'__'.join(key.upper().split('.')[:n])}" for n in range(1, key.count(".") + 1)]
        if variable in self.environment or self.environment.intersection(tables):
            return "environment"
        default, value = type(group).model_fields[name].default, getattr(group, name)
        if name == "kind" or value == default:
            return "default"
        untouched = isinstance(default, Path) and Path(value).name == str(default)
        return "default" if untouched else "file"  # a path is made absolute when it is read


def _is_table(value: Any) -> bool:
    """Or several of them."""
    several = isinstance(value, tuple) and bool(value) and all(isinstance(each, BaseModel) for each in value)
    return isinstance(value, BaseModel) or several


def _written(value: Any) -> str:
    return "unset" if value is None else json.dumps(value, ensure_ascii=False)
