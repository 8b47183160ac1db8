"""lancedb, imported leanly."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

__all__ = ["lancedb"]


class _UnusedPackages(MetaPathFinder, Loader):
    """Keeps what lancedb imports and an embedded table never uses out of the process.

    That is pandas, and the generated client of a REST catalogue: hundreds of pydantic models that take 0.6 s of a
    start-up of 1.4 s, and 70 MB. pandas is told to be absent, which lancedb and pyarrow allow for; the client's names
    become empty classes, which lancedb only mentions in annotations.
    """

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if fullname == "pandas":
            raise ModuleNotFoundError("not needed by the embedded store", name="pandas")
        if fullname.partition(".")[0] == "lance_namespace_urllib3_client":
            return ModuleSpec(fullname, self, is_package=True)
        return None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _EmptyClasses(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        pass


class _EmptyClasses(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        value = type(name, (), {})
        setattr(self, name, value)
        return value


@contextmanager
def _lean_import() -> Iterator[None]:
    finder = _UnusedPackages()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


def lancedb() -> Any:
    """The package, imported without what it does not need here."""
    if "lancedb" not in sys.modules:
        with _lean_import():
            importlib.import_module("lancedb")
    return sys.modules["lancedb"]
