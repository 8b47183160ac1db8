"""Passages found -> what is worth reading: near-duplicates dropped, neighbours of one section joined. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from rag_core.types import Passage, Ranked

__all__ = ["merge_neighbours", "without_near_duplicates"]

SAME = 0.9
"""Share of shingles in common from which two passages say the same."""
ALIKE = 0.7
"""Share of words in common, punctuation and all, below which two passages need no closer look."""
SHINGLE = 3
MERGED = 4
"""Neighbours joined into one, at most."""
_WORD = re.compile(r"\w+")


def without_near_duplicates(ranked: Sequence[Ranked]) -> list[Ranked]:
    """Of passages that say the same in nearly the same words the best ranked alone.

    They say the same when SAME of their shingles are common to both (Broder 1997) and their numbers agree: of two
    versions of a page that differ in a date or a limit both stay.
    """
    kept: list[tuple[Ranked, frozenset[str]]] = []
    for entry in ranked:
        words = frozenset(entry.passage.text.lower().split())
        if not any(_alike(words, w) and _same(entry.passage.text, k.passage.text) for k, w in kept):
            kept.append((entry, words))
    return [entry for entry, _ in kept]


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    """Quick, and true of all that are the same: whether a closer look is worth it."""
    fewer, more = sorted((len(one), len(other)))
    return fewer >= ALIKE * more and len(one & other) >= ALIKE * more


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
