"""Does a text speak of what a question asks, or of something next to it? English; no inference.

A passage that nearly answers has most of the question's words. What then gives it away is what does not match: a number
or name that the question has and the text has not, the opposite of a word of the question, or that the question asks
for what is *not* so. These are the ways in which the unanswerable questions of SQuAD 2.0 were made (Rajpurkar et al.
2018, table 2: negation, antonym, entity swap).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from rag_core.retrieval.terms import keywords, stems

__all__ = ["Alignment", "align"]

MOST = 2.0
"""More mismatches of a kind than this tell nothing new: long questions have many names."""
_WORD = re.compile(r"\w+(?:[-'’.,]\w+)*")
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_DENIES = re.compile(r"\b(?:not|never|without|except|cannot|no longer|\w+n['’]t)\b", re.IGNORECASE)
_ASKS_FOR = re.compile(
    r"^(?:\w+ ){0,4}?(?:what|who|whom|whose|which|where|when|how (?:many|much|long|old|far|often))\b",
    re.IGNORECASE,
)
_TROUBLE = re.compile(r"\b(?:why|i|we|my|our|you|your)\b", re.IGNORECASE)
"""Who says that something does not work for them denies nothing: they describe it, and the documents may not."""
_PREFIXES = ("non-", "non", "un", "in", "im", "ir", "il", "dis", "anti-", "anti", "mis")
_OPPOSITES = """
increase/decrease increase/reduce increase/decline raise/lower rise/fall high/low higher/lower highest/lowest most/least
more/less more/fewer many/few large/small larger/smaller largest/smallest big/small bigger/smaller biggest/smallest
long/short longer/shorter longest/shortest fast/slow faster/slower fastest/slowest before/after first/last early/late
earlier/later earliest/latest old/new older/newer oldest/newest older/younger oldest/youngest north/south east/west
northern/southern eastern/western above/below inside/outside internal/external upper/lower left/right begin/end start/end
start/stop open/close enable/disable add/remove import/export buy/sell win/lose won/lost gain/lose support/oppose
support/reject accept/reject allow/prohibit allow/forbid allow/deny permit/prohibit include/exclude attack/defend
enter/leave arrive/depart join/leave strong/weak stronger/weaker strongest/weakest good/bad better/worse best/worst
major/minor majority/minority maximum/minimum positive/negative success/failure succeed/fail true/false rich/poor
public/private ancient/modern rural/urban simple/complex easy/difficult easy/hard direct/indirect local/global
national/international primary/secondary common/rare always/never same/different active/passive formal/informal
male/female men/women man/woman king/queen birth/death born/died victory/defeat war/peace friend/enemy hot/cold
wet/dry light/dark heavy/light wide/narrow deep/shallow full/empty required/optional mandatory/optional
catholic/protestant
"""


@dataclass(frozen=True, slots=True)
class Alignment:
    """What of a question does not match a text. Counts up to MOST, except denied."""

    names: float
    """Capitalised words of the question, after its first, that do not stand in the text."""
    numbers: float
    opposites: float
    """Words of the question in whose place the text has their opposite."""
    denied: float
    """1.0 where the question asks for what is not so, and the text denies nothing."""


def align(question: str, text: str) -> Alignment:
    """text: what is quoted, with the headings above it."""
    asked, said = _Words.of(question), _Words.of(text)
    return Alignment(
        names=_bounded(sum(1 for name in _names(question) if not said.has(name))),
        numbers=_bounded(len(set(_NUMBER.findall(question)) - set(_NUMBER.findall(text)))),
        opposites=_bounded(_swapped(asked, said) + _turned(asked, said)),
        denied=float(_asks_for_what_is_not(question) and not _DENIES.search(text)),
    )


@dataclass(frozen=True, slots=True)
class _Words:
    """Of a text, lower-cased, and their stems."""

    plain: frozenset[str]
    stems: frozenset[str]

    @classmethod
    def of(cls, text: str) -> _Words:
        words = frozenset(_WORD.findall(text.lower()))
        return cls(words, frozenset(stems(sorted(words))))

    def has(self, word: str) -> bool:
        return word in self.plain or stems([word])[0] in self.stems


def _names(question: str) -> set[str]:
    """Lower-cased. None where every word is capitalised: that is a manner of writing."""
    words = _WORD.findall(question)
    capitals = {word for word in words[1:] if word[0].isupper()}
    if len(words) > 2 and len(capitals) == len(set(words[1:])):
        return set()
    content = set(keywords(question).lower().split())  # not "I"
    return {re.sub(r"['’]s$", "", word.lower()) for word in capitals if word.lower() in content}


def _swapped(asked: _Words, said: _Words) -> int:
    """Words of the question that the text lacks, and has the opposite of."""
    return sum(
        1
        for word in asked.stems - said.stems
        if any(other in said.stems - asked.stems for other in _opposites().get(word, ()))
    )


def _turned(asked: _Words, said: _Words) -> int:
    """'dependent' where the text has 'independent', or the other way round."""
    missing = [word for word in asked.plain - said.plain if len(word) >= 4 and not said.has(word)]
    return sum(1 for word in missing if any(other in said.plain for other in _other_prefixes(word)))


def _other_prefixes(word: str) -> Iterator[str]:
    for prefix in _PREFIXES:
        rest = word.removeprefix(prefix)
        if rest == word:
            yield prefix + word
        elif len(rest) >= 4:
            yield rest


@cache
def _opposites() -> dict[str, tuple[str, ...]]:
    """stem -> the stems of its opposites"""
    found: dict[str, tuple[str, ...]] = {}
    for pair in _OPPOSITES.split():
        one, other = stems(pair.split("/"))
        found[one] = (*found.get(one, ()), other)
        found[other] = (*found.get(other, ()), one)
    return found


def _asks_for_what_is_not(question: str) -> bool:
    asked = _ASKS_FOR.search(question) and _DENIES.search(question)
    return bool(asked) and not _TROUBLE.search(question)


def _bounded(count: int) -> float:
    return min(float(count), MOST)
