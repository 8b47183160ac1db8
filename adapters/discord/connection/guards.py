"""One payload that cannot be read ends nothing: discord.py would end the whole client."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import discord

__all__ = ["guard_parsers"]

_GUARDED = "_answerloop_guarded"
log = logging.getLogger(__name__)


def guard_parsers(client: discord.Client) -> None:
    """Have the client skip events that its parsers cannot read, with a line in the log that holds none of their words.

    May be called again, and while the client is connected: the connections share the table of parsers.
    """
    parsers = client._connection.parsers
    for event, parse in parsers.items():
        if not hasattr(parse, _GUARDED):
            parsers[event] = _guarded(event, parse)


def _guarded(event: str, parse: Callable[[Any], None]) -> Callable[[Any], None]:
    def parsed(data: Any) -> None:
        try:
            parse(data)
        except Exception as error:  # its text may hold what people wrote
            log.error(
                "An event %s of Discord's could not be read (%s); it is skipped", event, type(error).__name__
            )

    setattr(parsed, _GUARDED, True)
    return parsed
