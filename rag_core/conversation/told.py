"""The things that the turns of a thread speak of, and those that the documents cited in it are about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rag_core.conversation.mentions import Mention, content_stems, mentions
from rag_core.conversation.slots import Group
from rag_core.conversation.titles import subject
from rag_core.types import Turn

__all__ = ["Told", "told"]

ANSWERS = 2
"""How many of the latest answers are looked at; questions are all."""
TITLES = 3
"""Of the documents that an answer cites, how many are looked at."""
LONGEST_ANSWER = 600
"""Characters of an answer that are looked at."""


@dataclass(slots=True)
class Told:
    """One thing that was spoken of, over all turns in which it was."""

    mention: Mention
    """Where it stands last."""
    questions: list[int] = field(default_factory=list)
    """How many questions back from the one to resolve, 1 is the last."""
    answers: list[int] = field(default_factory=list)
    titles: list[int] = field(default_factory=list)
    """How many questions back answers cite a document about it, the latest ANSWERS and those before them."""
    rank: int = 0
    """Where its title stands among those that the latest of these answers cites."""
    stood_for: set[Group] = field(default_factory=set)
    """The groups of slots it stood in for, in earlier questions."""

    @property
    def spoken(self) -> bool:
        """Whether anyone said it; else it is only what a cited document is about."""
        return bool(self.questions or self.answers)


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
        for rank, title in enumerate(turn.titles[:TITLES]):
            if about := subject(title):
                one = found.setdefault(about.stems, Told(about))
                if back not in one.titles:
                    one.titles.append(back)
                one.rank = rank
        if turn.role == "assistant" and back > ANSWERS:
            continue
        for mention in mentions(turn.text[:LONGEST_ANSWER]):
            one = found.setdefault(mention.stems, Told(mention))
            one.mention = mention
            (one.questions if turn.role == "user" else one.answers).append(back)
    for text, group in stood:
        if one := found.get(content_stems(text)):  # type: ignore[assignment]
            one.stood_for.add(group)
    return [one for one in found.values() if one.spoken or min(one.titles) <= ANSWERS]
