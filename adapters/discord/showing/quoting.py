"""What people wrote, shown to others as quotes that do nothing. Pure."""

from __future__ import annotations

from adapters.discord.showing.escaping import escaped, length
from adapters.splitting import split

__all__ = ["quoted"]

_MARK = "> "


def quoted(text: str, most: int = 2_000) -> list[str]:
    """The text behind a bar, in parts of at most so many characters; none where there are no words."""
    pieces = split(text, most, _foreseen)
    return ["\n".join(_MARK + escaped(line) for line in piece.text.split("\n")) for piece in pieces]


def _foreseen(text: str) -> int:
    """At least the length of the quote."""
    signs = sum(2 * (not c.isalnum() and not c.isspace()) for c in text)
    return length(text) + signs + (len(_MARK) + 2) * (text.count("\n") + 1) if text else 0
