"""What stands above an answer that comes apart from its interaction: who asked, and what. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.discord.interactions import Interaction
from adapters.discord.showing.components import Json
from adapters.discord.showing.escaping import length, short
from adapters.discord.showing.quoting import quoted

__all__ = ["headed"]

_CONTENT = 2_000
_QUESTION = 300


def headed(bodies: Sequence[Json], interaction: Interaction, names_asker: bool) -> list[Json]:
    """The bodies, the first of which says what is answered; where that has no room left, in a message before it."""
    first = str(bodies[0].get("content") or "")
    asked = "" if first.startswith("> ") else _question(interaction)
    asker = f"<@{interaction.person.id}>" if names_asker else ""
    heading = "\n".join(filter(None, (asker, asked)))
    if not heading:
        return list(bodies)
    if length(f"{heading}\n{first}") <= _CONTENT:
        return [{**bodies[0], "content": f"{heading}\n{first}".rstrip("\n")}, *bodies[1:]]
    return [{"content": heading, "allowed_mentions": {"parse": []}}, *bodies]


def _question(interaction: Interaction) -> str:
    text = str(interaction.options.get("question") or interaction.message.get("content") or "")
    return next(iter(quoted(short(text, _QUESTION))), "")
