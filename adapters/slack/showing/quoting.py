"""What people wrote, shown to others as quotes that do nothing; and where to write to one person."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.slack.showing.blocks import Json, section, size
from adapters.slack.showing.escaping import escaped
from adapters.slack.showing.rendering import message
from adapters.slack.web_api.api import Api
from adapters.slack.web_api.errors import NotSupported, ScopeMissing
from adapters.splitting import split

__all__ = ["direct_channel", "messages", "quoted"]

_PIECE, _MARK = 2_700, "> "
_MOST = 11_000
"""As size() counts, of a message's blocks."""


def quoted(text: str) -> list[Json]:
    """The text behind a bar, in sections; none where there are no words."""
    pieces = split(text, _PIECE, _foreseen)
    return [section("\n".join(_MARK + escaped(line) for line in piece.text.split("\n"))) for piece in pieces]


def messages(blocks: Sequence[Json]) -> list[Json]:
    """The blocks as one message, or as several where they are too much for one."""
    groups: list[list[Json]] = [[]]
    for block in blocks:
        if groups[-1] and size([*groups[-1], block]) > _MOST:
            groups.append([])
        groups[-1].append(block)
    return [message(group) for group in groups]


async def direct_channel(api: Api, user: str) -> str:
    """The id to write to a person under.

    Raises:
        SlackRefusal: the person cannot be written to.
        Unavailable: not now.
    """
    try:
        opened = await api.call("conversations.open", users=user)
    except (ScopeMissing, NotSupported):  # chat:write alone reaches a person under their own id
        return user
    return str((opened.get("channel") or {}).get("id") or user)


def _foreseen(text: str) -> int:
    return len(escaped(text)) + len(_MARK) * text.count("\n") if text else 0
