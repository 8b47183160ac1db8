"""The words of a question that say what it is about, and which of them stand in a text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Terms", "keywords", "stems"]

_WORD = re.compile(r"\w+(?:['’]\w+)?")
_STOP = frozenset(
    (
        "a an and any are as at be been but by can could did do does for from had has have how i if in into is it "
        "its me my no not of on or our s shall should so such t than that the their them then there these they "
        "this those to too us was we were what when where which who whom whose why will with would you your d ll "
        "m re ve about also just please tell get gets use uses used using make makes need needs want work works "
        "happen happens happened mean means take takes find know give go goes see way thing long much many often kind "
        "type called say says best good first wer wie was wann wo warum der die das ein eine ist und qui que quoi "
        "quand comment le la les est quién qué cuándo cómo dónde el los las es"
    ).split()
)


def keywords(question: str) -> str:
    """The words of a question that say what it is about; all of them where none does."""
    words = _WORD.findall(question)
    return " ".join([w for w in words if w.lower() not in _STOP] or words)


def stems(words: Sequence[str]) -> list[str]:
    """The English stem of each lower-cased word."""
    found: list[str] = _stemmer().stemWords(list(words))
    return found


@cache
def _stemmer() -> Any:
    import Stemmer

    return Stemmer.Stemmer("english")


@dataclass(frozen=True, slots=True)
class Terms:
    """A question's content words by their stems, each weighted by how few of the passages found have it."""

    stems: tuple[str, ...]
    weights: NDArray[np.float64]
    """(stems,), adding up to one."""

    @classmethod
    def of(cls, question: str, texts: Sequence[str]) -> Terms:
        """texts: lower-cased, those of the passages found."""
        content = keywords(question.lower()).split()
        stems = tuple(dict.fromkeys(map(_beginning, content, _stemmer().stemWords(content))))
        have = np.array([sum(_has(text, stem) for text in texts) for stem in stems], float)
        weights = np.log((len(texts) + 1.5) / (have + 0.5))
        return cls(stems, weights / max(weights.sum(), 1e-9))

    def found_in(self, text: str) -> NDArray[np.bool_]:
        """(stems,). text: lower-cased."""
        return np.array([_has(text, stem) for stem in self.stems], bool)


def _beginning(word: str, stem: str) -> str:
    """What a word and its other forms begin with: the stem of city and cities is 'citi', which stands in one of them."""
    return stem[:-1] if stem.endswith("i") and word.endswith(("y", "ies")) else stem


def _has(text: str, stem: str) -> bool:
    """A stem of three letters or fewer must begin a word; a longer one may stand in a compound."""
    at = text.find(stem)
    if len(stem) > 3:
        return at >= 0
    while at >= 0:
        if at == 0 or not text[at - 1].isalnum():
            return True
        at = text.find(stem, at + 1)
    return False
