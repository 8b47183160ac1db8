"""What a turn speaks of: its names and noun phrases, found by small words and capitals, without a model."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from rag_core.conversation.lexicon import SMALL, VERBS

__all__ = ["Mention", "Token", "content_stems", "mentions", "tokens"]

Kind = Literal["name", "noun", "date"]
LONGEST_NOUN = 4
"""Words of a noun phrase in small letters."""
KEPT = 4_096
"""Texts whose words are remembered: each turn of a thread is looked at again with every question."""
_TOKEN = re.compile(r"[^\W_]+(?:[-'’.&/+#_][^\W_]+)*[+#]{0,2}|[^\w\s]|_")
_JOINS = frozenset("of the de la von van du des der del & for".split())
_BEFORE_VERBS = frozenset("i we you he she it they to not please can't cannot don't".split())
_BEFORE_PARTICIPLES = frozenset("is are was were be been being get gets got it's".split())
_CITED = re.compile(r"\s*\[\d+\]")
_OWNER = re.compile(r"(?:['’]s|(?<=s)['’])$")
_QUOTED = re.compile(r"[\"“]([^\"”\n]{2,60})[,.]?[\"”]")
_MONTH = re.compile(
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december)$"
)
_YEAR = re.compile(r"(?:1\d{3}|20\d\d)s?$")


@dataclass(frozen=True, slots=True)
class Token:
    text: str
    start: int
    end: int

    @property
    def lower(self) -> str:
        return self.text.lower().replace("’", "'")

    @property
    def is_word(self) -> bool:
        return self.text[0].isalnum()

    @property
    def is_small(self) -> bool:
        """'it' and 'us' are, 'IT' and 'US' are not."""
        return self.lower in SMALL and not (len(self.text) > 1 and self.text.isupper())


@dataclass(frozen=True, slots=True)
class Mention:
    """A name or noun phrase where it stands."""

    text: str
    stems: frozenset[str]
    """Of its content words."""
    kind: Kind
    position: int
    """How many mentions stand before it in its turn."""
    after: str
    """The small word or sign before it, lower-cased: 'in', 'the', ','; '' at the beginning."""
    initial: bool
    """A name only by the capital at the beginning of a sentence."""

    @property
    def head(self) -> str:
        """The last word, lower-cased: what kind of thing it is."""
        return self.text.rsplit(None, 1)[-1].lower()


def tokens(text: str) -> list[Token]:
    """Words and single signs, in order."""
    return [Token(m[0], m.start(), m.end()) for m in _TOKEN.finditer(text)]


@lru_cache(maxsize=1)
def _stemmer() -> Any:
    import Stemmer

    return Stemmer.Stemmer("english")


@lru_cache(maxsize=KEPT)
def content_stems(text: str) -> frozenset[str]:
    """The stems of the words that say what a text is about."""
    words = [t.lower.removesuffix("'s") for t in tokens(text) if t.is_word and not t.is_small]
    return frozenset(_stemmer().stemWords(words))


@lru_cache(maxsize=KEPT)
def mentions(text: str) -> tuple[Mention, ...]:
    """In order. Citation marks and what is quoted of them are left out."""
    text = _CITED.sub("", text)
    found: list[Mention] = []
    for match in _QUOTED.finditer(text):
        if match[1][0].isupper() and (stems := content_stems(match[1])):
            found.append(Mention(match[1].rstrip(",."), stems, "name", len(found), '"', False))
    for whole, after, initial in _runs(tokens(text)):
        run = _without_verb(whole, after)
        for words, kind in _phrases(run):
            phrase = _OWNER.sub("", " ".join(w.text for w in words))
            if stems := content_stems(phrase):
                weak = initial and words[0] is run[0] and len(words) == 1
                found.append(Mention(phrase, stems, kind, len(found), after, weak))
    return tuple(found)


def _without_verb(run: list[Token], after: str) -> list[Token]:
    """'request parental leave' behind 'I' begins with a verb, and so does 'reorganised' behind 'was'."""
    first = run[0].text
    if not first[0].islower() or (after == "to" and len(run) == 1):
        return run
    if after in _BEFORE_VERBS or (after in _BEFORE_PARTICIPLES and first.endswith(("ed", "ing"))):
        return run[1:]
    return run


def _runs(words: list[Token]) -> Iterator[tuple[list[Token], str, bool]]:
    """Words that stand together without a small word, a verb or a sign between them; the word before; whether they begin a
    sentence."""
    run: list[Token] = []
    after, initial, begins = "", True, True
    for i, token in enumerate(words):
        capital = token.text[0].isupper() and (
            not token.is_small or (not begins and _capital_is_next(words, i))
        )
        joins = (
            bool(run) and token.lower in _JOINS and run[-1].text[0].isupper() and _capital_follows(words, i)
        )
        ends = not token.is_word or (
            (token.is_small or token.lower in VERBS) and not (capital and not begins)
        )
        if joins or not ends:
            if not run:
                initial = begins
            run.append(token)
        else:
            if run:
                yield run, after, initial
            run, after = [], token.lower
        begins = token.text in '.!?\n:•-*"“' if not token.is_word else False
    if run:
        yield run, after, initial


def _capital_is_next(words: list[Token], i: int) -> bool:
    """As in 'My Fair Lady'; 'I' is no part of a name."""
    if words[i].text == "I" or i + 1 == len(words):
        return False
    after = words[i + 1]
    return after.text[0].isupper() and not after.is_small


def _capital_follows(words: list[Token], i: int) -> bool:
    """Within two words, with nothing but joining words between."""
    for token in words[i + 1 : i + 3]:
        if token.text[0].isupper() and not token.is_small:
            return True
        if token.lower not in _JOINS:
            return False
    return False


def _phrases(run: list[Token]) -> Iterator[tuple[list[Token], Kind]]:
    """The names within a run, and its words in small letters; both together where a name goes before them."""
    part: list[Token] = []
    name = False
    parts: list[tuple[list[Token], bool]] = []
    for token in run:
        is_name = (
            token.text[0].isupper() or (token.lower in _JOINS and name) or (token.text[0].isdigit() and name)
        )
        if part and is_name != name:
            parts.append((part, name))
            part = []
        part.append(token)
        name = is_name
    if part:
        parts.append((part, name))
    for words, named in parts:
        if all(_MONTH.match(w.lower) or w.text[0].isdigit() for w in words):
            if any(_MONTH.match(w.lower) or _YEAR.match(w.text) for w in words):
                yield words, "date"
        elif named:
            yield words, "name"
        else:
            yield words[-LONGEST_NOUN:], "noun"
    if len(parts) == 2 and parts[0][1] and len(run) <= LONGEST_NOUN + 1:
        yield run, "noun"
