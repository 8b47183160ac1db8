"""A small table's rows in memory: searching them there takes less time than the way to the disk and back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag_core.index.stores.bm25 import Bm25
from rag_core.index.stores.lance_rows import READ, passage_of, vectors_in
from rag_core.index.stores.protocol import BY_NAME, Candidate, Vector
from rag_core.index.stores.words import question_words
from rag_core.types import Passage

__all__ = ["COLUMNS", "Resident"]

COLUMNS = [*READ, "scope", "vector"]
Scores = NDArray[np.float32]


class Resident:
    """One version of a table, whole. Never changes; a newer version gets a new one."""

    def __init__(self, table: Any, bm25: Bm25, dimension: int) -> None:
        """table: an Arrow table of COLUMNS. bm25: of the same passages in the same order."""
        self._vectors = np.ascontiguousarray(vectors_in(table, dimension))
        self._rows = table.select(READ).combine_chunks()
        self._bm25 = bm25
        self.ids: list[str] = table["id"].to_pylist()
        self._at = {id: i for i, id in enumerate(self.ids)}
        names: list[str] = table["scope"].to_pylist()
        self._scopes = {name: i for i, name in enumerate(dict.fromkeys(names))}
        self._scope_of = np.array([self._scopes[name] for name in names], np.int32)

    def allowed(self, scopes: frozenset[str] | None) -> NDArray[np.bool_] | None:
        """(passages,) what may be read; None where that is all."""
        if scopes is None or scopes.issuperset(self._scopes):
            return None
        return np.isin(self._scope_of, [self._scopes[name] for name in scopes if name in self._scopes])

    def keyword(self, text: str, allowed: NDArray[np.bool_] | None) -> Scores:
        """(passages,) BM25 of each."""
        return self._bm25.scores(question_words(text), allowed)

    def candidates(
        self, question: Vector, bm25: Scores, allowed: NDArray[np.bool_] | None, limit: int
    ) -> list[Candidate]:
        """The best `limit` by cosine and the best `limit` by BM25. question: (dimension,); bm25: (passages,)."""
        cosines = self._vectors @ question
        readable = np.arange(len(cosines)) if allowed is None else np.flatnonzero(allowed)
        matching = np.flatnonzero(bm25)
        by_keyword = _best(matching, bm25, limit)
        found = np.union1d(_best(readable, cosines, limit), by_keyword)
        words = np.zeros(len(cosines), np.float32)
        words[by_keyword] = bm25[by_keyword]
        rows = zip(found.tolist(), cosines[found].tolist(), words[found].tolist(), strict=True)
        return [Candidate(self.ids[i], cosine, word, BY_NAME) for i, cosine, word in rows]

    def passages(self, ids: Iterable[str], scopes: frozenset[str] | None) -> list[Passage]:
        """Of those that are here and may be read, in the order given."""
        at = np.array(
            [self._at[id] for id in ids if id in self._at], np.int64
        )  # of none, pyarrow asks for its type
        found = map(passage_of, self._rows.take(at).to_pylist())
        return [passage for passage in found if scopes is None or passage.scope in scopes]


def _best(rows: NDArray[np.int64], scores: Scores, limit: int) -> NDArray[np.int64]:
    """Those of the rows that score best, in no order."""
    if len(rows) <= limit:
        return rows
    return np.asarray(rows[np.argpartition(-scores[rows], limit)[:limit]])
