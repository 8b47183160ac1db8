"""Which texts are nearly the same, by their words and by their vectors. Pure; no loop over all pairs.

By words: the resemblance of Broder, On the resemblance and containment of documents (1997), the Jaccard index of two sets of
shingles, here words and pairs of words. Candidates come from MinHash signatures in bands and are compared exactly.
By vectors: cosines, in blocks of a matrix product.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from rag_core.cache.paraphrase import read, same
from training.dataset.rows import Example

__all__ = [
    "NEAR_COSINE",
    "NEAR_WORDS",
    "Pairs",
    "Vectors",
    "contained",
    "grouped",
    "key_of",
    "like",
    "matrix_of",
    "near",
    "near_texts",
    "resemblance",
    "same_questions",
    "shingles",
]

Matrix = NDArray[np.float32]
Vectors = Mapping[str, Matrix]
"""Of questions, by their text: (dimension,), of length one."""
Pairs = tuple[NDArray[np.int64], NDArray[np.int64]]
"""Row numbers, two and two."""

NEAR_COSINE = 0.95
"""Of questions that are nearly the same, where numbers and negations agree as well."""
AGREEING_COSINE = 0.9
"""Of those that are so in their words: questions of one pattern share most words, and ask of different things."""
NEAR_WORDS = 0.8
"""Jaccard index of texts that are nearly the same."""
BLOCK = 512
"""Rows compared with all others at once."""
BANDS, ROWS = 16, 4
"""Of a signature: two texts with a Jaccard index of 0.8 share a band with a probability of 0.9998."""
MOST_IN_BUCKET = 40
"""Where more share a band, they are compared with the first alone."""
_PRIMES = np.random.default_rng(1997).integers(1, 2**63, BANDS * ROWS, dtype=np.uint64) | np.uint64(1)
_WORD = re.compile(r"\w+")
_NEGATIONS = frozenset(
    "not no never without cannot none neither nor nicht kein keine ohne nie pas sans jamais sin "
    "nunca senza non niet geen".split()
)


def key_of(question: str) -> str:
    """32 hexadecimal digits, equal for questions of the same words; they tell nobody what was asked."""
    text = " ".join(_words(question)) or question
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).hexdigest()


def shingles(text: str, shortest: int = 1, longest: int = 2) -> frozenset[str]:
    """Its runs of so many words, whatever their case and spelling in Unicode."""
    words, lengths = _words(text), range(shortest, longest + 1)
    runs = (" ".join(words[i : i + n]) for n in lengths for i in range(len(words) - n + 1))
    return frozenset(runs)


def resemblance(one: frozenset[str], other: frozenset[str]) -> float:
    """The Jaccard index of two sets, 0 to 1; of two empty ones 1."""
    return len(one & other) / len(one | other) if one or other else 1.0


def contained(one: frozenset[str], other: frozenset[str]) -> float:
    """The larger of the shares that either has in the other, 0 to 1: 1 where one is a part of the other."""
    smaller = min(len(one), len(other))
    return len(one & other) / smaller if smaller else 0.0


def matrix_of(examples: Sequence[Example], vectors: Vectors) -> Matrix:
    """(examples, dimension) of their questions."""
    if not examples:
        return np.zeros((0, 1), np.float32)
    return np.stack([vectors[example.question] for example in examples]).astype(np.float32)


def like(matrix: Matrix, threshold: float, others: Matrix | None = None) -> Iterator[Pairs]:
    """Pairs of rows with a cosine of at least `threshold`, block by block, the first of each from `matrix`. others: where
    the second are from; None: matrix itself, each pair once.

    matrix: (n, dimension), rows of length one; n up to some 20,000.
    """
    there = matrix if others is None else others
    for at in range(0, len(matrix) if len(there) else 0, BLOCK):
        block = matrix[at : at + BLOCK]
        begin = at if others is None else 0
        rows, columns = np.nonzero(block @ there[begin:].T >= threshold)
        keep = columns > rows if others is None else np.ones(len(rows), bool)
        yield rows[keep] + at, columns[keep] + begin


def near_texts(texts: Sequence[str], threshold: float = NEAR_WORDS) -> list[tuple[int, int]]:
    """Pairs of texts whose sets of shingles resemble each other so much, in order."""
    sets = [shingles(text) for text in texts]
    found = {pair for pair in _candidates(sets) if resemblance(sets[pair[0]], sets[pair[1]]) >= threshold}
    return sorted(found)


def near(examples: Sequence[Example], vectors: Vectors) -> list[tuple[int, int]]:
    """Pairs of examples whose questions are nearly the same, in order: in their vectors, or in their words where the vectors
    agree; and in their numbers and negations, which vectors hardly tell apart. Names they may differ in: see
    same_questions."""
    matrix = matrix_of(examples, vectors)
    by_words = near_texts([example.question for example in examples])
    agreeing = {(a, b) for a, b in by_words if matrix[a] @ matrix[b] >= AGREEING_COSINE}
    by_vectors = {
        pair
        for rows, columns in like(matrix, NEAR_COSINE)
        for pair in zip(rows.tolist(), columns.tolist(), strict=True)
    }
    marks = [_marks(example.question) for example in examples]
    return sorted((a, b) for a, b in agreeing | by_vectors if marks[a] == marks[b])


def same_questions(examples: Sequence[Example]) -> set[tuple[int, int]]:
    """Pairs of examples that ask the same without a doubt: the same words in order, or read as the same by
    rag_core/cache/paraphrase.py. Of MedQuAD's questions with a cosine above .97 two of three have another answer."""
    readings = [read(example.question) for example in examples]
    keys = [key_of(example.question) for example in examples]
    buckets: defaultdict[object, list[int]] = defaultdict(list)
    for row, (reading, key) in enumerate(zip(readings, keys, strict=True)):
        buckets[reading.key].append(row)
        buckets[key].append(row)
    pairs = {pair for rows in buckets.values() for pair in _some(rows)}
    return {(a, b) for a, b in pairs if keys[a] == keys[b] or same(readings[a], readings[b])}


def _some(rows: Sequence[int]) -> Iterator[tuple[int, int]]:
    """All pairs of a few; of many each with the first."""
    few = len(rows) <= MOST_IN_BUCKET
    yield from combinations(rows, 2) if few else ((rows[0], row) for row in rows[1:])


def grouped(count: int, pairs: Iterable[Pairs]) -> NDArray[np.int64]:
    """(count,) the connected components of the pairs, each by the smallest row number in it."""
    labels = np.arange(count)
    for rows, columns in pairs:
        while (apart := labels[rows] != labels[columns]).any():
            rows, columns = rows[apart], columns[apart]
            one, other = labels[rows], labels[columns]
            parents = np.arange(count)
            np.minimum.at(parents, np.maximum(one, other), np.minimum(one, other))
            labels = _rooted(parents)[labels]
    return labels


def _rooted(parents: NDArray[np.int64]) -> NDArray[np.int64]:
    while not np.array_equal(above := parents[parents], parents):
        parents = above
    return parents


def _candidates(sets: Sequence[frozenset[str]]) -> Iterator[tuple[int, int]]:
    buckets: defaultdict[tuple[int, bytes], list[int]] = defaultdict(list)
    for row, one in enumerate(sets):
        signature = _signature(one)
        for band in range(BANDS):
            buckets[band, signature[band * ROWS : (band + 1) * ROWS].tobytes()].append(row)
    for rows in buckets.values():
        yield from _some(rows)


def _signature(one: frozenset[str]) -> NDArray[np.uint64]:
    """(BANDS * ROWS,) the least of the hashes of its shingles, by multiply-shift hashing."""
    if not one:
        return np.zeros(BANDS * ROWS, np.uint64)
    numbers = np.array([zlib.crc32(text.encode("utf-8", "replace")) + 1 for text in one], np.uint64)
    least: NDArray[np.uint64] = ((numbers[:, None] * _PRIMES[None, :]) >> np.uint64(32)).min(0)
    return least


def _words(text: str) -> list[str]:
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def _marks(question: str) -> tuple[frozenset[str], bool]:
    """What must agree in questions that ask the same: words with digits, and whether it is negated."""
    words = _words(question.replace("n't", " not").replace("n’t", " not"))
    figures = frozenset(word for word in words if any(sign.isdigit() for sign in word))
    return figures, not _NEGATIONS.isdisjoint(words)
