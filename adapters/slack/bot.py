"""What handles each delivery from Slack."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from adapters.inbox import Delivery, Inbox, Note
from adapters.slack.api import Apis
from adapters.slack.arrivals import Arrival
from adapters.slack.ids import Ids
from adapters.slack.received import Handler, Received

__all__ = ["PLATFORM", "SlackBot"]

PLATFORM = "slack"
log = logging.getLogger(__name__)

Refusal = Callable[[Mapping[str, Any]], Mapping[str, str]]
"""A modal's payload -> what is wrong, by block id."""


class SlackBot:
    """Takes deliveries into the inbox, and hands each to the part that handles its kind. Implements plugin.Taker."""

    def __init__(
        self,
        apis: Apis,
        ids: Ids,
        command: str,
        handlers: Mapping[str, Handler],
        refusals: Mapping[str, Refusal],
        failed: Callable[[Received, str], Any],
    ) -> None:
        """handlers: by the kind of arrival. refusals: by the same, of modals. failed: tells those concerned that it failed,
        under a reference."""
        self.ids = ids
        self.command = command
        self.inbox: Inbox | None = None
        self._apis = apis
        self._handlers = handlers
        self._refusals = refusals
        self._failed = failed

    async def take(self, arrival: Arrival, body: Mapping[str, Any]) -> None:
        assert self.inbox is not None
        if arrival.kind in self._handlers:
            kept = {name: value for name, value in body.items() if name != "token"}
            await self.inbox.accept(PLATFORM, arrival.key, arrival.kind, arrival.lane, kept)

    def refuses(self, arrival: Arrival, body: Mapping[str, Any]) -> Mapping[str, str]:
        check = self._refusals.get(arrival.kind)
        return check(body) if check else {}

    async def handle(self, delivery: Delivery, note: Note) -> None:
        """What the inbox calls."""
        await self._handlers[delivery.kind](await self._received(delivery, note))

    async def failed(self, delivery: Delivery, error: BaseException, reference: str) -> None:
        """What the inbox calls when it gives up."""

        async def nothing(progress: Mapping[str, Any]) -> None:
            return

        await self._failed(await self._received(delivery, nothing), reference)

    async def _received(self, delivery: Delivery, note: Note) -> Received:
        return Received(delivery, await self._apis.of(delivery.payload), note)
