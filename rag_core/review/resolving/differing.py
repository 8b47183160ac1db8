"""Two texts, word by word. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

__all__ = ["MOST_WORDS", "Change", "difference"]

MOST_WORDS = 3_000
"""Of each text that are compared: the time grows with the product of both."""
_WORDS = re.compile(r"\s*\S+|\s+$")


@dataclass(frozen=True, slots=True)
class Change:
    kind: Literal["same", "gone", "new"]
    text: str


def difference(before: str, after: str) -> list[Change]:
    """What of each text stays, what is gone, what is new. Words are the same whatever white space is before them; what stays
    is shown as it is in `after`. What lies beyond MOST_WORDS is taken as gone and new."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    keys = [word.strip() for word in old[:MOST_WORDS]], [word.strip() for word in new[:MOST_WORDS]]
    changes: list[Change] = []
    for kind, a, b, c, d in SequenceMatcher(None, keys[0], keys[1], autojunk=False).get_opcodes():
        if kind == "equal":
            changes.append(Change("same", "".join(new[c:d])))
            continue
        changes += [Change("gone", "".join(old[a:b]))] if b > a else []
        changes += [Change("new", "".join(new[c:d]))] if d > c else []
    changes += [Change("gone", "".join(old[MOST_WORDS:]))] if len(old) > MOST_WORDS else []
    changes += [Change("new", "".join(new[MOST_WORDS:]))] if len(new) > MOST_WORDS else []
    return changes
