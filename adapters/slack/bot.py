"""What handles each delivery from Slack."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

from adapters.complaints import Complaints
from adapters.inbox import Delivery, Inbox, Note
from adapters.overtaking import Overtaking
from adapters.pacing import Pacing
from adapters.slack.arrivals import Arrival, changed_ts, question_key
from adapters.slack.ids import Ids
from adapters.slack.marks import Marks, SignOf
from adapters.slack.received import INTERRUPTED, Handler, Received
from adapters.slack.web_api.api import Apis
from adapters.slack.web_api.errors import TokenGone

__all__ = ["PLATFORM", "Departed", "Refusal", "SlackBot"]

PLATFORM = "slack"
_OVERTAKING = frozenset({"message_changed", "message_deleted"})
log = logging.getLogger(__name__)

Refusal = Callable[[Mapping[str, Any]], Mapping[str, str]]
"""A modal's payload -> what is wrong, by block id."""
Departed = Callable[[Mapping[str, Any]], Awaitable[None]]
"""What is done about a payload that tells that the app was removed: there is no token any more to do it with."""


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
        departed: Mapping[str, Departed] = MappingProxyType({}),
        sign_of: SignOf | None = None,
    ) -> None:
        """handlers: by the kind of arrival. refusals: by the same, of modals. failed: tells those concerned that it failed,
        under a reference. departed: by the kind of arrival, too. sign_of: for messages that wait; None: they get none."""
        self.ids = ids
        self.command = command
        self.inbox: Inbox | None = None
        self._apis = apis
        self._handlers = handlers
        self._refusals = refusals
        self._failed = failed
        self._departed = departed
        self._marks = Marks(sign_of) if sign_of is not None else None
        self._complaints = Complaints(log)
        self._pacing = Pacing()
        self._overtaking = Overtaking(PLATFORM)

    async def take(self, arrival: Arrival, body: Mapping[str, Any]) -> None:
        assert self.inbox is not None
        if arrival.kind in self._handlers or arrival.kind in self._departed:
            kept = {name: value for name, value in body.items() if name != "token"}
            if arrival.kind in _OVERTAKING and self._interrupt(arrival, body):
                kept[INTERRUPTED] = True
            with self._pacing.arriving():
                await self.inbox.accept(PLATFORM, arrival.key, arrival.kind, arrival.lane, kept)

    def _interrupt(self, arrival: Arrival, body: Mapping[str, Any]) -> bool:
        """End work on a message that was edited or deleted. Whether there was any."""
        assert self.inbox is not None
        event = body.get("event") or {}
        key = question_key(str(event.get("channel", "")), changed_ts(event))
        if self._marks is not None:
            self._marks.clear(key)
        ended = self._overtaking.interrupt(self.inbox, key)
        if arrival.kind == "message_changed":
            self._overtaking.edited(key, arrival.key)
        return ended

    def refuses(self, arrival: Arrival, body: Mapping[str, Any]) -> Mapping[str, str]:
        check = self._refusals.get(arrival.kind)
        return check(body) if check else {}

    def waits(self, delivery: Delivery) -> None:
        """What the inbox calls when a delivery has to wait in its lane."""
        if self._marks is not None and delivery.kind == "message":
            self._marks.put(delivery.key, partial(self._waiting, delivery))

    async def _waiting(self, delivery: Delivery) -> Received:
        received = await self._received(delivery, _nothing)
        await self._pacing.before_question()
        return received

    async def handle(self, delivery: Delivery, note: Note) -> None:
        """What the inbox calls."""
        if delivery.kind in self._departed:
            return await self._departed[delivery.kind](delivery.payload)
        handler = self._handlers.get(delivery.kind)
        if handler is None:  # an earlier version left it, that could do more
            return None
        try:
            received = await self._received(delivery, note)
        except TokenGone as error:  # the app was removed meanwhile: there is nobody who could be told
            return self._complaints.about(f"token {error.code}", error)
        if delivery.kind == "message":
            await self._pacing.before_question()
        try:
            await handler(received)
        except asyncio.CancelledError:
            self._over(delivery)
            raise
        self._over(delivery)  # after an error another attempt goes on, or failed() is called

    async def failed(self, delivery: Delivery, error: BaseException, reference: str) -> None:
        """What the inbox calls when it gives up."""
        if delivery.kind in self._departed:
            return

        try:
            await self._failed(await self._received(delivery, _nothing), reference)
        finally:
            self._over(delivery)

    async def _received(self, delivery: Delivery, note: Note) -> Received:
        api = await self._apis.of(delivery.payload)
        return Received(delivery, api, note, partial(self._take_mark, delivery))

    def _take_mark(self, delivery: Delivery) -> bool:
        return self._marks is not None and self._marks.take(delivery.key)

    def _over(self, delivery: Delivery) -> None:
        """Nothing more is shown of it: nor is a sign that nobody took."""
        if self._marks is not None:
            self._marks.clear(delivery.key)


async def _nothing(progress: Mapping[str, Any]) -> None:
    return
