"""The embedded store: LanceDB in a folder of the home directory, nothing to run beside the bot.

Below INDEX_FROM passages vectors are compared one by one, exactly; above, through an IVF_FLAT index. Keyword search is
LanceDB's own BM25 over header and text. Other processes' writes are seen by the next search.
"""

from __future__ import annotations

import asyncio
import functools
import importlib
import json
import sys
import time
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any, ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray

from rag_core.errors import NotReady, Unavailable
from rag_core.index.stores.protocol import Candidate, Row, StoreState, Vector
from rag_core.types import Passage, Place

__all__ = ["LanceStore"]

INDEX_FROM = 5_000
"""Passages above which the vectors are indexed; below, an exact scan is as fast."""
UNINDEXED_SHARE = 0.1
"""Of the passages; when more were added since the index was built, it takes them up."""
KEEP_VERSIONS = timedelta(minutes=10)
"""Long enough for any reader of an old version to finish."""
JUST_NOW_S = 0.1
"""A folder changed this recently may change again within the resolution of its time stamp."""
_READ = ["id", "content", "details", "unit_vectors"]


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


def _lancedb() -> Any:
    if "lancedb" not in sys.modules:
        with _lean_import():
            importlib.import_module("lancedb")
    return sys.modules["lancedb"]


P = ParamSpec("P")
T = TypeVar("T")


def _available(method: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """What LanceDB raises when its files cannot be read or written, as Unavailable."""

    @functools.wraps(method)
    async def translated(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await method(*args, **kwargs)
        except (RuntimeError, OSError) as error:
            raise Unavailable(f"The index cannot be used now ({_first_line(error)}).") from error

    return translated


class LanceStore:
    """Implements VectorStore on LanceDB's async API."""

    def __init__(self, connection: Any, table: Any, dimension: int, versions: Path) -> None:
        self._connection = connection
        self._table = table
        self._dimension = dimension
        self._versions = versions
        self._seen = 0.0
        self._covered: dict[frozenset[str], str | None] = {}
        self._state: StoreState | None = None

    @classmethod
    async def open(cls, folder: Path, name: str, dimension: int) -> LanceStore:
        """Open the table, or make an empty one.

        Raises:
            NotReady: the folder holds a table that cannot be read.
        """
        lancedb = _lancedb()
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
        connection = await lancedb.connect_async(str(folder))
        try:
            if (folder / f"{name}.lance").exists():
                table = await connection.open_table(name)
                await table.count_rows()
            else:
                table = await cls._created(connection, name, dimension)
        except (RuntimeError, OSError, ValueError) as error:
            connection.close()
            raise NotReady(
                f"The index in {folder} cannot be read ({_first_line(error)}); `answerloop ingest --rebuild` builds it anew."
            ) from error
        return cls(connection, table, dimension, folder / f"{name}.lance" / "_versions")

    @staticmethod
    async def _created(connection: Any, name: str, dimension: int) -> Any:
        from lancedb.index import FTS, Bitmap, BTree

        table = await connection.create_table(name, schema=_schema(dimension), exist_ok=True)
        await table.create_index("content", config=FTS(language="English", stem=True, base_tokenizer="icu"))
        await table.create_index("scope", config=Bitmap())
        await table.create_index("document", config=BTree())
        return table

    @_available
    async def replace(self, documents: Collection[str], rows: Sequence[Row]) -> None:
        if strangers := {row.passage.document for row in rows} - set(documents):
            raise ValueError(f"rows of documents that are not replaced: {sorted(strangers)[:3]}")
        if not documents:
            return
        where = f"document IN ({', '.join(_quoted(d) for d in sorted(documents))})"
        if not rows:
            await self._table.delete(where)
            return
        merge = self._table.merge_insert("id").when_matched_update_all().when_not_matched_insert_all()
        await merge.when_not_matched_by_source_delete(where).execute(_records(rows, self._dimension))

    @_available
    async def search(
        self, vector: Vector | Awaitable[Vector], text: str, scopes: frozenset[str] | None, limit: int
    ) -> list[Candidate]:
        if scopes is not None and not scopes:
            return []
        await self._take_up_writes()
        where = await self._filter(scopes)
        dense_search = self._dense(vector, where, limit)
        (dense, question), keyword = await asyncio.gather(dense_search, self._keyword(text, where, limit))
        candidates = {
            id: Candidate(id, cosine, bm25, key)
            for id, key, cosine, bm25 in zip(
                keyword["id"].to_pylist(),
                keyword["_rowid"].to_pylist(),
                (_vectors(keyword, self._dimension) @ question).tolist(),
                keyword["_score"].to_pylist(),
                strict=True,
            )
        }
        rows = zip(*(dense[column].to_pylist() for column in ("id", "_rowid", "_distance")), strict=True)
        for id, key, distance in rows:
            candidates.setdefault(id, Candidate(id, 1.0 - distance, 0.0, key))
        return list(candidates.values())

    @_available
    async def fetch(self, candidates: Sequence[Candidate], scopes: frozenset[str] | None) -> list[Passage]:
        if not candidates:
            return []
        rows = (
            await self._table.take_row_ids([c.key for c in candidates]).select(_READ).to_arrow()
        ).to_pylist()
        wanted = [c.id for c in candidates]
        if {row["id"] for row in rows} != set(wanted):
            # Between the two steps a write moved rows: look them up by name.
            where = f"id IN ({', '.join(_quoted(id) for id in wanted)})"
            rows = (await self._table.query().where(where).select(_READ).to_arrow()).to_pylist()
        passages = {row["id"]: _passage(row) for row in rows}
        found = (passages[id] for id in wanted if id in passages)
        return [passage for passage in found if scopes is None or passage.scope in scopes]

    async def _take_up_writes(self) -> None:
        """Read the latest version. LanceDB's own check costs 1.5 ms a query; the time stamp of the folder of versions
        says for a hundredth of that whether another process has written."""
        changed = self._versions.stat().st_mtime
        if changed != self._seen:
            await self._table.checkout_latest()
            self._covered, self._state = {}, None
            self._seen = changed if time.time() - changed > JUST_NOW_S else 0.0

    async def _filter(self, scopes: frozenset[str] | None) -> str | None:
        """The condition that keeps to the scopes; None where the table holds no others.

        A filter costs half as much again as the search itself, and most tables hold one scope, or what the asker may
        read. Whether that is so is asked of the scalar index once for each version of the table. Should a write bring
        another scope between the question and the search, fetch leaves its passages out.
        """
        if scopes is None:
            return None
        covered = self._covered  # of this version; another task may take up the next one meanwhile
        if scopes not in covered:
            names = ", ".join(_quoted(s) for s in sorted(scopes))
            others = await self._table.count_rows(f"scope NOT IN ({names})")
            covered[scopes] = f"scope IN ({names})" if others else None
        return covered[scopes]

    async def _dense(
        self, vector: Vector | Awaitable[Vector], where: str | None, limit: int
    ) -> tuple[Any, Vector]:
        question = await vector if isinstance(vector, Awaitable) else vector
        query = self._table.query().nearest_to(question).distance_type("dot").column("vector").nprobes(24)
        query = (
            (query.where(where) if where else query).select(["id", "_distance"]).with_row_id().limit(limit)
        )
        return await query.to_arrow(), question

    async def _keyword(self, text: str, where: str | None, limit: int) -> Any:
        from lancedb.query import MatchQuery

        query = self._table.query().nearest_to_text(MatchQuery(text, "content"))
        return (
            await (query.where(where) if where else query)
            .select(["id", "vector", "_score"])
            .with_row_id()
            .limit(limit)
            .to_arrow()
        )

    @_available
    async def state(self) -> StoreState:
        await self._take_up_writes()
        if self._state is not None:
            return self._state
        seen = self._seen
        state = StoreState(int(await self._table.count_rows()), int(await self._table.version()))
        if seen == self._seen:  # else another task took up a newer version meanwhile
            self._state = state
        return state

    @_available
    async def optimize(self) -> None:
        from lancedb.index import IvfFlat

        await self._table.optimize(cleanup_older_than=KEEP_VERSIONS)
        names = {index.name for index in await self._table.list_indices()}
        if "vector_idx" not in names and await self._table.count_rows() >= INDEX_FROM:
            await self._table.create_index("vector", config=IvfFlat(distance_type="dot"))

    async def close(self) -> None:
        self._table.close()
        self._connection.close()


def _schema(dimension: int) -> Any:
    """What is filtered or searched has a column; the rest is one, because each column read costs as much as a row."""
    import pyarrow as pa

    return pa.schema(
        [
            pa.field("id", pa.string(), nullable=False),
            pa.field("document", pa.string(), nullable=False),
            pa.field("scope", pa.string(), nullable=False),
            pa.field("content", pa.string()),
            pa.field("details", pa.string()),
            pa.field("unit_vectors", pa.binary()),
            pa.field("vector", pa.list_(pa.float32(), dimension)),
        ]
    )


def _records(rows: Sequence[Row], dimension: int) -> Any:
    import pyarrow as pa

    records = [_record(row) for row in rows]
    schema = _schema(dimension)
    flat = pa.array(np.concatenate([row.vector for row in rows]).astype(np.float32))
    columns = [
        pa.FixedSizeListArray.from_arrays(flat, dimension)
        if field.name == "vector"
        else pa.array([record[field.name] for record in records], field.type)
        for field in schema
    ]
    return pa.table(columns, schema=schema)


def _record(row: Row) -> dict[str, Any]:
    passage, header = row.passage, f"{row.header}\n" if row.header else ""
    place = passage.place
    details = {
        "document": passage.document,
        "source": passage.source,
        "scope": passage.scope,
        "title": passage.title,
        "headings": passage.headings,
        "text_from": len(header),
        "url": passage.url,
        "place": [place.line, place.page, place.anchor],
        "units": passage.units,
    }
    return {
        "id": passage.id,
        "document": passage.document,
        "scope": passage.scope,
        "content": header + passage.text,
        "details": json.dumps(details, ensure_ascii=False, separators=(",", ":")),
        "unit_vectors": passage.unit_vectors,
    }


def _passage(row: dict[str, Any]) -> Passage:
    details = json.loads(row["details"])
    return Passage(
        id=row["id"],
        document=details["document"],
        source=details["source"],
        scope=details["scope"],
        title=details["title"],
        headings=tuple(details["headings"]),
        text=row["content"][details["text_from"] :],
        url=details["url"],
        place=Place(*details["place"]),
        units=tuple((a, b) for a, b in details["units"]),
        unit_vectors=row["unit_vectors"],
    )


def _vectors(found: Any, dimension: int) -> NDArray[np.float32]:
    column = found.column("vector").combine_chunks()
    return np.asarray(column.flatten().to_numpy(zero_copy_only=False)).reshape(-1, dimension)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__
