"""Which of the things that were spoken of a question means, if any: a softmax over them and 'none of them'.

The weights of the features, one set for each group of slots, are fitted by training/conversation.py on questions that people
have rewritten so that they stand alone. Those of cited titles come on top of the others, which are what they were without.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag_core.conversation.features import features
from rag_core.conversation.mentions import content_stems
from rag_core.conversation.slots import Group, Slot
from rag_core.conversation.titles import is_person
from rag_core.conversation.told import Told

__all__ = ["FITTED", "Choice", "choose", "eligible", "forget"]

FITTED = Path(__file__).with_name("fitted.json")
LONGEST_NAME = 3
"""Words of a person's or thing's full name that takes the place of a shorter one."""
_PLACING = frozenset("in at near".split())


@dataclass(frozen=True, slots=True)
class Choice:
    told: Told
    probability: float
    """That it is this one."""
    any: float
    """That it is one of them at all."""


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
    the thing was said to be in; and 'she' is no document that is named after what nobody is called."""
    left = [one for one in candidates if not one.mention.stems <= stems]
    if slot.group == "person":
        left = [one for one in left if one.spoken or is_person(one.mention)]
    if slot.group != "thing":
        return left
    things = [one for one in left if not (one.mention.kind == "name" and one.mention.after in _PLACING)]
    return things if any(1 in one.questions for one in things) else left


@lru_cache(maxsize=1)
def _weights() -> dict[tuple[Group, str], NDArray[np.float64]]:
    kept = json.loads(FITTED.read_text(encoding="utf-8"))
    return {
        (group, part): np.array(weights[part] + weights[f"title_{part}"], dtype=np.float64)
        for group, weights in kept["groups"].items()
        for part in ("candidate", "null")
    }


def forget() -> None:
    """Read the fitted numbers again."""
    _weights.cache_clear()
