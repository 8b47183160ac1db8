"""The embedded store: LanceDB in a folder of the home directory, nothing to run beside the bot.

Tables up to RESIDENT_ROWS are searched by vector in memory, exactly; larger ones through an IVF_FLAT index. Keyword
search is BM25 over the words of header and text. Other processes' writes are seen by the next search.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import math
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Coroutine, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

from rag_core.compute import Turn
from rag_core.errors import NotReady, Unavailable
from rag_core.index.stores.bm25 import Bm25
from rag_core.index.stores.lance_import import lancedb
from rag_core.index.stores.lance_rows import (
    READ,
    arrow_of,
    header_of,
    passage_of,
    table_schema,
    vectors_in,
)
from rag_core.index.stores.protocol import BY_NAME, Candidate, Page, Row, StoreState, Vector
from rag_core.index.stores.resident import COLUMNS, Resident
from rag_core.index.stores.words import question_words
from rag_core.types import Passage

__all__ = ["LanceStore"]

INDEX_FROM = 5_000
"""Passages above which the vectors are indexed; below, a scan is as fast."""
RESIDENT_ROWS = 20_000
"""Passages up to which a table that is asked more than once is held in memory: about 3 to 5 kB each."""
KEEP_VERSIONS = timedelta(minutes=10)
"""Long enough for any reader of an old version to finish."""
JUST_NOW_S = 0.1
"""A folder changed this recently may change again within the resolution of its time stamp."""
PROBES, PROBED_SHARE = 24, 0.06
"""Parts of the vector index that a search looks through: at least, and of all (benchmarks/scale.py)."""
PAGE_ROWS = 1_000
"""About this many rows are read at once by a scan."""
WORDS = {
    "base_tokenizer": "whitespace",
    "lower_case": False,
    "stem": False,
    "remove_stop_words": False,
    "ascii_folding": False,
}
"""What stores/words.py has done already is not done again."""

P = ParamSpec("P")
T = TypeVar("T")


def _available(method: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """What LanceDB raises when its files cannot be read or written, as Unavailable."""

    @functools.wraps(method)
    async def translated(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await method(*args, **kwargs)
        except (RuntimeError, OSError, ValueError) as error:
            folder = cast(LanceStore, args[0]).folder
            raise Unavailable(
                f"The index in {folder} cannot be used now ({_first_line(error)}); if that stays, "
                "`answerloop ingest --rebuild` builds it anew from the sources."
            ) from error

    return translated


class LanceStore:
    """Implements VectorStore on LanceDB's async API."""

    def __init__(
        self, connection: Any, table: Any, dimension: int, versions: Path, held_after: int = 1
    ) -> None:
        self._held_after = held_after
        self._turn = Turn()
        """Work in memory goes one question at a time, so that the event loop sees to everything else in between."""
        self._connection = connection
        self._table = table
        self._dimension = dimension
        self.folder = versions.parent.parent
        self._versions = versions
        self._seen = 0.0
        self._version = 0
        self._searches = 0
        self._tried = -1
        self._resident: Resident | None = None
        self._loading: asyncio.Task[None] | None = None
        self._covered: dict[frozenset[str], str | None] = {}
        self._state: StoreState | None = None

    @classmethod
    async def open(cls, folder: Path, name: str, dimension: int, held_after: int = 1) -> LanceStore:
        """Open the table, or make an empty one.

        held_after: searches of one version from disk before a small table is held in memory; with 0 the first one
        waits until it is.

        Raises:
            NotReady: the folder holds a table that cannot be read, or an older answerloop's.
        """
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
        connection = await lancedb().connect_async(str(folder))
        try:
            if (folder / f"{name}.lance").exists():
                table = await connection.open_table(name)
                await table.count_rows()
                if missing := set(table_schema(dimension).names) - set((await table.schema()).names):
                    raise ValueError(f"an older answerloop made it, without {', '.join(sorted(missing))}")
            else:
                table = await cls._created(connection, name, dimension)
        except (RuntimeError, OSError, ValueError) as error:
            connection.close()
            raise NotReady(
                f"The index in {folder} cannot be read ({_first_line(error)}); `answerloop ingest --rebuild` builds it anew."
            ) from error
        return cls(connection, table, dimension, folder / f"{name}.lance" / "_versions", held_after)

    @staticmethod
    async def _created(connection: Any, name: str, dimension: int) -> Any:
        from lancedb.index import FTS, Bitmap, BTree

        table = await connection.create_table(name, schema=table_schema(dimension), exist_ok=True)
        await table.create_index("words", config=FTS(**WORDS))
        await table.create_index("scope", config=Bitmap())
        await table.create_index("document", config=BTree())
        return table

    async def replace(self, documents: Collection[str], rows: Sequence[Row]) -> None:
        if strangers := {row.passage.document for row in rows} - set(documents):
            raise ValueError(f"rows of documents that are not replaced: {sorted(strangers)[:3]}")
        if documents:
            await self._replace(documents, rows)

    @_available
    async def _replace(self, documents: Collection[str], rows: Sequence[Row]) -> None:
        where = f"document IN ({', '.join(_quoted(d) for d in sorted(documents))})"
        if not rows:
            await self._table.delete(where)
            return
        table = await asyncio.to_thread(arrow_of, rows, self._dimension)
        merge = self._table.merge_insert("id").when_matched_update_all().when_not_matched_insert_all()
        await merge.when_not_matched_by_source_delete(where).execute(table)

    @_available
    async def search(
        self, vector: Vector | Awaitable[Vector], text: str, scopes: frozenset[str] | None, limit: int
    ) -> list[Candidate]:
        if scopes is not None and not scopes:
            return []
        await self._take_up_writes()
        await self._make_resident()
        if self._resident is not None:
            return await self._search_resident(self._resident, vector, text, scopes, limit)
        where = await self._filter(scopes)
        (dense, question), keyword = await asyncio.gather(
            self._dense(vector, where, limit), self._keyword(text, where, limit)
        )
        candidates = {
            id: Candidate(id, cosine, bm25, key)
            for id, key, cosine, bm25 in zip(
                keyword["id"].to_pylist(),
                keyword["_rowid"].to_pylist(),
                (vectors_in(keyword, self._dimension) @ question).tolist(),
                keyword["_score"].to_pylist(),
                strict=True,
            )
        }
        rows = zip(*(dense[column].to_pylist() for column in ("id", "_rowid", "_distance")), strict=True)
        for id, key, distance in rows:
            candidates.setdefault(id, Candidate(id, 1.0 - distance, 0.0, key))
        return list(candidates.values())

    async def _search_resident(
        self,
        resident: Resident,
        vector: Vector | Awaitable[Vector],
        text: str,
        scopes: frozenset[str] | None,
        limit: int,
    ) -> list[Candidate]:
        allowed = resident.allowed(scopes)
        async with self._turn:
            bm25 = resident.keyword(text, allowed)  # while the question is embedded
        question = await vector if isinstance(vector, Awaitable) else vector
        async with self._turn:
            return resident.candidates(question, bm25, allowed, limit)

    @_available
    async def fetch(self, candidates: Sequence[Candidate], scopes: frozenset[str] | None) -> list[Passage]:
        if not candidates:
            return []
        await self._take_up_writes()
        wanted = [c.id for c in candidates]
        if (resident := self._resident) is not None:
            async with self._turn:
                return resident.passages(wanted, scopes)
        passages = {row["id"]: passage_of(row) for row in await self._rows(candidates)}
        found = (passages[id] for id in wanted if id in passages)
        return [passage for passage in found if scopes is None or passage.scope in scopes]

    async def _rows(self, candidates: Sequence[Candidate]) -> list[dict[str, Any]]:
        """By their place, and where a write has moved one since it was found, by their names."""
        rows: list[dict[str, Any]] = []
        if all(c.key != BY_NAME for c in candidates):
            found = self._table.take_row_ids([c.key for c in candidates]).select(READ)
            rows = (await found.to_arrow()).to_pylist()
        if {row["id"] for row in rows} != {c.id for c in candidates}:
            where = f"id IN ({', '.join(_quoted(c.id) for c in candidates)})"
            rows = (await self._table.query().where(where).select(READ).to_arrow()).to_pylist()
        return rows

    async def _take_up_writes(self) -> None:
        """Read the latest version. LanceDB's own check costs 1.5 ms a query; the time stamp of the folder of versions
        says for a hundredth of that whether another process has written."""
        changed = self._versions.stat().st_mtime
        if changed == self._seen:
            return
        await self._table.checkout_latest()
        version = int(await self._table.version())
        if version != self._version:
            self._version, self._searches, self._resident = version, 0, None
            self._covered, self._state = {}, None
        self._seen = changed if time.time() - changed > JUST_NOW_S else 0.0

    async def _make_resident(self) -> None:
        """In the background, so that no question waits for it."""
        self._searches += 1
        idle = self._loading is None or self._loading.done()
        if self._searches > self._held_after and self._tried != self._version and idle:
            self._tried = self._version
            self._loading = asyncio.create_task(self._load())
        if self._held_after == 0 and self._loading is not None:
            await self._loading

    async def _load(self) -> None:
        """Where it fails, searches go on without: what they find out is theirs to say."""
        version = self._version
        with contextlib.suppress(RuntimeError, OSError):
            if await self._table.count_rows() > RESIDENT_ROWS:
                return
            words = await self._table.query().select(["id", "words"]).to_arrow()
            bm25 = await asyncio.to_thread(Bm25, words.column("words"))
            ids = words.column("id").to_pylist()
            del words  # before the next columns come: this is the most memory that a small index takes
            table = await self._table.query().select(COLUMNS).to_arrow()
            resident = await asyncio.to_thread(Resident, table, bm25, self._dimension)
            if resident.ids != ids:
                return  # a write came in between
            if version == self._version:
                self._resident = resident

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
        probes = await self._probes(where)
        question = await vector if isinstance(vector, Awaitable) else vector
        query = self._table.query().nearest_to(question).distance_type("dot").column("vector")
        query = (query.where(where) if where else query).nprobes(probes)
        query = query.select(["id", "_distance"]).with_row_id().limit(limit)
        return await query.to_arrow(), question

    async def _probes(self, where: str | None) -> int:
        """How many parts of the index are looked through. It has the square root of the rows of them; a share finds .97
        of the true neighbours at a million rows, and where a filter leaves some of them out it takes twice as many."""
        rows = (await self.state()).passages
        probes = max(PROBES, round(PROBED_SHARE * math.sqrt(rows)))
        return 2 * probes if where else probes

    async def _keyword(self, text: str, where: str | None, limit: int) -> Any:
        from lancedb.query import MatchQuery

        query = self._table.query().nearest_to_text(MatchQuery(" ".join(question_words(text)), "words"))
        query = (query.where(where) if where else query).select(["id", "vector", "_score"])
        return await query.with_row_id().limit(limit).to_arrow()

    @_available
    async def state(self) -> StoreState:
        await self._take_up_writes()
        if self._state is not None:
            return self._state
        version = self._version
        state = StoreState(int(await self._table.count_rows()), version)
        if version == self._version:  # else another task took up a newer version meanwhile
            self._state = state
        return state

    @_available
    async def optimize(self) -> None:
        from lancedb.index import IvfFlat

        await self._table.optimize(cleanup_older_than=KEEP_VERSIONS)
        names = {index.name for index in await self._table.list_indices()}
        if "vector_idx" not in names and await self._table.count_rows() >= INDEX_FROM:
            await self._table.create_index("vector", config=IvfFlat(distance_type="dot"))

    async def scan(self, after: str = "") -> AsyncIterator[Page]:
        """In the order of the documents' names; a position is such a name."""
        sizes = Counter(name for name in await self._documents() if name > after)
        names: list[str] = []
        for name in sorted(sizes):
            names.append(name)
            if sum(sizes[n] for n in names) >= PAGE_ROWS:
                yield await self._page(names)
                names = []
        if names:
            yield await self._page(names)

    @_available
    async def _documents(self) -> list[str]:
        """Of each row, its document."""
        await self._take_up_writes()
        found = await self._table.query().select(["document"]).to_arrow()
        return list(found.column("document").to_pylist())

    @_available
    async def _page(self, names: list[str]) -> Page:
        where = f"document IN ({', '.join(_quoted(name) for name in names)})"
        found = await self._table.query().where(where).select([*READ, "vector"]).to_arrow()
        rows = [
            Row(passage_of(record), header_of(record), vector)
            for record, vector in zip(
                found.select(READ).to_pylist(), vectors_in(found, self._dimension), strict=True
            )
        ]
        return Page(sorted(rows, key=lambda r: (r.passage.document, r.passage.id)), names[-1])

    async def close(self) -> None:
        if self._loading is not None:
            self._loading.cancel()
        self._table.close()
        self._connection.close()


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__
