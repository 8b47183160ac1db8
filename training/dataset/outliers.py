"""Examples that are unlike all others: too short, too long, in a language of their own, about nothing of the team's. Pure.

Far away is what lies FAR robust standard deviations beyond the median, by the median absolute deviation (Hampel 1974; Leys
et al. 2013, J. Exp. Soc. Psychol. 49). A question is far away only where it lies far from the middle of all others and from
its nearest neighbour as well: rare topics are what is to be learned.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from rag_core.generation.writing.languages import language_of
from training.dataset.drops import Dropped
from training.dataset.rows import Example
from training.dataset.similar import BLOCK, Vectors, matrix_of

__all__ = ["FAR_AWAY", "LANGUAGE", "TOO_LONG", "TOO_SHORT", "far", "without_outliers"]

TOO_SHORT = "too short to be a question"
TOO_LONG = "too long to be a question"
LANGUAGE = "in a language that hardly any other question is in"
FAR_AWAY = "unlike all other questions"
FEWEST_LETTERS = 3
MOST_CHARACTERS = 2_000
RARE_SHARE, RARE = 0.02, 3
"""A language of fewer questions than this share of all, and of no more than so many, is rare."""
ENOUGH = 30
"""Questions below which nothing is far away: of a few, none is ordinary."""
FAR = 5.0
"""Robust standard deviations."""
_NORMAL = 1.4826
"""Median absolute deviation -> standard deviation of a normal distribution."""
Scores = NDArray[np.float32]


def without_outliers(examples: Sequence[Example], vectors: Vectors) -> tuple[list[Example], list[Dropped]]:
    """Golden questions always remain."""
    languages = [_language(example) for example in examples]
    rare = _rare(language for language in languages if language)
    distant = _distant(matrix_of(examples, vectors))
    kept, dropped = list[Example](), list[Dropped]()
    for example, language, away in zip(examples, languages, distant, strict=True):
        reason = _reason(example, language in rare, bool(away))
        if reason and example.origin.source != "golden":
            dropped.append(Dropped(reason, example))
        else:
            kept.append(example)
    return kept, dropped


def far(values: Scores) -> NDArray[np.bool_]:
    """(n,) which lie far below the median of the others; none of a few, and none where most are equal."""
    if len(values) < ENOUGH:
        return np.zeros(len(values), bool)
    median = np.median(values)
    spread = _NORMAL * np.median(np.abs(values - median))
    return np.asarray(values < median - FAR * spread) if spread > 0 else np.zeros(len(values), bool)


def _reason(example: Example, rare: bool, away: bool) -> str:
    if sum(sign.isalpha() for sign in example.question) < FEWEST_LETTERS:
        return TOO_SHORT
    if len(example.question) > MOST_CHARACTERS:
        return TOO_LONG
    if rare:
        return LANGUAGE
    return FAR_AWAY if away else ""


def _language(example: Example) -> str:
    """'' where it cannot be told, or is that of a passage which answers: then it is the documents' own."""
    language = language_of(example.question)
    answered = any(language_of(text.text) == language for text in example.right)
    return "" if answered else language


def _rare(languages: Iterable[str]) -> set[str]:
    counts = Counter(languages)
    most = min(RARE, RARE_SHARE * counts.total())
    return {language for language, count in counts.items() if count <= most}


def _distant(matrix: Scores) -> NDArray[np.bool_]:
    """(n,) which lie far from the middle of all, and from the nearest other."""
    if len(matrix) < ENOUGH:
        return np.zeros(len(matrix), bool)
    middle = matrix.mean(0)
    return far(matrix @ middle) & far(_nearest(matrix))


def _nearest(matrix: Scores) -> Scores:
    """(n,) cosine to the nearest other row."""
    best = np.empty(len(matrix), np.float32)
    for at in range(0, len(matrix), BLOCK):
        cosines = matrix[at : at + BLOCK] @ matrix.T
        rows = np.arange(len(cosines))
        cosines[rows, rows + at] = -1.0
        best[at : at + BLOCK] = cosines.max(1)
    return best
