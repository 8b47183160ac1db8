"""Patterns of questions: words, * for any words, {a|b} for alternatives. Matched in time linear in the question.

    how * {reset|change} * password *      how do I reset my password; How can one change a forgotten password today?
    {what is|whats} the wifi password      an alternative may have several words
    {the|} vpn is {down|slow}              or none
    install* * windows                     * within a word stands for any letters

The whole question has to match. Case and punctuation do not count. A pattern needs a word, or the first letters of one,
that is in every question it matches: '*' alone would answer everything.

A regular expression would say more and could take for ever on a hostile question. Here all places of the pattern that
the words so far may lead to are held as the bits of one number (the simulation of an NFA, Thompson 1968; bit-parallel as
in Baeza-Yates and Gonnet 1992): each word of the question costs a few operations, whatever the words before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from rag_core.errors import InvalidEntry
from rag_core.standard.wording import folded, words_of

__all__ = ["LONGEST", "Pattern", "anchors_of"]

LONGEST = 300
"""Characters of a pattern."""
BEGINNING = 3
"""Letters before a * that narrow down where to look."""
_PART = re.compile(r"\{[^{}]*\}|[^\s{}]+|[{}]")
_ANY = object()
_Word = object | str | tuple[str, ...]
"""Any number of words; a word; the pieces of a word between its asterisks."""


class Pattern:
    """Compiled; holds no state between questions."""

    def __init__(self, text: str) -> None:
        """
        Raises:
            InvalidEntry: it is none, too long, or would match without a single word of its own.
        """
        if len(text) > LONGEST:
            raise InvalidEntry(
                f"pattern: it has {len(text)} characters; shorten it to {LONGEST}, or make several of it."
            )
        self._advance: dict[str, int] = {}
        self._globs: list[tuple[tuple[str, ...], int]] = []
        self._stay = 0
        self._jumps: list[tuple[int, int]] = []
        self.anchors: list[frozenset[str]] = []
        """Of each of these sets every question that matches has a word, or the beginning of a word; see anchors_of."""
        state = 0
        for part in _parts(text):
            state = self._add(part, state)
        self._accept = 1 << state
        self._start = self._jumped(1)
        if not self.anchors:
            raise InvalidEntry(
                f"pattern: {text!r} has no word that a question must have; name one, such as '* password *'."
            )

    def matches(self, words: Sequence[str]) -> bool:
        """words: of the whole question, by rag_core.standard.wording."""
        states = self._start
        for word in words:
            advance = self._advance.get(word, 0)
            for pieces, bits in self._globs:
                if states & bits & ~advance and _fits(pieces, word):
                    advance |= bits
            states = self._jumped((states & advance) << 1 | states & self._stay)
            if not states:
                return False
        return bool(states & self._accept)

    def _add(self, alternatives: list[list[_Word]], state: int) -> int:
        """A part that begins at this state; returns where it ends."""
        anchor = [next(filter(None, map(_anchor, words)), None) for words in alternatives]
        if all(anchor):
            self.anchors.append(frozenset(word for word in anchor if word))
        if len(alternatives) == 1:
            return self._chain(alternatives[0], state)
        ends, last = [], state
        for words in alternatives:
            self._jumps.append((1 << state, 1 << last + 1))
            last = self._chain(words, last + 1)
            ends.append(last)
        self._jumps += [(1 << end, 1 << last + 1) for end in ends]
        return last + 1

    def _chain(self, words: Iterable[_Word], state: int) -> int:
        for word in words:
            if word is _ANY:
                self._stay |= 1 << state
                continue
            if isinstance(word, str):
                self._advance[word] = self._advance.get(word, 0) | 1 << state
            elif isinstance(word, tuple):
                self._globs.append((word, 1 << state))
            state += 1
        return state

    def _jumped(self, states: int) -> int:
        """With the states that can be reached without a word. Jumps lead forward, and stand in their order."""
        for bit, target in self._jumps:
            if states & bit:
                states |= target
        return states


def anchors_of(words: Iterable[str]) -> list[str]:
    """All anchors that a question with these words may have, each once."""
    return list(dict.fromkeys(anchor for word in words for anchor in (word, word[:BEGINNING] + "*")))


def _anchor(word: _Word) -> str | None:
    if isinstance(word, tuple):
        return word[0][:BEGINNING] + "*" if len(word[0]) >= BEGINNING else None
    return word if isinstance(word, str) else None


def _parts(text: str) -> list[list[list[_Word]]]:
    """The alternatives of each part; a single one where there is no choice."""
    parts, end = [], 0
    for match in _PART.finditer(text):
        part, apart = match[0], match.start() > end or not match.start()
        if part in ("{", "}"):
            raise InvalidEntry(f"pattern: {text!r} has a {part} without its other half; braces do not nest.")
        if not (part.startswith("{") or "*" in part or words_of(part)):  # punctuation, also next to braces
            continue
        if not apart:
            raise InvalidEntry(
                f"pattern: {text!r} needs a space before {part!r}; write whole words, {{login|logout}}."
            )
        end = match.end()
        if part.startswith("{"):
            parts.append([_words(alternative) for alternative in part[1:-1].split("|")])
        elif "|" in part:
            raise InvalidEntry(f"pattern: {text!r} has a | outside of braces; write {{one|other}}.")
        else:
            parts.append([_words(part)])
    return parts


def _words(text: str) -> list[_Word]:
    words: list[_Word] = []
    for token in text.split():
        if not token.strip("*"):
            words.append(_ANY)
        elif "*" in token:
            words.append(tuple(folded(piece) for piece in token.strip("?!.,;:()\"'").split("*")))
        else:
            words += words_of(token)
    return words


def _fits(pieces: tuple[str, ...], word: str) -> bool:
    """Whether the pieces stand in the word in their order, the first at its beginning and the last at its end."""
    first, last = pieces[0], pieces[-1]
    if len(word) < len(first) + len(last) or not (word.startswith(first) and word.endswith(last)):
        return False
    at, end = len(first), len(word) - len(last)
    for piece in pieces[1:-1]:
        found = word.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True
