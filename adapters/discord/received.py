"""What a part of the bot is given to handle."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from adapters.discord.rest.rest import Rest
from adapters.inbox import Delivery, Note

__all__ = ["PLATFORM", "First", "Handler", "Json", "Received"]

PLATFORM = "discord"
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Received:
    """A delivery of Discord's, and what speaks to it."""

    delivery: Delivery
    rest: Rest
    note: Note
    """Keeps what another attempt must know, durably."""

    @property
    def body(self) -> Mapping[str, Any]:
        """In Discord's own words (adapters/discord/arrivals.py)."""
        return self.delivery.payload


Handler = Callable[[Received], Awaitable[None]]
"""Raises Unavailable for another attempt; anything else is told to the person concerned."""
First = Callable[[Mapping[str, Any], Rest], Awaitable[Json]]
"""An interaction's payload -> Discord's interaction response, such as a modal or a deferral. It takes a second at most,
since Discord waits for three; where it takes longer or raises, the interaction is deferred, and the handler goes on."""
