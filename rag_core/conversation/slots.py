"""Where a question points back: pronouns and 'the …', in English."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rag_core.conversation.lexicon import VERBS
from rag_core.conversation.mentions import Token, content_stems, mentions, tokens

__all__ = ["Group", "Slot", "slots"]

Group = Literal["person", "plural", "thing", "none"]
"""What kind of mention may stand in a slot: 'none' is for a question without a pronoun, to which something may be missing
all the same."""
_GROUP_OF: dict[str, Group] = {
    **dict.fromkeys(("he", "him", "his", "she", "her", "hers"), "person"),
    **dict.fromkeys(("they", "them", "their", "theirs"), "plural"),
    **dict.fromkeys(("it", "its", "this", "that", "these", "those"), "thing"),
}
_ASKS_FOR = frozenset("what which whose many much of how".split())
_ASKED = re.compile(r"^\W*(?:what|which|who|where) (?:is|are|was|were) the \w+", re.IGNORECASE)
_POSSESSIVE = frozenset("his its their".split())
_POINTING = frozenset("this that these those".split())
_ARTICLES = _POINTING | {"the"}
_IMPERSONAL = re.compile(
    r"\bit(?:'s)? (?:is |be |was )?(?:also |still |really |even )?(?:possible|true|necessary|worth|"
    r"safe|legal|illegal|ok|okay|allowed|"
    r"required|mandatory|better|important|normal|common|easy|hard|difficult|too late|a good idea|enough) |"
    r"\bit (?:take|cost|takes|costs|mean|make sense) (?:\w+ )?(?:to|if|for|when)\b|\b(?:when|if) it comes\b|"
    r"^(?:oh,? |wow,? |ok,? )?(?:that|this|it)(?:'s| is| was| sounds) (?:too|so|very|really|great|"
    r"good|bad|nice|fine|interesting|all|right|true|"
    r"correct|not|an?) ",
    re.IGNORECASE,
)
"""'it' and 'that' that stand for nothing that could be put in their place."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in a question that is to be filled from the turns before it."""

    group: Group
    start: int = 0
    end: int = 0
    possessive: bool = False
    noun: frozenset[str] = frozenset()
    """Of 'the agent', 'this role': the stems of the noun; nothing of a pronoun."""
    pointing: bool = False
    """'this' and 'that' alone, which may stand for all that was said, and not only for a thing."""
    led: bool = False
    """Whether the question names something before the slot, for which it may stand."""


def slots(question: str) -> list[Slot]:
    """In order, at most one of each group; a question without a pronoun has one of the group 'none'."""
    words = tokens(question)
    impersonal = [match.span() for match in _IMPERSONAL.finditer(question)]
    found: dict[Group, Slot] = {}
    for i, token in enumerate(words):
        group = _GROUP_OF.get(token.lower)
        if group is None or token.text in ("IT", "HIS") or any(a <= token.start < b for a, b in impersonal):
            continue
        if (slot := _slot(question, words, i, group)) is not None:
            found.setdefault(group, slot)
    return list(found.values()) or [Slot("none", noun=_definite(words))]


def _slot(question: str, words: Sequence[Token], i: int, group: Group) -> Slot | None:
    token = words[i]
    after = words[i + 1] if i + 1 < len(words) else None
    noun_follows = after is not None and after.is_word and not after.is_small and after.lower not in VERBS
    led = _is_led(question[: token.start])
    if token.lower in _POINTING:
        before = words[i - 1] if i else None
        if (
            before is not None
            and before.is_word
            and not before.is_small
            and after is not None
            and after.is_word
        ):
            return None  # 'the awards that he won', 'I think that …'
        if noun_follows and after is not None:
            return Slot(group, token.start, after.end, noun=content_stems(after.text), led=led)
    possessive = token.lower in _POSSESSIVE or (token.lower == "her" and noun_follows)
    pointing = token.lower in _POINTING
    return Slot(group, token.start, token.end, possessive, pointing=pointing, led=led)


def _is_led(before: str) -> bool:
    """What is asked for itself, 'which benefits does it …', leads no pronoun, and the verb before it, 'who approves it',
    does not either."""
    before = _ASKED.sub("", before)
    found = [m for m in mentions(before) if m.kind != "noun" or not before.rstrip().endswith(m.text)]
    return any(m.position or m.after not in _ASKS_FOR for m in found)


def _definite(words: Sequence[Token]) -> frozenset[str]:
    """The stems of the nouns behind 'the'."""
    nouns = [
        after.text
        for token, after in itertools.pairwise(words)
        if token.lower in _ARTICLES and after.is_word and not after.is_small and after.text[0].islower()
    ]
    return content_stems(" ".join(nouns))
