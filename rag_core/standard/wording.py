"""A question as it is compared: its words, whatever their case, punctuation, white space and Unicode form. Pure."""

from __future__ import annotations

import unicodedata

__all__ = ["folded", "normalised", "words_of"]

_TYPED = str.maketrans(dict.fromkeys("‘’ʼ´`＇", "'") | dict.fromkeys("‐‑‒–—−", "-"))
_MEANT = frozenset("#%&@/\\-")
"""Punctuation that makes another word of it: C#, -v, /etc, @all, 5%."""


def normalised(question: str) -> str:
    """Equal for two wordings that ask the same in the same words; '' where there is none."""
    return " ".join(words_of(question))


def words_of(question: str) -> list[str]:
    """Folded words, without the punctuation around them. What stands within a word, and symbols, stay: 1.5, node.js, C++."""
    text = unicodedata.normalize("NFKC", question.translate(_TYPED))
    text = "".join(c for c in text if unicodedata.category(c) != "Cf")
    return [folded(word) for word in map(_bare, text.split()) if word]


def folded(word: str) -> str:
    """Without regard to case, save that of an option: -v is not -V."""
    if len(word) == 2 and word[0] == "-":
        return word
    return unicodedata.normalize("NFKC", word.casefold())


def _bare(token: str) -> str:
    start, end = 0, len(token)
    while end > start and _says_nothing(token[end - 1], at_end=True):
        end -= 1
    while start < end and _says_nothing(token[start]):
        start += 1
    if start < end and token[:start].endswith(".") and not token[:start].endswith(".."):  # .env, .net
        start -= 1
    return token[start:end]


def _says_nothing(character: str, at_end: bool = False) -> bool:
    """Whether it is punctuation that means nothing at the beginning or the end of a word."""
    if character in _MEANT:
        return at_end and character == "-"
    return unicodedata.category(character)[0] in "PC"
