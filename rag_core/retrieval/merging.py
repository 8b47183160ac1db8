"""Passages found -> what is worth reading: near-duplicates dropped, neighbours of one section joined. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rag_core.types import Passage, Ranked

__all__ = ["merge_neighbours", "without_near_duplicates"]

SAME = 0.9
"""Share of shingles in common from which two passages say the same."""
ALIKE = 0.85
"""Cosine of two passages' mean units below which they need no closer look."""
SHINGLE = 3
MERGED = 4
"""Neighbours joined into one, at most."""
_WORD = re.compile(r"\w+")


def without_near_duplicates(ranked: Sequence[Ranked]) -> list[Ranked]:
    """Of passages that say the same in nearly the same words the best ranked alone.

    They say the same when SAME of their shingles are common to both (Broder 1997) and their numbers agree: of two
    versions of a page that differ in a date or a limit both stay.
    """
    alike = _alike([entry.passage for entry in ranked])
    kept: list[int] = []
    for i, entry in enumerate(ranked):
        if not any(alike[i, k] and _same(entry.passage.text, ranked[k].passage.text) for k in kept):
            kept.append(i)
    return [ranked[i] for i in kept]


def _alike(passages: Sequence[Passage]) -> NDArray[np.bool_]:
    """(passages, passages), a quick look and true of all that are the same: their vectors point the same way."""
    means = [_mean_unit(p) for p in passages]
    size = max((len(mean) for mean in means), default=0)
    directions = np.array([mean if len(mean) == size else np.zeros(size, np.float32) for mean in means])
    known = directions.any(axis=1, keepdims=True) if size else np.zeros((len(means), 1), bool)
    return np.asarray((directions @ directions.T >= ALIKE) | ~known | ~known.T)


def _mean_unit(passage: Passage) -> NDArray[np.float32]:
    """(dimension,), of length one; (0,) where it has no units."""
    if not passage.unit_vectors or not passage.units:
        return np.zeros(0, np.float32)
    units = np.frombuffer(passage.unit_vectors, np.int8).reshape(len(passage.units), -1)
    mean = units.sum(axis=0, dtype=np.float32)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-9))


def _same(one: str, other: str) -> bool:
    (shingles, numbers), (others, other_numbers) = _shingled(one), _shingled(other)
    return numbers == other_numbers and len(shingles & others) >= SAME * len(shingles | others)


def _shingled(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """Runs of SHINGLE words, and the words with digits."""
    words = _WORD.findall(text.lower())
    runs = (" ".join(words[i : i + SHINGLE]) for i in range(max(1, len(words) - SHINGLE + 1)))
    return frozenset(runs), frozenset(word for word in words if any(c.isdigit() for c in word))


def merge_neighbours(ranked: Sequence[Ranked]) -> list[Ranked]:
    """Passages that follow each other in one section, and on one page, as one; it stands where the best of them stood.

    A sentence that leans on the one before, or announces a list, then has it beside it even where a window ended
    between the two. The joined passage has the id and the scores of its best, and begins where its first begins.
    """
    place = {entry.passage.id: rank for rank, entry in enumerate(ranked)}
    runs: list[list[Ranked]] = []
    for entry in sorted(ranked, key=lambda r: (r.passage.document, _number(r.passage))):
        if runs and len(runs[-1]) < MERGED and _follows(runs[-1][-1].passage, entry.passage):
            runs[-1].append(entry)
        else:
            runs.append([entry])
    merged = [_joined(run, min(run, key=lambda r: place[r.passage.id])) for run in runs]
    return sorted(merged, key=lambda r: place[r.passage.id])


def _number(passage: Passage) -> int:
    """Its place among the document's passages, which ends its id."""
    number = passage.id.rpartition("#")[2]
    return int(number) if number.isdecimal() else -1


def _follows(first: Passage, second: Passage) -> bool:
    return (
        first.document == second.document
        and first.headings == second.headings
        and first.place.page == second.place.page
        and _number(first) >= 0
        and _number(second) == _number(first) + 1
    )


def _joined(run: Sequence[Ranked], best: Ranked) -> Ranked:
    if len(run) == 1:
        return best
    text = ""
    units: list[tuple[int, int]] = []
    for passage in (entry.passage for entry in run):
        text += "\n\n" if text else ""
        units += [(a + len(text), b + len(text)) for a, b in passage.units]
        text += passage.text
    vectors = b"".join(entry.passage.unit_vectors for entry in run)
    passage = replace(
        best.passage, text=text, units=tuple(units), unit_vectors=vectors, place=run[0].passage.place
    )
    return replace(best, passage=passage)
