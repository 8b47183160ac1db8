"""The databases of the records' tests: what is reviewed is read from both kinds."""

from __future__ import annotations

from tests.rag_core.records.conftest import address, database

__all__ = ["address", "database"]
