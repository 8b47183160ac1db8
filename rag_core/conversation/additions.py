"""'And on Windows?': the previous question, asked of something else."""

from __future__ import annotations

import re

from rag_core.conversation.lexicon import SMALL, Lexicon
from rag_core.conversation.mentions import content_stems, mentions

__all__ = ["listed", "ordinal", "put_in"]

LONGEST = 6
"""Words of what is new; what is longer is a question of its own."""
_YEAR = re.compile(r"\b(?:1\d{3}|20\d\d)\b")
_NUMBER = re.compile(r"\b\d[\d.,]*\b")
_QUESTION_WORD = re.compile(
    r"^(?:what|who|whom|whose|which|where|when|why|how|is|are|was|were|do|does|did|can|could|will|would|should|has|have|"
    r"had|i|we|you|he|she|it|they|if|wer|wie|wo|wann|was|warum|welche[rsn]?|ist|sind|kann|ich|wir|qui|que|quoi|quel(?:le)?s?|"
    r"comment|quand|où|pourquoi|est-ce|je|nous|quién|qué|cómo|cuándo|dónde|cuál(?:es)?|puedo|hay)\b",
    re.IGNORECASE,
)
_ARTICLES = frozenset("the a an my our der die das den dem le la les l un une el los las una".split())
_ITEM = re.compile(r"^\s*(?:\d+[.)]|[-*•])\s+(.+?)\s*$", re.MULTILINE)
_SERIES = re.compile(
    r"((?:[^\s,.;:!?()]+ ){0,3}[^\s,.;:!?()]+(?:, (?:[^\s,.;:!?()]+ ){0,3}[^\s,.;:!?()]+)*),? (?:and|or) "
    r"((?:the |an? )?[^\s,.;:!?()]+(?: [A-Z][^\s,.;:!?()]*)*)"
)
_ORDINALS = (
    ("first", 0),
    ("former", 0),
    ("second", 1),
    ("latter", -1),
    ("third", 2),
    ("fourth", 3),
    ("fifth", 4),
    ("last", -1),
)
_ORDINAL = re.compile(
    rf"\bthe (?P<which>{'|'.join(name for name, _ in _ORDINALS)})(?: (?:one|option|item|point|choice|step))?\b(?! [a-z])",
    re.IGNORECASE,
)


def put_in(new: str, previous: str, lexicon: Lexicon) -> str | None:
    """The previous question with what is new in the place of what is of its kind; None where none is, or where what is new
    is a question of its own.

    A preposition takes the place of the same preposition, a name that of a name, a year that of a year. Where only the
    preposition is new it goes to the end: 'How do I install it' + 'on Windows'.
    """
    words = new.split()
    if not words or len(words) > LONGEST or _QUESTION_WORD.match(new) or not content_stems(new):
        return None
    body, end = _without_end(previous)
    if content_stems(new) <= content_stems(previous):
        return None
    preposition = words[0].lower()
    if preposition in lexicon.prepositions and len(words) > 1:
        place = _phrase_after(body, preposition)
        return (f"{body[: place[0]]}{new}{body[place[1] :]}" if place else f"{body} {new}") + end
    if (place := _same_kind(new, body)) is not None:
        return f"{body[: place[0]]}{new}{body[place[1] :]}{end}"
    return None


def _without_end(question: str) -> tuple[str, str]:
    body = question.rstrip(" ?!.")
    return body, "?" if "?" in question[len(body) :] else ""


def _phrase_after(body: str, preposition: str) -> tuple[int, int] | None:
    """The last place of a preposition with what belongs to it: up to the next small word that is no article."""
    starts = [m.start() for m in re.finditer(rf"\b{re.escape(preposition)}\b", body, re.IGNORECASE)]
    if not starts:
        return None
    start = end = starts[-1]
    for i, match in enumerate(re.finditer(r"\S+", body[start:])):
        word = match[0].lower().strip(",")
        if i and word in SMALL and word not in _ARTICLES:
            break
        end = start + match.end()
    return (start, end) if content_stems(body[start:end]) else None


def _same_kind(new: str, body: str) -> tuple[int, int] | None:
    for pattern in (_YEAR, _NUMBER):
        if pattern.fullmatch(new.strip()):
            places = [m.span() for m in pattern.finditer(body)]
            return places[-1] if places else None
    bare = new.removeprefix("the ").removeprefix("The ")
    if not bare[:1].isupper():
        return None
    names = [m for m in mentions(body) if m.kind == "name" and not m.initial]
    if len(mentions(new)) != 1 or not names:
        return None
    start = body.rfind(names[-1].text)
    return (start, start + len(names[-1].text)) if start >= 0 else None


# --- 'the second one' --------------------------------------------------------------------------------------------


def ordinal(question: str, texts: list[str]) -> tuple[str, str] | None:
    """The question with 'the second one' as what it was among several, and that; None where there were not so many.

    texts: the last messages, latest first.
    """
    match = _ORDINAL.search(question)
    if match is None:
        return None
    at = dict(_ORDINALS)[match["which"].lower()]
    for text in texts:
        items = listed(text)
        if len(items) >= 2 and -len(items) <= at < len(items):
            return f"{question[: match.start()]}{items[at]}{question[match.end() :]}", items[at]
    return None


def listed(text: str) -> list[str]:
    """What a text lists: the items of its list, or else what stands with commas and a last 'and' or 'or' between."""
    items = [_short(item) for item in _ITEM.findall(text)]
    if len(items) >= 2:
        return [item for item in items if item]
    match = _SERIES.search(text)
    if match is None:
        return []
    parts = [*match[1].split(", "), match[2]]
    found = [mentions(part) for part in parts]
    if not all(found):
        return []
    return [found[0][-1].text, *(of[0].text for of in found[1:])]


def _short(item: str) -> str:
    """What an item is about: the words before its first colon, dash or stop."""
    return re.split(r"[:.;–—]| - ", item.replace("**", ""))[0].strip()[:80]
