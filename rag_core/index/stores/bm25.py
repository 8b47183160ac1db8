"""BM25 over the words of passages held in memory (Robertson and Zaragoza 2009, with Lucene's idf)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["K1", "B", "Bm25"]

K1, B = 1.2, 0.75
"""As in LanceDB and Lucene."""
Scores = NDArray[np.float32]


class Bm25:
    """Postings of one version of a table. Built by Arrow and NumPy, which let go of the interpreter meanwhile."""

    def __init__(self, words: Any) -> None:
        """words: an Arrow string array, for each passage its words between spaces (stores/words.py)."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if isinstance(words, pa.ChunkedArray):
            words = words.combine_chunks()
        lists = pc.split_pattern(words, " ")
        flat = pc.list_flatten(lists)
        real = pc.not_equal(flat, "")  # what splitting an empty text gives
        encoded = flat.filter(real).dictionary_encode()
        owners = pc.list_parent_indices(lists).filter(real)
        passages = owners.to_numpy(zero_copy_only=False)
        count = max(1, len(words))
        occurrences = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        occurrences *= count
        occurrences += passages
        occurrences.sort()
        first = np.flatnonzero(np.diff(occurrences, prepend=-1))
        self._times = np.diff(first, append=len(occurrences)).astype(np.float32)
        found = occurrences[first]
        self._term = {term: code for code, term in enumerate(encoded.dictionary.to_pylist())}
        self._passage = (found % count).astype(np.int32)
        self._bounds = np.searchsorted(found, np.arange(len(self._term) + 1) * count)
        self._lengths = np.bincount(passages, minlength=len(words)).astype(np.float32)

    def scores(self, terms: Sequence[str], allowed: NDArray[np.bool_] | None = None) -> Scores:
        """(passages,), 0 where none of the terms stands.

        allowed: (passages,) those that may be read. How rare a word is and how long a passage is on average is then
        counted over these alone: what may not be read has no influence.
        """
        total = np.zeros(len(self._lengths), np.float32)
        lengths = self._lengths if allowed is None else self._lengths[allowed]
        if not lengths.sum():
            return total
        norm = K1 * (1 - B + B * self._lengths / lengths.mean())
        for code in (self._term[term] for term in terms if term in self._term):
            a, b = self._bounds[code], self._bounds[code + 1]
            passages, times = self._passage[a:b], self._times[a:b]
            if allowed is not None:
                readable = allowed[passages]
                passages, times = passages[readable], times[readable]
            rarity = np.log1p((len(lengths) - len(passages) + 0.5) / (len(passages) + 0.5))
            total[passages] += rarity * (K1 + 1) * times / (times + norm[passages])
        return total
