"""Which of the things that were spoken of a question means, if any: a softmax over them and 'none of them'.

The features tell where a mention stands, how often, and whether it agrees with the slot; the weights, one set for each group
of slots, are fitted by training/conversation.py on questions that people have rewritten so that they stand alone.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag_core.conversation.lexicon import GROUPS
from rag_core.conversation.mentions import Mention, content_stems, mentions, tokens
from rag_core.conversation.slots import Group, Slot
from rag_core.types import Turn

__all__ = [
    "CANDIDATE_FEATURES",
    "FITTED",
    "NULL_FEATURES",
    "OTHER",
    "Choice",
    "Told",
    "choose",
    "eligible",
    "features",
    "forget",
    "told",
]

FITTED = Path(__file__).with_name("fitted.json")
ANSWERS = 2
"""How many of the latest answers are looked at; questions are all."""
LONGEST_NAME = 3
"""Words of a person's or thing's full name that takes the place of a shorter one."""
LONGEST_ANSWER = 600
"""Characters of an answer that are looked at."""
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
OTHER = frozenset("other else another more others".split())
"""Words by which a question says that something went before."""
_PLACING = frozenset("in at near".split())
_FIRST_PERSON = frozenset("i my we our me us".split())
_OPENS = frozenset(
    "what who whom whose which where when why how is are was were do does did can could will would "
    "should has have had may "
    "am i we in for at on to from if".split()
)


@dataclass(slots=True)
class Told:
    """One thing that was spoken of, over all turns in which it was."""

    mention: Mention
    """Where it stands last."""
    questions: list[int] = field(default_factory=list)
    """How many questions back from the one to resolve, 1 is the last."""
    answers: list[int] = field(default_factory=list)
    stood_for: set[Group] = field(default_factory=set)
    """The groups of slots it stood in for, in earlier questions."""


@dataclass(frozen=True, slots=True)
class Choice:
    told: Told
    probability: float
    """That it is this one."""
    any: float
    """That it is one of them at all."""


def told(turns: Sequence[Turn], stood: Sequence[tuple[str, Group]] = ()) -> list[Told]:
    """What the turns speak of, oldest first; user's turns as they were rewritten.

    stood: what was put in place of slots in them.
    """
    found: dict[frozenset[str], Told] = {}
    last = len(turns) - sum(t.role == "assistant" for t in turns)
    asked = 0
    for turn in turns:
        asked += turn.role == "user"
        back = last - asked + 1
        if turn.role == "assistant" and back > ANSWERS:
            continue
        for mention in mentions(turn.text[:LONGEST_ANSWER]):
            one = found.setdefault(mention.stems, Told(mention))
            one.mention = mention
            (one.questions if turn.role == "user" else one.answers).append(back)
    for text, group in stood:
        if one := found.get(content_stems(text)):  # type: ignore[assignment]
            one.stood_for.add(group)
    return list(found.values())


def choose(question: str, slot: Slot, candidates: Sequence[Told]) -> Choice | None:
    """The likeliest; None where there is nothing to choose from."""
    stems = content_stems(question)
    left = eligible(slot, stems, candidates)
    if not left:
        return None
    weights = _weights()
    of_candidates, of_question = features(question, slot, left, candidates)
    scores = np.append(
        of_candidates @ weights[slot.group, "candidate"], of_question @ weights[slot.group, "null"]
    )
    likely = np.exp(scores - scores.max())
    likely /= likely.sum()
    best = int(np.argmax(likely[:-1]))
    same = [_overlap(one, left[best]) for one in left]
    return Choice(_in_full(left[best], candidates), float(likely[:-1][same].sum()), float(1 - likely[-1]))


def _overlap(one: Told, other: Told) -> bool:
    """'Zappa' and 'Frank Zappa' mean the same."""
    return one.mention.stems <= other.mention.stems or other.mention.stems <= one.mention.stems


def _in_full(one: Told, candidates: Sequence[Told]) -> Told:
    """'Zappa' as 'Frank Zappa', where that was said."""
    if one.mention.kind != "name":
        return one
    longer = [
        other
        for other in candidates
        if other.mention.kind == "name"
        and one.mention.stems < other.mention.stems
        and other.mention.text.endswith((" " + one.mention.text, "-" + one.mention.text))
        and len(other.mention.text.split()) <= LONGEST_NAME
    ]
    return max(longer, key=lambda other: len(other.questions) + len(other.answers), default=one)


def eligible(slot: Slot, stems: frozenset[str], candidates: Sequence[Told]) -> list[Told]:
    """Those that the question (its stems) does not name itself. Where 'it' may stand for a thing, it is not the place that
    the thing was said to be in."""
    left = [one for one in candidates if not one.mention.stems <= stems]
    if slot.group != "thing":
        return left
    things = [one for one in left if not (one.mention.kind == "name" and one.mention.after in _PLACING)]
    return things if any(1 in one.questions for one in things) else left


def features(
    question: str, slot: Slot, left: Sequence[Told], everything: Sequence[Told]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Of each candidate (candidates, CANDIDATE_FEATURES), and of the question (NULL_FEATURES,).

    left: the candidates; everything: what the turns speak of, also what the question itself names.
    """
    stems = content_stems(question)
    asked = [one for one in everything if 1 in one.questions]
    names = sum(one.mention.kind == "name" and not one.mention.initial for one in asked)
    longest = max((len(one.mention.text) for one in asked), default=0)
    rows = np.array([_of_candidate(one, slot, stems, names, longest) for one in left], dtype=np.float64)
    return rows, np.array(_of_question(question, slot, stems, everything), dtype=np.float64)


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
        min([*one.questions, *one.answers]) / 5,
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


@lru_cache(maxsize=1)
def _weights() -> dict[tuple[Group, str], NDArray[np.float64]]:
    kept = json.loads(FITTED.read_text(encoding="utf-8"))
    return {
        (group, part): np.array(weights[part], dtype=np.float64)
        for group, weights in kept["groups"].items()
        for part in ("candidate", "null")
    }


def forget() -> None:
    """Read the fitted numbers again."""
    _weights.cache_clear()
