"""One payload that cannot be read ends nothing: discord.py would end the whole client."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

import discord

__all__ = ["guard_parsers"]

_GUARDED = "_answerloop_guarded"
_UPLOAD = 10 * 2**20
"""Bytes that every server takes as a file."""
_CHANNEL, _DIRECT = 0, 1
log = logging.getLogger(__name__)


def guard_parsers(client: discord.Client) -> None:
    """Have the client skip events that its parsers cannot read, with a line in the log that holds none of their words.

    May be called again, and while the client is connected: the connections share the table of parsers.
    """
    parsers = client._connection.parsers
    for event, parse in parsers.items():
        if not hasattr(parse, _GUARDED):
            complete = partial(_complete, client) if event == "INTERACTION_CREATE" else None
            parsers[event] = _guarded(event, parse, complete)


def _complete(client: discord.Client, data: Any) -> None:
    """What discord.py insists on in an interaction. Of a channel that it does not know nothing but the id is told: it is one
    without a name, to be looked up."""
    data.setdefault("version", 1)
    data.setdefault("attachment_size_limit", _UPLOAD)
    if data.get("channel") or not (id := data.get("channel_id")):
        return
    data["channel"] = {"id": id}
    if not data.get("guild_id"):
        data["channel"]["type"] = _DIRECT
    elif client.get_channel(int(id)) is None:
        data["channel"] |= {"type": _CHANNEL, "name": "", "position": 0}


def _guarded(
    event: str, parse: Callable[[Any], None], complete: Callable[[Any], None] | None
) -> Callable[[Any], None]:
    def parsed(data: Any) -> None:
        try:
            if complete is not None:
                complete(data)
            parse(data)
        except Exception as error:  # its text may hold what people wrote
            log.error(
                "An event %s of Discord's could not be read (%s); it is skipped", event, type(error).__name__
            )

    setattr(parsed, _GUARDED, True)
    return parsed
