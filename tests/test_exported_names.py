"""Public names are listed where they live, and the lists hold."""

from __future__ import annotations

import ast
import importlib
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("adapters", "bots", "rag_core", "training")
FILES = sorted(p for name in PACKAGES for p in (ROOT / name).rglob("*.py") if "migrations" not in p.parts)


def name_of(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def imported() -> dict[str, set[str]]:
    """Of each module, what the others import from it."""
    names: dict[str, set[str]] = defaultdict(set)
    for file in FILES:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                names[node.module] |= {alias.name for alias in node.names}
    return names


def public(file: Path) -> set[str]:
    """Functions and classes at the top of the module whose names have no underscore."""
    body = ast.parse(file.read_text(encoding="utf-8")).body
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return {node.name for node in body if isinstance(node, kinds) and not node.name.startswith("_")}


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_each_listed_name_exists(file: Path) -> None:
    """`from module import *` works for every module there is, once each."""
    module = importlib.import_module(name_of(file))
    listed = getattr(module, "__all__", [])
    assert len(listed) == len(set(listed))
    assert [name for name in listed if not hasattr(module, name)] == []


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_what_others_import_is_listed(file: Path) -> None:
    """A class or function that another module imports is public."""
    module = importlib.import_module(name_of(file))
    needed = imported().get(name_of(file), set()) & public(file)
    assert needed <= set(getattr(module, "__all__", []))
