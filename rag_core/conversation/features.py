"""What tells which of the things spoken of a question means: where a mention stands, how often, whether a cited document is
about it, whether it agrees with the slot; and what tells that a question means none of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rag_core.conversation.lexicon import GROUPS
from rag_core.conversation.mentions import content_stems, mentions, tokens
from rag_core.conversation.slots import Slot
from rag_core.conversation.titles import is_person
from rag_core.conversation.told import Told

__all__ = [
    "CANDIDATE_FEATURES",
    "NULL_FEATURES",
    "OTHER",
    "TITLE_CANDIDATE_FEATURES",
    "TITLE_NULL_FEATURES",
    "features",
]

CANDIDATE_FEATURES = (
    "last_answer",
    "last_question",
    "earlier_answer",
    "earlier_question",
    "turns",
    "stood_before",
    "name",
    "initial",
    "words_2",
    "words_4",
    "one_small_word",
    "first",
    "date",
    "plural",
    "person",
    "place",
    "is_what_noun",
    "has_noun",
    "shares",
    "by",
    "article",
    "stood",
    "age",
    "comma",
    "quoted",
    "asked_noun",
    "asked_alone",
    "asked_longest",
    "asked_subject",
)
"""Of a mention, in the order of the weights."""
NULL_FEATURES = (
    "bias",
    "name",
    "new_name",
    "content",
    "led",
    "other",
    "short",
    "no_verb",
    "known",
    "first_person",
    "noun",
    "pointing",
    "many_turns",
    "definite",
    "no_content",
)
"""Of a question, for meaning none of them."""
TITLE_CANDIDATE_FEATURES = (
    "cited",
    "cited_last",
    "cited_twice",
    "cited_always",
    "said",
    "partly_said",
    "first",
    "alone",
    "name",
    "person",
    "plural",
    "the",
    "words_1",
    "words_4",
    "aside",
    "has_noun",
    "shares",
    "asked",
    "stood_before",
    "others_stood",
    "no_such_thing",
    "not_cited",
    "not_cited_asked",
    "not_cited_answered",
)
"""Of the subject of a cited document's title, and the last three of the others behind turns that cite one; else all 0."""
TITLE_NULL_FEATURES = (
    "bias",
    "name",
    "new_name",
    "content",
    "no_content",
    "short",
    "definite",
    "known",
    "first_person",
    "led",
    "no_verb",
    "noun",
    "pointing",
    "named",
    "several",
    "document",
    "content_3",
    "content_5",
)
"""Of a question behind turns that cite titles; all 0 where none do."""
OTHER = frozenset("other else another more others".split())
"""Words by which a question says that something went before."""
_DOCUMENTS = content_stems("article page document doc guide")
_FIRST_PERSON = frozenset("i my we our me us".split())
_OPENS = frozenset(
    "what who whom whose which where when why how is are was were do does did can could will would "
    "should has have had may "
    "am i we in for at on to from if".split()
)


def features(
    question: str, slot: Slot, left: Sequence[Told], everything: Sequence[Told]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Of each candidate (candidates, CANDIDATE_FEATURES), and of the question (NULL_FEATURES,).

    left: the candidates; everything: what the turns speak of, also what the question itself names.
    """
    stems = content_stems(question)
    spoken = [one for one in everything if one.spoken]
    asked = [one for one in spoken if 1 in one.questions]
    names = sum(one.mention.kind == "name" and not one.mention.initial for one in asked)
    longest = max((len(one.mention.text) for one in asked), default=0)
    cited = [one for one in everything if one.titles]
    rows = [
        _of_candidate(one, slot, stems, names, longest) + _of_title(one, slot, stems, left, cited)
        for one in left
    ]
    null = _of_question(question, slot, stems, spoken)
    null += _of_titled(slot, stems, null, cited)
    return np.array(rows, dtype=np.float64), np.array(null, dtype=np.float64)


def _of_title(
    one: Told, slot: Slot, stems: frozenset[str], left: Sequence[Told], cited: Sequence[Told]
) -> list[float]:
    """left: the candidates; cited: those that titles name."""
    m = one.mention
    if not one.titles:
        others = [bool(cited), bool(cited and one.questions), bool(cited and not one.questions)]
        return [0.0] * (len(TITLE_CANDIDATE_FEATURES) - len(others)) + others
    words = m.text.split()
    answers = {back for other in cited for back in other.titles}
    plural = (m.head.endswith("s") and not m.head.endswith("ss")) or " and " in m.text or "&" in words
    large = m.kind == "name" and all(word[0].isupper() for word in words)
    return [
        1.0,
        1 in one.titles,
        len(one.titles) > 1,
        len(one.titles) == len(answers),
        one.spoken,
        any(other.spoken and other.mention.stems < m.stems for other in left),
        one.rank == 0,
        all(other is one or min(other.titles) > min(one.titles) for other in cited),
        m.kind == "name",
        len(words) > 1 and is_person(m),
        plural,
        m.after == "the",
        len(words) == 1,
        len(words) > 3,
        large,
        bool(slot.noun & m.stems),
        bool(m.stems & stems),
        1 in one.questions,
        slot.group in one.stood_for,
        any(other is not one and slot.group in other.stood_for for other in left),
        bool(slot.noun) and not slot.noun & m.stems,
        0.0,
        0.0,
        0.0,
    ]


def _of_titled(
    slot: Slot, stems: frozenset[str], null: Sequence[float], cited: Sequence[Told]
) -> list[float]:
    """null: the question's other features."""
    if not cited:
        return [0.0] * len(TITLE_NULL_FEATURES)
    by_name = dict(zip(NULL_FEATURES, null, strict=True))
    named = frozenset().union(*(one.mention.stems for one in cited))
    kept = [by_name[n] for n in TITLE_NULL_FEATURES if n in by_name]
    own = [
        bool(stems & named),
        len(cited) > 1,
        bool(slot.noun & _DOCUMENTS),
        len(stems) >= 3,
        len(stems) >= 5,
    ]
    return [*kept, *own]


def _of_candidate(one: Told, slot: Slot, stems: frozenset[str], names: int, longest: int) -> list[float]:
    """names: how many the last question has; longest: characters of its longest mention."""
    m = one.mention
    words = m.text.split()
    heads = content_stems(m.head)
    plural = (m.head.endswith("s") and not m.head.endswith("ss")) or m.head in GROUPS or " and " in m.text
    person = m.kind == "name" and 1 <= len(words) <= 3 and m.after not in ("the", "in", "at", "a")
    return [
        1 in one.answers,
        1 in one.questions,
        any(n > 1 for n in one.answers),
        any(n > 1 for n in one.questions),
        min(len(one.questions) + len(one.answers), 4) / 4,
        slot.group in one.stood_for,
        m.kind == "name",
        m.initial,
        len(words) > 1,
        len(words) > 3,
        len(words) == 1 and m.kind == "noun",
        m.position == 0,
        m.kind == "date",
        plural,
        person,
        m.after in ("in", "at", "from", "to", "near"),
        bool(slot.noun) and heads <= slot.noun and len(m.stems) > 1,
        bool(slot.noun & m.stems),
        bool(m.stems & stems),
        m.after == "by",
        m.after in ("the", "a", "an"),
        bool(one.stood_for),
        min([*one.questions, *one.answers, *one.titles]) / 5,
        m.after == ",",
        m.after == '"',
        1 in one.questions and m.kind == "noun" and not names,
        1 in one.questions and m.kind == "name" and names == 1,
        1 in one.questions and len(m.text) == longest,
        1 in one.questions and m.after in ("the", "a", "an", "my", "our") and m.position == 0,
    ]


def _of_question(question: str, slot: Slot, stems: frozenset[str], everything: Sequence[Told]) -> list[float]:
    words = [token for token in tokens(question) if token.is_word]
    lowers = {token.lower for token in words}
    names = [m for m in mentions(question) if m.kind == "name" and not m.initial]
    known = frozenset().union(*(one.mention.stems for one in everything))
    new = [m for m in names if not m.stems & known]
    return [
        1.0,
        bool(names),
        bool(new),
        min(len(stems), 8) / 8,
        slot.led,
        bool(lowers & OTHER),
        len(words) <= 3,
        not (words and words[0].lower in _OPENS),
        len(stems & known) / max(len(stems), 1),
        bool(lowers & _FIRST_PERSON),
        bool(slot.noun),
        slot.pointing,
        sum(bool(one.questions) for one in everything) > 8,
        "the" in lowers,
        not stems,
    ]
