"""Names of our buttons, modals and shortcuts, with a prefix so that they collide with nobody's."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Ids"]


@dataclass(frozen=True, slots=True)
class Ids:
    """'vote' <-> 'answerloop_vote', for action ids, callback ids and block ids alike."""

    prefix: str = "answerloop"

    def of(self, name: str) -> str:
        return f"{self.prefix}_{name}"

    def name_of(self, id: str) -> str | None:
        """The name; None where the id is not ours. What follows a ':' makes several of one name differ, and is left out."""
        start = f"{self.prefix}_"
        return id[len(start) :].split(":")[0] or None if id.startswith(start) else None
