"""What a piece of text states, as far as words tell: its terms, numbers, names, and what it denies. Pure.

English; of other languages words and numbers are compared, without stems and stop words of their own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

__all__ = ["OPPOSITES", "Statement", "plain"]

_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)?")
_MARKUP = re.compile(r"\[\d{1,3}\]|[*`~#>|‹›]+|^\s*(?:[-+•]|\d{1,9}[.)])\s+", re.MULTILINE)
_NUMBER_WORDS = {
    word: str(number)
    for number, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
        "eighteen nineteen twenty".split()
    )
    if number != 1  # 'one of them' counts nothing
} | {
    "thirty": "30",
    "forty": "40",
    "fifty": "50",
    "hundred": "100",
    "thousand": "1000",
    "twice": "2",
    "half": "0.5",
}
_SMALL = frozenset(
    (
        "a an the and or but nor so yet if then than that this these those there here it its he his him she her "
        "hers they their theirs them we our us you your i my me who whom whose which what when where why how of "
        "in on at by for from to into onto with within as is are was were be been being am do does did done has "
        "have had having can could may might must shall should will would not no n't also too very just only such "
        "both each any some all more most other another about over under between during after before while "
        "because since until through via per up down out off again once well however therefore thus hence "
        "moreover furthermore additionally overall specifically including include includes included according "
        "document documents passage passages text information context provided provide mentioned stated states "
        "yes yeah sure okay follows following found answer question one used use using like etc s t d ll m re ve der die "
        "das ein eine und oder ist sind war nicht le la les un une et ou est el los las y o es en de del du des"
    ).split()
)
_NEGATIONS = frozenset(
    "not no never none neither nor cannot without nobody nothing nowhere lack lacks lacked n't".split()
)
_OPPOSITE_PAIRS = (
    "increase decrease|increased decreased|increases decreases|rise fall|more less|more fewer|most least|"
    "higher lower|high low|maximum minimum|before after|earlier later|first last|always never|all none|"
    "all some|every some|many few|above below|over under|enable disable|enabled disabled|allow deny|"
    "allowed forbidden|include exclude|includes excludes|included excluded|add remove|added removed|"
    "start stop|begin end|began ended|open close|opened closed|win lose|won lost|accept reject|"
    "accepted rejected|success failure|true false|same different|left right|north south|east west|"
    "northern southern|eastern western|large small|larger smaller|largest smallest|long short|"
    "longer shorter|old new|older newer|oldest newest|strong weak|good bad|better worse|best worst|"
    "early late|male female|public private|internal external|input output|import export|upper lower|"
    "hot cold|common rare|positive negative|legal illegal|possible impossible|required optional|"
    "mandatory optional|supported unsupported|safe dangerous|inside outside|buy sell|bought sold|"
    "majority minority|only also|can cannot|must may|should must"
)
REACH = 4
"""Words behind a 'not', at most, to the one that it denies."""
OPPOSITES: dict[str, frozenset[str]] = {}
for _pair in _OPPOSITE_PAIRS.split("|"):
    _one, _other = _pair.split()
    OPPOSITES[_one] = OPPOSITES.get(_one, frozenset()) | {_other}
    OPPOSITES[_other] = OPPOSITES.get(_other, frozenset()) | {_one}


@cache
def _stemmer() -> Any:
    import Stemmer

    return Stemmer.Stemmer("english")


@dataclass(frozen=True, slots=True)
class Statement:
    """The words of a text."""

    words: tuple[str, ...]
    """All, lower-cased, contractions of 'not' as a word of their own."""
    stems: tuple[str, ...]
    """Of each word; numbers in digits, written alike."""
    content: tuple[int, ...]
    """Which words say what it is about."""
    numbers: frozenset[str]
    names: frozenset[str]
    """Stems of capitalised words that do not begin a sentence."""
    denied: frozenset[str]
    """Stems of the terms that a 'not', 'never' or 'without' stands before."""

    @classmethod
    def of(cls, text: str) -> Statement:
        """Costs some microseconds a word; what was read lately is remembered."""
        return _read(text)


def plain(text: str) -> str:
    """Without citation marks and Markdown's signs."""
    return _MARKUP.sub(" ", text)


@lru_cache(maxsize=2_048)
def _read(text: str) -> Statement:
    words: list[str] = []
    names: list[bool] = []
    text = plain(text)
    for match in _WORD.finditer(text):
        word = match.group()
        lower = word.lower().replace("’", "'")
        if lower.endswith("n't"):
            verb = ["can"] if lower == "can't" else [lower[:-3]] if len(lower) > 3 else []
            words += [*verb, "not"]
            names += [False] * (len(verb) + 1)
            continue
        words.append(lower.removesuffix("'s"))
        names.append(word[0].isupper() and not _begins_sentence(text, match.start()))
    stems = [_number(w) or s for w, s in zip(words, _stemmer().stemWords(words), strict=True)]
    return Statement(
        words=tuple(words),
        stems=tuple(stems),
        content=tuple(i for i, w in enumerate(words) if w not in _SMALL),
        numbers=frozenset(s for s in stems if s[0].isdigit()),
        names=frozenset(s for s, n, w in zip(stems, names, words, strict=True) if n and w not in _SMALL),
        denied=_denied(words, stems),
    )


def _begins_sentence(text: str, at: int) -> bool:
    before = text[max(0, at - 8) : at].rstrip(" \t\"'“‘(«[")
    return not before or before[-1] in ".!?:\n…"


def _number(word: str) -> str:
    """'1,000' and '1000' as one, 'three' as '3'; '' for what is no number."""
    if word[0].isdigit():
        digits = word.replace(",", "") if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", word) else word
        return digits.lstrip("0") or "0"
    return _NUMBER_WORDS.get(word, "")


def _denied(words: Sequence[str], stems: Sequence[str]) -> frozenset[str]:
    """The next term behind each word that denies; 'not only' denies nothing."""
    denied = set()
    for i, word in enumerate(words):
        if word in _NEGATIONS and words[i + 1 : i + 2] != ["only"]:
            reach = range(i + 1, min(i + 1 + REACH, len(words)))
            denied.update([stems[j] for j in reach if words[j] not in _SMALL][:1])
    return frozenset(denied)
