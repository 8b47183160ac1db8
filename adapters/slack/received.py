"""What a part of the bot is given to handle."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from adapters.inbox import Delivery, Note
from adapters.slack.web_api.api import Api
from adapters.slack.web_api.installations import installation_of

__all__ = ["INTERRUPTED", "Handler", "Received"]

INTERRUPTED = "answerloop_interrupted"
"""Added to an edit's payload when it is taken: its message was being worked on."""


@dataclass(frozen=True, slots=True)
class Received:
    """A delivery of Slack's, and the workspace it came from."""

    delivery: Delivery
    api: Api
    note: Note
    """Keeps what another attempt must know, durably."""
    take_mark: Callable[[], bool] = field(default=lambda: False)
    """Whether it may bear a sign already, as it had to wait. Who takes it sees to it that the sign goes."""

    @property
    def body(self) -> Mapping[str, Any]:
        """As Slack sent it."""
        return self.delivery.payload

    @property
    def event(self) -> Mapping[str, Any]:
        """Of an event: what is in it."""
        event: Mapping[str, Any] = self.body.get("event") or {}
        return event

    @property
    def interrupted(self) -> bool:
        """Of an edit: work on the message as it was ended when this was taken."""
        return bool(self.body.get(INTERRUPTED))

    @property
    def team(self) -> str:
        """The workspace that the app is installed in. The asker's own is elsewhere in the payload."""
        return installation_of(self.body).team


Handler = Callable[[Received], Awaitable[None]]
"""Raises Unavailable for another attempt; anything else is told to the person concerned."""
