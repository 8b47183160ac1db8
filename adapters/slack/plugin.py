"""The bot added to a Bolt app: what concerns it is taken into the inbox, and only then acknowledged.

Bolt's own way to a listener does not do. It authorizes each delivery first, and while the Web API is away answers 200 to
what it then drops; it polls every 10 ms for the acknowledgement; and it answers 404 to what no listener takes. So
deliveries are taken before Bolt authorizes them, right after it verified their signature.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.listener.async_listener import AsyncCustomListener
from slack_bolt.listener_matcher.async_listener_matcher import AsyncListenerMatcher
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.middleware.authorization.async_authorization import AsyncAuthorization
from slack_bolt.response import BoltResponse

from adapters.attempts import trace_of
from adapters.complaints import Complaints
from adapters.slack.arrivals import Arrival, arrival
from adapters.slack.ids import Ids
from rag_core.errors import Unavailable

__all__ = ["Taker", "attach", "detach"]

_TAKEN = "answerloop_taken"
"""In Bolt's context: with whom the event lies already."""
_BOLT_ANSWERS = frozenset({"url_verification"})
log = logging.getLogger(__name__)


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

    Ids of buttons, modals and shortcuts begin with the taker's prefix; what begins otherwise is left to the app, and so are
    other commands. Events reach the app's own listeners as well.

    alone: the app has nothing but this bot; what nobody handles is acknowledged too, so that Slack does not send it again.
    """
    taking = _Taking(app, taker, alone)
    steps = app._async_middleware_list
    before = (number for number, step in enumerate(steps) if isinstance(step, AsyncAuthorization))
    steps.insert(next(before, len(steps)), taking)


def detach(app: AsyncApp, taker: Taker) -> None:
    """Take the bot off the app again: what concerns it is no longer acknowledged, so that Slack keeps it for a while."""
    app._async_middleware_list = [
        step for step in app._async_middleware_list if not (isinstance(step, _Taking) and step.taker is taker)
    ]
    app._async_listeners = [
        each for each in app._async_listeners if not (isinstance(each, _Last) and each.taking.taker is taker)
    ]


class _Taking(AsyncMiddleware):
    """Where a delivery is taken, before Bolt goes on with it."""

    def __init__(self, app: AsyncApp, taker: Taker, alone: bool) -> None:
        self.taker = taker
        self._app = app
        self._alone = alone
        self._complaints = Complaints(log, repeat_s=60)
        self._last = _Last(app, self)

    async def async_process(
        self, *, req: AsyncBoltRequest, resp: BoltResponse, next: Callable[[], Awaitable[Any]]
    ) -> BoltResponse | None:
        body = req.body
        try:
            found = arrival(body, self.taker.ids, self.taker.command)
            if found is not None:
                if wrong := self.taker.refuses(found, body):
                    return BoltResponse(status=200, body={"response_action": "errors", "errors": dict(wrong)})
                await self.taker.take(found, body)
        except Unavailable as error:
            self._complaints.about("taking", f"Slack must deliver again what is not taken now: {error}")
            return BoltResponse(status=503, body="")
        except Exception as error:  # Bolt would log its text, which may hold what people wrote
            log.error("A delivery could not be taken: %s", trace_of(error))
            return BoltResponse(status=503, body="")
        if self._alone:
            return await self._answered(body, next)
        if found is None:
            await next()
            return None
        if body.get("type") != "event_callback":
            return _acknowledged()
        req.context[_TAKEN] = self
        self._be_last()
        await next()
        return None

    async def _answered(
        self, body: Mapping[str, Any], next: Callable[[], Awaitable[Any]]
    ) -> BoltResponse | None:
        if body.get("type") in _BOLT_ANSWERS:
            await next()
            return None
        return _acknowledged()

    def _be_last(self) -> None:
        """The app's own listeners, whenever they were added, come before the one for what none of them takes."""
        listeners = self._app._async_listeners
        if not listeners or listeners[-1] is not self._last:
            # another list: deliveries on their way through the old one lose no listener
            self._app._async_listeners = [*(x for x in listeners if x is not self._last), self._last]


class _Last(AsyncCustomListener):
    """Acknowledges an event that is taken and that no listener of the app's own is for: Bolt would answer 404."""

    def __init__(self, app: AsyncApp, taking: _Taking) -> None:
        super().__init__(
            app_name=app.name,
            ack_function=_nothing_more,
            lazy_functions=[],
            matchers=[_IsTaken(taking)],
            middleware=[],
            auto_acknowledgement=True,
        )
        self.taking = taking


class _IsTaken(AsyncListenerMatcher):
    def __init__(self, taking: _Taking) -> None:
        self._taking = taking

    async def async_matches(self, req: AsyncBoltRequest, resp: BoltResponse) -> bool:
        return req.context.get(_TAKEN) is self._taking


async def _nothing_more() -> None:
    return


def _acknowledged() -> BoltResponse:
    return BoltResponse(status=200, body="")
