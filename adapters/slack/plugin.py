"""The bot added to a Bolt app: what concerns it is taken into the inbox, and only then acknowledged."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.response import BoltResponse

from adapters.slack.arrivals import Arrival, arrival
from adapters.slack.ids import Ids

__all__ = ["Taker", "attach"]


class Taker(Protocol):
    """What takes deliveries; adapters.slack.bot.SlackBot is the real one."""

    ids: Ids
    command: str

    async def take(self, arrival: Arrival, body: Mapping[str, Any]) -> None:
        """Durably, before it returns.

        Raises:
            Unavailable: it cannot be kept now, and must be delivered again.
        """

    def refuses(self, arrival: Arrival, body: Mapping[str, Any]) -> Mapping[str, str]:
        """Of a modal that was submitted: what is wrong, by block id; none: nothing."""


def attach(app: AsyncApp, taker: Taker, *, alone: bool = False) -> None:
    """Add the bot to the app, before or after the app's own listeners.

    Ids of buttons, modals and shortcuts begin with the taker's prefix; what begins otherwise is left to the app. Events reach
    the app's own listeners as well.

    alone: the app has nothing but this bot; what nobody handles is acknowledged too, so that Slack does not send it again.
    """

    async def take(
        req: AsyncBoltRequest, resp: BoltResponse, body: dict[str, Any], next: Callable[[], Awaitable[Any]]
    ) -> BoltResponse | None:
        found = arrival(body, taker.ids, taker.command)
        if found is not None:
            if wrong := taker.refuses(found, body):
                return BoltResponse(status=200, body={"response_action": "errors", "errors": dict(wrong)})
            await taker.take(found, body)
        is_event = body.get("type") == "event_callback"
        ours = alone or found is not None
        if ours and not (is_event and await _others_listen(app, req, resp)):
            return BoltResponse(status=200, body="")
        await next()
        return None

    app.use(take)


async def _others_listen(app: AsyncApp, req: AsyncBoltRequest, resp: BoltResponse) -> bool:
    """Whether the app has a listener of its own for this event: Bolt answers 404 to what no listener takes."""
    for listener in app._async_listeners:
        if await listener.async_matches(req=req, resp=resp):
            return True
    return False
