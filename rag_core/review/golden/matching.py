"""Whether a passage that was picked once is among passages found now, whatever became of the index in between. Pure.

Ids of passages do not last: a document is cut anew, moved, or renamed. Its words do. A passage is taken for found when
its runs of RUN words are covered:

- SAME_DOCUMENT of them by what was found in the same document (by id, or by source and title), where it may be cut
  otherwise: its parts may come as several passages, and the rank is that of the one that completes them;
- or OTHER_DOCUMENT of them by one passage of another document: it was moved and renamed, or copied;
- or, cut finer, by a passage of the same document that is itself a part of it (PART of its runs stand in what was picked)
  and no mere scrap (SCRAP of what was picked).

Runs of words as in Broder, On the resemblance and containment of documents (1997): containment, not resemblance.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence

from rag_core.records.evaluation.golden import Expected
from rag_core.types import Passage

__all__ = ["coverage", "found_at", "is_of"]

RUN = 5
SAME_DOCUMENT = 0.6
OTHER_DOCUMENT = 0.9
PART = 0.8
SCRAP = 0.25
_WORD = re.compile(r"\w+")


def found_at(expected: Iterable[Expected], passages: Sequence[Passage]) -> tuple[int, frozenset[str]] | None:
    """The rank, from 1, at which the first of what is expected is found among passages, best first, and the ids of the
    documents that it was found in; None: it is not."""
    found = [one for one in (_found_at(e, passages) for e in expected) if one is not None]
    if not found:
        return None
    first = min(rank for rank, _ in found)
    return first, frozenset(document for _, document in found)


def _found_at(expected: Expected, passages: Sequence[Passage]) -> tuple[int, str] | None:
    wanted = _runs(expected.text)
    covered: dict[str, set[str]] = defaultdict(set)
    for rank, passage in enumerate(passages, 1):
        runs = _runs(passage.text, min(RUN, _length(wanted)))
        if is_of(expected, passage):
            covered[passage.document] |= runs & wanted
            if coverage(wanted, covered[passage.document]) >= SAME_DOCUMENT or _is_part(wanted, runs):
                return rank, passage.document
        elif coverage(wanted, runs) >= OTHER_DOCUMENT:
            return rank, passage.document
    return None


def is_of(expected: Expected, passage: Passage) -> bool:
    """Whether it stands in the document that was expected, as far as names tell."""
    if passage.document == expected.document and expected.document:
        return True
    return bool(expected.title) and (passage.source, passage.title) == (expected.source, expected.title)


def coverage(wanted: set[str], there: set[str]) -> float:
    """The share of what is wanted that is there; 0 where nothing is wanted."""
    return len(wanted & there) / len(wanted) if wanted else 0.0


def _is_part(wanted: set[str], runs: set[str]) -> bool:
    return coverage(runs, wanted) >= PART and coverage(wanted, runs) >= SCRAP


def _runs(text: str, length: int = RUN) -> set[str]:
    """Its runs of `length` words, whatever their case and spelling in Unicode; of a shorter text all of it as one."""
    words = _WORD.findall(unicodedata.normalize("NFKC", text).casefold())
    length = min(length, len(words))
    return {" ".join(words[i : i + length]) for i in range(len(words) - length + 1)} if words else set()


def _length(runs: set[str]) -> int:
    """Words in each."""
    return next(iter(runs)).count(" ") + 1 if runs else RUN
