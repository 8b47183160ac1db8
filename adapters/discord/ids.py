"""Names of our buttons, menus and modals, with a prefix so that they collide with nobody's."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["LONGEST", "Ids"]

LONGEST = 100
"""Characters of a custom id, as Discord takes them."""


@dataclass(frozen=True, slots=True)
class Ids:
    """'vote_good' and an answer's id <-> 'answerloop:vote_good:0f3a…'."""

    prefix: str = "answerloop"

    def of(self, name: str, argument: str = "") -> str:
        """name: of letters, digits and '_'. argument: what it is about, such as an answer's id; it may hold any character.

        Raises:
            ValueError: Discord takes no custom id as long as this.
        """
        id = f"{self.prefix}:{name}:{argument}" if argument else f"{self.prefix}:{name}"
        if len(id) > LONGEST:
            raise ValueError(f"a custom id has at most {LONGEST} characters: {id!r}")
        return id

    def parts(self, id: str) -> tuple[str, str] | None:
        """Name and argument; None where the id is not ours."""
        start = f"{self.prefix}:"
        if not id.startswith(start):
            return None
        name, _, argument = id[len(start) :].partition(":")
        return (name, argument) if name else None

    @property
    def pattern(self) -> str:
        """A regular expression that our ids match, and no others."""
        return rf"{self.prefix}:(?P<name>\w+)(?::(?P<argument>.*))?"
