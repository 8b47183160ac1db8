"""Text -> the words that keyword search compares, for stores that cannot tell words apart well enough themselves.

Both sides go through here: what is stored as the words of a passage, and the question. A word is a run of letters,
digits, marks and underscores, without accents and in lower case; letters may be joined by an apostrophe, digits by a
point or comma. English words are reduced to their stem (Snowball). Scripts that put no spaces between words are
divided into pairs of neighbouring signs, as Lucene's CJKAnalyzer does; passages get the single signs too, so that a
question of one sign finds them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

__all__ = ["passage_words", "question_words"]

LONGEST = 64
"""Characters; what is longer is no word but data, and is left out."""
MOST = 128
"""Different words of a question that are searched, its first ones."""
_ACCENTS = re.compile("[\u0300-\u036f]")
_ENGLISH = re.compile("[a-z][a-z']*")
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
"""Thai, Lao, Burmese, Khmer, kana, Han and Hangul."""
_FIRST_UNSPACED = re.compile(f"[{_UNSPACED}]")
_STOP = frozenset(
    (
        "i me my myself we our ours ourselves you your yours yourself yourselves he him his himself she her hers herself "
        "it its itself they them their theirs themselves what which who whom this that these those am is are was were be "
        "been being have has had having do does did doing would should could ought can will shall may might must i'm "
        "you're he's she's it's we're they're i've you've we've they've i'd you'd he'd she'd we'd they'd i'll you'll "
        "he'll she'll we'll they'll isn't aren't wasn't weren't hasn't haven't hadn't doesn't don't didn't won't "
        "wouldn't shan't shouldn't can't cannot couldn't mustn't let's that's who's what's here's there's when's where's "
        "why's how's a an the and but if or because as until while of at by for with about against between into through "
        "during before after above below to from up down in out on off over under again further then once here there "
        "when where why how all any both each few more most other some such no nor not only own same so than too very"
    ).split()
)
"""Snowball's English stop words: the small words of questions are in every passage and say nothing of any."""


def passage_words(text: str) -> list[str]:
    """All words of a passage, in order."""
    return list(_words(text, singles=True))


def question_words(text: str) -> list[str]:
    """The words to look for, each once; empty where there are none."""
    return list(dict.fromkeys(_words(text, singles=False)))[:MOST]


def _words(text: str, *, singles: bool) -> Iterator[str]:
    plain = (
        unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFKD", text)))
        .casefold()
        .replace("’", "'")
    )
    word, run = _patterns()
    for match in word.finditer(plain):
        for part in run.findall(match[0]):
            if _is_unspaced(part):
                yield from _signs(part, singles)
            elif len(part) <= LONGEST and part not in _STOP:
                yield _stem(part) if _ENGLISH.fullmatch(part) else part


def _signs(run: str, singles: bool) -> Iterator[str]:
    if singles or len(run) == 1:
        yield from run
    for i in range(len(run) - 1):
        yield run[i : i + 2]


@lru_cache(maxsize=50_000)
def _stem(word: str) -> str:
    stem: str = _stemmer().stemWord(word)
    return stem


@lru_cache(maxsize=1)
def _stemmer() -> Any:
    import Stemmer

    return Stemmer.Stemmer("english")


def _is_unspaced(part: str) -> bool:
    return _FIRST_UNSPACED.match(part) is not None


@lru_cache(maxsize=1)
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """A word; and its parts that are, or are not, written without spaces."""
    marks = "".join(c for c in map(chr, range(0x300, 0xFE30)) if unicodedata.category(c) in ("Mn", "Mc"))
    sign = rf"[\w{marks}]"
    word = re.compile(rf"{sign}+(?:(?:(?<=[^\W\d_])'(?=[^\W\d_])|(?<=\d)[.,](?=\d)){sign}+)*")
    return word, re.compile(f"[{_UNSPACED}]+|[^{_UNSPACED}]+")
