"""A sentence in another language than its passage: what can be compared without understanding either. Pure.

Words cannot; numbers, names, codes and commands can. That is less than `grounding` asks, so that the reader is told.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag_core.generation.statements import Statement, plain
from rag_core.generation.writing.languages import language_of
from rag_core.types import Passage

__all__ = ["agrees", "differs"]

_NUMBER = re.compile(r"\d+(?:[.,'’\u00a0\u202f]\d+)*")
_CODE = re.compile(r"`([^`\n]+)`")
_TERM = re.compile(r"[A-Za-z\u00c0-\u024f][\w\u00c0-\u024f]*(?:[-./_][\w\u00c0-\u024f]+)*")
_NOUNS_HAVE_CAPITALS = {"de"}
_LATIN = {"en", "de", "fr", "es", "it", "pt", "nl"}
_BEGINNING = 4
"""Letters that a name has in common in two languages: London, Londres."""


def differs(sentence: str, passages: Sequence[Passage]) -> bool:
    """Whether it is in another language than these passages, as far as can be told."""
    said = language_of(plain(sentence))
    read = language_of(" ".join(p.text for p in passages))
    return bool(said and read) and said != read


def agrees(sentence: str, passage: Passage) -> bool:
    """Whether the passage has every number, name, code and command of the sentence."""
    text = "\n".join((passage.title, *passage.headings, passage.text))
    if any(" ".join(code.split()) not in " ".join(text.split()) for code in _CODE.findall(sentence)):
        return False
    prose = plain(_CODE.sub(" ", sentence))
    there = {_digits(n) for n in _NUMBER.findall(text)} | Statement.of(text).numbers
    if any(_digits(n) not in there for n in _NUMBER.findall(prose)):
        return False
    words = {w.casefold() for w in _TERM.findall(text)}
    return all(any(w.startswith(name.casefold()[:_BEGINNING]) for w in words) for name in _names(prose))


def _digits(number: str) -> str:
    return re.sub(r"\D", "", number).lstrip("0") or "0"


def _names(prose: str) -> list[str]:
    """Words that are no language's own: with digits or capitals inside; where the script is another, all Latin ones."""
    language = language_of(prose)
    names = []
    for match in _TERM.finditer(prose):
        word = match.group()
        begins = not (before := prose[: match.start()].rstrip(" \t\"'“„«([")) or before[-1] in ".!?:\n"
        named = word[0].isupper() and not begins and language not in _NOUNS_HAVE_CAPITALS
        if language not in _LATIN or named or re.search(r"\d|[^\W\d_][A-Z]", word):
            names.append(word)
    return names
