"""A thread's turns -> one standalone question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag_core.types import Turn

if TYPE_CHECKING:
    from rag_core.generation.protocol import LanguageModel
    from rag_core.settings import Conversation

__all__ = ["Rewriter", "Standalone", "recent", "stand_alone"]

LONGEST = 2_000
"""Characters of one turn that are looked at."""


@dataclass(frozen=True, slots=True)
class Standalone:
    """A question as it is searched and answered."""

    text: str
    follows_up: bool = False
    """Whether it leans on what was said before."""


class Rewriter:
    """Makes a question of its own from one that follows up on others."""

    def __init__(self, settings: Conversation, model: LanguageModel | None = None) -> None:
        """model: rewrites follow-ups; None: rules alone."""
        self.turns = settings.turns
        self._settings = settings
        self._model = model

    async def __call__(self, question: str, turns: Sequence[Turn]) -> Standalone:
        """turns: those before the question, oldest first."""
        return stand_alone(question, turns)


def recent(turns: Sequence[Turn], most: int) -> tuple[Turn, ...]:
    """The latest turns, each cut to LONGEST characters."""
    kept = turns[-most:] if most else ()
    return tuple(Turn(turn.role, turn.text[:LONGEST], turn.answer) for turn in kept)


def stand_alone(question: str, turns: Sequence[Turn]) -> Standalone:
    """The question with what it leans on, taken from the turns before it, oldest first."""
    return Standalone(question)
