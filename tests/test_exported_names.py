"""Public names are listed where they live, and the lists hold."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted(p for package in ("adapters", "bots", "rag_core", "training") for p in (ROOT / package).rglob("*.py"))
MODULES = [f for f in FILES if f.name != "__init__.py" and "migrations" not in f.parts]


def name_of(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def public(file: Path) -> set[str]:
    """Functions and classes at the top of the module whose names have no underscore."""
    body = ast.parse(file.read_text(encoding="utf-8")).body
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return {node.name for node in body if isinstance(node, kinds) and not node.name.startswith("_")}


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_each_listed_name_exists(file: Path) -> None:
    """`from module import *` works for every module there is, once each."""
    if "migrations" in file.parts:
        pytest.skip("run by alembic, never imported")
    module = importlib.import_module(name_of(file))
    listed = getattr(module, "__all__", [])
    assert len(listed) == len(set(listed))
    assert [name for name in listed if not hasattr(module, name)] == []


@pytest.mark.parametrize("file", MODULES, ids=name_of)
def test_what_others_import_is_listed(file: Path) -> None:
    """A name that another package imports is public; a module without a list is a script, used by nobody."""
    module, needed = name_of(file), set()
    for other in FILES:
        for node in ast.walk(ast.parse(other.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == module and other != file:
                needed |= {alias.name for alias in node.names}
    listed = set(getattr(importlib.import_module(module), "__all__", []))
    assert needed & public(file) <= listed
