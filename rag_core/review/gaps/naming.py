"""What a cluster of questions is about: words that tell it from the others, and its most typical question. Pure."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["terms_of", "typical_first"]

TERMS = 5
_ASKING = frozenset(
    "a an the and or of to in on at for from with by is are was were be been do does did can could may must should "
    "will would how what when where which who whom whose why i we you it they my our your me us this that there get have "
    "has not no as am if so than then but any some many much he she its his her their our about into out up after before "
    "between during while also just still there here these those been being had having more most other same such too very "
    "someone anyone something anything need want "
    "der die das ein eine und oder zu in auf für von mit ist sind wie was wann wo wer warum ich wir kann muss "
    "le la les un une des et ou de du à dans pour avec est sont comment quoi quand où qui pourquoi je nous "
    "el los las y o en para con es son cómo qué cuándo dónde quién por yo".split()
)
"""Words to ask with, which name nothing, in the languages that the bot speaks."""
_WORD = re.compile(r"[^\W_][\w'’-]*[^\W_]|[^\W_]{2,}")


def terms_of(clusters: Sequence[Sequence[str]]) -> list[list[str]]:
    """For each cluster of questions up to TERMS words, the most telling first: class-based TF-IDF (M. Grootendorst, arXiv
    2203.05794), a word's share in a cluster times log(1 + mean words of a cluster / the word's count in all)."""
    counts = [Counter(word for text in texts for word in set(_words(text))) for texts in clusters]
    everywhere = sum(counts, Counter())
    mean = sum(everywhere.values()) / max(1, len(counts))
    return [_best(count, everywhere, mean) for count in counts]


def typical_first(rows: Sequence[int], vectors: NDArray[np.float32], texts: Sequence[str]) -> list[int]:
    """The rows of a cluster, those nearest its middle first; of equals the shortest."""
    middle = vectors[list(rows)].mean(0)
    cosines = {row: round(float(vectors[row] @ middle), 3) for row in rows}
    return sorted(rows, key=lambda row: (-cosines[row], len(texts[row]), row))


def _words(text: str) -> list[str]:
    return [word for word in _WORD.findall(text.casefold()) if word not in _ASKING]


def _best(count: Counter[str], everywhere: Counter[str], mean: float) -> list[str]:
    total = sum(count.values()) or 1
    weighed = {word: n / total * math.log(1 + mean / everywhere[word]) for word, n in count.items()}
    return sorted(weighed, key=lambda word: (-weighed[word], word))[:TERMS]
