"""Every address of the admin pages, with values that nobody's browser sends.

    for request in hostile(app, known): answer = await browser.send(request)

The addresses are read from the application's own schema, so that a new one is tried without being named here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI

__all__ = ["ODD", "ODDEST", "Asked", "hostile", "operations"]

ODD = (
    "",
    " ",
    "\x00",
    "a\x00b",
    "0",
    "-1",
    "1",
    str(2**31),
    str(2**63),
    str(10**40),
    "1e999",
    "nan",
    "-inf",
    "null",
    "true",
    "0000-00-00",
    "0001-01-01",
    "9999-12-31",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    "nan_0001-01-01T00:00:00+23:59_x",
    "inf_9999-12-31T23:59:59-23:59_x",
    "1.0_2026-01-01_\x00",
    "x" * 300,
    "x" * 30_000,
    "%00",
    "%s%n{0}{{7*7}}",
    "' OR 1=1 --",
    "../../etc/passwd",
    "\u202e\u0000\uffff",
    "a\r\nset-cookie: x=1",
    "slack:\x00",
    "approve:\x00",
    "*+?(((",
)
"""Texts, numbers, days and cursors at the edge of what can be kept, or beyond it."""
ODDEST = ("a\x00b", "1" * 40, "9999-12-31T23:59:59-23:59", "nan_0001-01-01T00:00:00+23:59_x", "x" * 30_000)
"""Those that are tried every time."""


@dataclass(frozen=True, slots=True)
class Asked:
    method: str
    path: str
    """With the names of its parameters in braces."""
    names: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Parameters of the path and of the query, each with its schema, by 'path' or 'query' and the name."""
    fields: Mapping[str, Any] = field(default_factory=dict)
    """Of the form."""


def operations(app: FastAPI) -> list[Asked]:
    schema = app.openapi()
    found = []
    for path, methods in schema["paths"].items():
        for method, told in methods.items():
            names: dict[str, dict[str, Any]] = {"path": {}, "query": {}}
            for one in told.get("parameters", ()):
                if one["in"] in names:
                    names[one["in"]][one["name"]] = one["schema"]
            found.append(Asked(method.upper(), path, names, _fields(schema, told)))
    return found


def _fields(schema: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    content = told.get("requestBody", {}).get("content", {})
    for form in content.values():
        of = form["schema"]
        if "$ref" in of:
            of = schema["components"]["schemas"][of["$ref"].rsplit("/", 1)[1]]
        return dict(of.get("properties", {}))
    return {}


def hostile(
    asked: Asked, known: Mapping[str, Sequence[str]], odd: Sequence[str] = ODD
) -> Iterator[tuple[str, str, list[tuple[str, str]]]]:
    """Method, address and form: one parameter at a time is odd, the others as they should be.

    known: values that exist, by the path (its beginning) that they are put into.
    """
    good = next((ids for start, ids in known.items() if asked.path.startswith(start)), ("nothing",))
    places = [("path", name) for name in asked.names["path"]]
    places += [("query", name) for name in asked.names["query"]]
    places += [("form", name) for name in asked.fields]
    for place, name in places or [("", "")]:
        for value in odd if place else ("",):
            for id in good[:1] if place == "path" else good:
                yield _request(asked, id, place, name, value)


def _request(
    asked: Asked, id: str, place: str, name: str, value: str
) -> tuple[str, str, list[tuple[str, str]]]:
    def filled(found: re.Match[str]) -> str:
        wanted = value if (place, found[1]) == ("path", name) else id
        return quote(wanted, safe="", errors="surrogatepass")

    address = re.sub(r"\{(\w+)(?::\w+)?\}", filled, asked.path)
    if place == "query":
        address += f"?{quote(name)}={quote(value, safe='', errors='surrogatepass')}"
    form = []
    if asked.method != "GET":
        form = [
            (one, value if (place, one) == ("form", name) else _usual(of)) for one, of in asked.fields.items()
        ]
    return asked.method, address, form


def _usual(of: Mapping[str, Any]) -> str:
    """A value that the schema lets through."""
    if "default" in of and of["default"] not in (None, ""):
        return str(of["default"])
    if "enum" in of:
        return str(of["enum"][0])
    if of.get("type") in ("integer", "number"):
        return str(of.get("minimum", 1))
    return ""
