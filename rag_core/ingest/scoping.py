"""A source's scope was changed -> the passages stored of it, before anything is read or embedded again.

The register says under which scope each document was written: it stands in the mark before its fingerprint and at the
beginning of its digest. As in sync.py the register forgets a document before the index is written and learns after, so
that after a crash, or a scope that was changed back meanwhile, no passage is taken for one of a scope that it has not.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from rag_core.index.stores import Row, VectorStore
from rag_core.records.index.documents import Documents, Known

__all__ = ["Scoping", "digest_of", "mark_of"]

WRITE_AT = 4_000
"""Passages written with one step."""
_WIDTH = 8
"""Characters that stand for a scope."""


def mark_of(version: str, spec: Mapping[str, Any]) -> str:
    """Goes before every fingerprint kept: of what, besides the document, decides over its passages.

    version: of the way passages are made. spec: the source's settings.
    """
    others = {name: value for name, value in spec.items() if name != "scope"}
    made_from = json.dumps([version, others], sort_keys=True, default=str)
    return f"{_hashed(made_from)[:12]}.{_scope_mark(spec.get('scope'))}:"


def digest_of(scope: str, parts: Sequence[str]) -> str:
    """Of all that a document's passages are made from; 64 characters."""
    return _scope_mark(scope) + _hashed("\0".join(parts))[_WIDTH:]


class Scoping:
    def __init__(self, documents: Documents, store: VectorStore) -> None:
        self._documents = documents
        self._store = store

    async def apply(self, source: str, scope: str) -> int:
        """Give every passage of the source this scope; returns how many had another.

        Costs nothing when the register knows of none; else every passage of the index is read once, and those of the
        source are written with the vectors they have.
        """
        known = await self._documents.of(source)
        mark = _scope_mark(scope)
        stale = {
            f"{source}/{key}": k for key, k in known.items() if k.passages and not k.digest.startswith(mark)
        }
        changed = 0
        missed = set(stale)
        while missed:
            written, seen = await self._pass(source, scope, stale)
            changed += written
            missed -= seen
            if not written:
                break  # the others have no passage: they were on their way when a sync was stopped
        if changed:
            await self._store.optimize()
        return changed

    async def _pass(self, source: str, scope: str, stale: Mapping[str, Known]) -> tuple[int, set[str]]:
        """Once over the index: how many passages were written, and which documents were there."""
        written, seen = 0, set[str]()
        rows: list[Row] = []
        async for page in self._store.scan():
            rows += [row for row in page.rows if row.passage.document in stale]
            if len(rows) >= WRITE_AT:
                written += await self._write(source, scope, rows, stale)
                seen |= {row.passage.document for row in rows}
                rows = []
        written += await self._write(source, scope, rows, stale)
        return written, seen | {row.passage.document for row in rows}

    async def _write(self, source: str, scope: str, rows: Sequence[Row], stale: Mapping[str, Known]) -> int:
        other = {row.passage.document for row in rows if row.passage.scope != scope}
        changing = [row for row in rows if row.passage.document in other]
        if changing:
            await self._documents.unsettle(
                source, [name.removeprefix(f"{source}/") for name in sorted(other)]
            )
            await self._store.replace(
                sorted(other), [replace(row, passage=replace(row.passage, scope=scope)) for row in changing]
            )
        await self._learn(source, scope, {row.passage.document: stale[row.passage.document] for row in rows})
        return len(changing)

    async def _learn(self, source: str, scope: str, written: Mapping[str, Known]) -> None:
        """What these documents were made from, now under this scope. Of those on their way nothing was known."""
        settled = {
            name.removeprefix(f"{source}/"): (
                _with_scope(known.fingerprint, scope),
                _scope_mark(scope) + known.digest[_WIDTH:],
            )
            for name, known in written.items()
            if known.digest and "." in known.fingerprint.partition(":")[0]
        }
        await self._documents.settle(source, settled)


def _with_scope(fingerprint: str, scope: str) -> str:
    mark, _, rest = fingerprint.partition(":")
    return f"{mark.partition('.')[0]}.{_scope_mark(scope)}:{rest}"


def _scope_mark(scope: object) -> str:
    return _hashed(str(scope))[:_WIDTH]


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
