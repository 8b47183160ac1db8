"""Do two questions ask the same? A strict reading of English questions, for the semantic cache.

Vectors of questions that differ in a number, a name or a 'not' lie as near to each other as those of paraphrases. So what
a question says is read word by word: only words known to be harmless are left out, only known pairs are exchanged, and
all that remains has to be equal and in the same order. In doubt two questions are different.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from rag_core.cache.wording import (
    AUXILIARIES,
    BE,
    COMMON,
    DETERMINERS,
    ENGLISH,
    EXCHANGES,
    FOREIGN,
    MODALS,
    PREPOSITIONS,
    QUANTIFIERS,
    QUESTION_WORDS,
    SYNONYMS,
    singular,
    unframed,
)

__all__ = ["Reading", "read", "same"]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a question says."""

    key: tuple[str, ...]
    """Readings with different keys are never the same question; a dictionary of these finds the few that may be."""
    words: tuple[str, ...]
    """What it is about, in order."""
    lead: int
    """How many of the words are a phrase before the question proper: 'In Python, how …'."""
    names: frozenset[str]
    """Words written with capitals that a sentence does not ask for, and quoted words."""
    spelled: frozenset[str]
    """All words in lower case as they were typed, with their endings."""
    cased: bool
    """Whether its writer uses capitals at all."""


def same(one: Reading, other: Reading) -> bool:
    """Whether the two ask the same. Never true when in doubt; symmetric."""
    return (
        one.key == other.key
        and (one.words == other.words or _moved(one, other) or _moved(other, one))
        and _names_agree(one, other)
        and _names_agree(other, one)
    )


def _moved(one: Reading, other: Reading) -> bool:
    """Whether the phrase that opens one stands elsewhere in the other: 'how … in Python'."""
    if not one.lead or other.lead:
        return False
    lead, rest = one.words[: one.lead], one.words[one.lead :]
    places = [i for i in range(2, len(rest) + 1) if i == len(rest) or rest[i] in PREPOSITIONS - {"of"}]
    return any(other.words == (*rest[:i], *lead, *rest[i:]) for i in places)


def _names_agree(one: Reading, other: Reading) -> bool:
    """Whether every name of one stands in the other, written with the same capitals or by somebody who writes none."""
    return all(
        name in other.names
        or (not other.cased and name.lower() in other.spelled and name.lower() not in COMMON)
        for name in one.names
    )


LONGEST = 400
"""Characters; a longer question is hardly ever asked twice, and would take long to read."""


def read(question: str) -> Reading:
    """A question's reading. Cheap: some tens of microseconds."""
    text = _typed_plainly(question)
    if not text or len(text) > LONGEST:
        return _verbatim(text)
    quotes: list[str] = []

    def kept(match: re.Match[str]) -> str:
        quotes.append(next(group for group in match.groups() if group is not None))
        return f"{_QUOTE}{len(quotes) - 1}{_QUOTE}"

    plain = unframed(_QUOTED.sub(kept, text.replace(_QUOTE, " ")))
    if not _english(plain):
        return _verbatim(text)
    lead, body = _divided(plain)
    for pattern, replacement in EXCHANGES:
        body = pattern.sub(replacement, body)
    reader = _Reader(quotes, text)
    reader.take(lead)
    return reader.reading(len(reader.words), body)


_TYPOGRAPHY = str.maketrans(dict.fromkeys("“”„«»", '"') | dict.fromkeys("‘’ʼ´", "'"))
_DASHES = re.compile(r"[‐‑‒–—−]")
_QUOTE = "\ue000"
_QUOTED = re.compile(r"`+([^`]+)`+|\"([^\"]+)\"|(?<![\w'])'([^']+)'(?!\w)")
_LETTERS = re.compile(r"[^\W\d_]+")
_TOKEN = re.compile(rf"{_QUOTE}\d+{_QUOTE}|[^\s{_QUOTE}]+")
_WORD = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*'?")
_OPENER = rf"(?:{'|'.join(sorted(QUESTION_WORDS | AUXILIARIES))})\b"
_PHRASE = r" (?!(?:what|which|whom?|whose)\b)[^,.;?!]+?"
_LEAD = (
    re.compile(rf"^((?:when|{'|'.join(sorted(PREPOSITIONS))}){_PHRASE}), (?={_OPENER})", re.IGNORECASE),
    re.compile(rf"^((?:{'|'.join(sorted(PREPOSITIONS))}){_PHRASE}) (?={_OPENER})", re.IGNORECASE),
)
_CONTRACTED = {"won't": "will not", "can't": "can not", "cannot": "can not", "shan't": "shall not"}
_ENDS = {"'re": "are", "'m": "am", "'ve": "have", "'ll": "will", "'d": "would"}
_IS_AFTER = QUESTION_WORDS | frozenset("that there here it he she this".split())


def _typed_plainly(question: str) -> str:
    text = unicodedata.normalize("NFC", question).translate(_TYPOGRAPHY)
    return " ".join(_DASHES.sub("-", text).split())


def _english(text: str) -> bool:
    """Whether a question is surely English: foreign letters in names only, English function words and no others."""
    words = _LETTERS.findall(text)
    if any(not word.isascii() and (word.islower() or not _latin(word)) for word in words):
        return False
    if not FOREIGN.isdisjoint(words):
        return False
    lower = [word.lower() for word in words]
    return not ENGLISH.isdisjoint(lower) or lower[0] in AUXILIARIES if lower else False


def _latin(word: str) -> bool:
    return all("LATIN" in unicodedata.name(letter, "") for letter in word)


def _verbatim(text: str) -> Reading:
    """What cannot be read has to be written the same, but for case and the closing mark."""
    word = text.rstrip(" ?!.？！。").casefold()
    return Reading(("verbatim", word), (word,), 0, frozenset(), frozenset({word}), cased=False)


def _divided(text: str) -> tuple[str, str]:
    """The phrase before the question proper, often none, and the question."""
    text = text.strip(" ?!.,;:")
    for pattern in _LEAD:
        if match := pattern.match(text):
            return match[1], text[match.end() :]
    return "", text


class _Reader:
    """Reads the words of one question."""

    def __init__(self, quotes: list[str], text: str) -> None:
        self.words: list[str] = []
        self._quotes = quotes
        self._text = text
        self._shouted = text.upper() == text
        self._capital = text[0].isupper() and not self._shouted
        self._marks: list[str] = []
        self._names: set[str] = set()
        self._spelled: set[str] = set()

    def reading(self, lead: int, body: str) -> Reading:
        """After the opening phrase, of so many words, was taken."""
        first, _, _ = body.partition(" ")
        if first.lower().removesuffix("n't") in AUXILIARIES | {"canyes", "ca", "wo", "cannot"}:
            self._marks.append("yes or no")
        self.take(body.removeprefix("canyes "))
        words = self.words
        if not lead:
            words = _between(_preposition_last(_negation_first(words)))
        return Reading(
            key=(*sorted(self._marks), "|", *sorted(words)),
            words=tuple(words),
            lead=lead if lead > 1 else 0,
            names=frozenset(self._names),
            spelled=frozenset(self._spelled),
            cased=bool(self._names) or self._capital,
        )

    def take(self, text: str) -> None:
        """Read some words."""
        tokens = _TOKEN.findall(text)
        self._supported = False
        starts = self._text.startswith(tuple(tokens[:1]))
        for i, token in enumerate(tokens):
            for word in self._divided(token):
                self._word(word, starts, tokens[i - 1] if i else "", last=i == len(tokens) - 1)
                starts = False
            if token[-1] in ".?!" and i < len(tokens) - 1:
                self.words.append(".")
                self._supported, starts = False, True

    def _divided(self, token: str) -> list[str]:
        """The words of one token: two for 'don't' and 'self-hosted', itself for what is no plain word."""
        if token.startswith(_QUOTE):
            quoted = self._quotes[int(token.strip(_QUOTE))]
            if not quoted.isalpha() or quoted.lower() in COMMON | DETERMINERS:
                return [f'"{quoted}"']
            self._names.add(quoted)
            return [quoted]
        token = _bare(token)
        if not _WORD.fullmatch(token):
            return [token] if token else []
        return [word for part in token.split("-") for word in _expanded(part)]

    def _word(self, surface: str, starts: bool, before: str, last: bool) -> None:
        lower = surface.lower()
        plain = surface.isalpha()
        self._spelled.add(lower)
        if plain and not starts and not self._shouted and surface != lower and surface != "I":
            self._names.add(surface)
        if not plain or self._means_itself(surface, lower, starts, before):
            self.words.append(surface)
        elif lower in BE:
            self._marks += ["be", "past"][: 1 + BE[lower]]
            self._supported = True
        elif lower in MODALS:
            self._marks.append(lower)
            self._supported = True
        elif lower in {"do", "does", "did"} and not self._supported and not last:
            self._marks += ["past"] * (lower == "did")
            self._supported = True
        elif lower not in DETERMINERS:
            self._content(lower)

    def _means_itself(self, surface: str, lower: str, starts: bool, before: str) -> bool:
        """Whether capitals make another word of it (US, vitamin A), or a number before it a unit (5 Mb)."""
        if before[-1:].isdigit() and len(surface) <= 3 and lower not in COMMON:
            return True
        capitals = (
            surface.isupper() and surface != "I" and not self._shouted and not (starts and len(surface) == 1)
        )
        return capitals and lower in COMMON | DETERMINERS

    def _content(self, lower: str) -> None:
        if lower == "did":
            self._marks.append("past")
        if lower in {"did", "does"}:
            lower = "do"
        if lower == "which" and not self.words:
            lower = "what"
        if lower == "howto":
            self._supported = True
        stem = singular(lower)
        self.words.append(SYNONYMS.get(lower) or SYNONYMS.get(stem) or stem)


def _bare(token: str) -> str:
    """Without the marks of the sentence around it; those that belong to a name, path or option stay."""
    token = token.rstrip(",;")
    if "(" not in token[1:]:
        token = token.rstrip(")").lstrip("(")
    if "[" not in token[1:]:
        token = token.rstrip("]").lstrip("[")
    token = token.rstrip("?!.,;") or token
    return token[:-1] if token.endswith(":") and len(token) > 2 else token


def _expanded(word: str) -> list[str]:
    lower = word.lower()
    if lower in _CONTRACTED:
        return _CONTRACTED[lower].split()
    if lower.endswith("n't"):
        return [word[:-3], "not"]
    for end, full in _ENDS.items():
        if lower.endswith(end):
            return [word[: -len(end)], full]
    if lower.endswith("'s"):
        return [word[:-2], "is"] if lower[:-2] in _IS_AFTER else [word[:-2]]
    return [word.rstrip("'").replace("'", "")]


def _negation_first(words: list[str]) -> list[str]:
    """'why does it not work' in the order of 'why doesn't it work'; only where no other word can be what is negated."""
    if words.count("not") != 1 or not (QUANTIFIERS | {"and", "or", "but", "."}).isdisjoint(words):
        return words
    at = words.index("not")
    start = int(words[0] in QUESTION_WORDS)
    if not (PREPOSITIONS | {"that", "who", "which"}).isdisjoint(words[start:at]):
        return words
    return [*words[:start], "not", *words[start:at], *words[at + 1 :]]


def _preposition_last(words: list[str]) -> list[str]:
    """'in what country' in the order of 'what country … in'."""
    if len(words) > 2 and words[0] in PREPOSITIONS and words[1] in {"what", "which", "who"}:
        return ["what" if words[1] == "which" else words[1], *words[2:], words[0]]
    return words


def _between(words: list[str]) -> list[str]:
    """The two sides of a difference in one order."""
    if "between" not in words[1:] or words.count("and") != 1:
        return words
    at, middle = words.index("between"), words.index("and")
    if words[at - 1] not in {"difference", "similarity"} or middle < at:
        return words
    sides = sorted([words[at + 1 : middle], words[middle + 1 :]])
    return [*words[: at + 1], *sides[0], "and", *sides[1]]
