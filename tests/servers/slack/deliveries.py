"""How what happens reaches the app: over its sockets or by signed POST, again where it is not acknowledged.

https://docs.slack.dev/apis/events-api#retries: at once, after a minute, after five minutes.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

__all__ = ["Ack", "Attempt", "Deliveries", "Delivery", "Way"]

Json = dict[str, Any]


@dataclass
class Attempt:
    number: int
    """0, and more for deliveries again."""
    reason: str
    """Why again, as Slack says it."""
    sent_at: float | None = None
    """By time.monotonic; None: nobody was there to send it to."""
    acked_at: float | None = None
    status: int | None = None
    """Of the answer over HTTP."""
    socket: int | None = None
    """The socket's number."""

    @property
    def latency_s(self) -> float | None:
        return None if self.acked_at is None or self.sent_at is None else self.acked_at - self.sent_at


@dataclass
class Delivery:
    """One event, interaction or command on its way to the app."""

    kind: str
    """events_api, interactive or slash_commands."""
    payload: Json
    on_response: Callable[[Json], None] | None = None
    attempts: list[Attempt] = field(default_factory=list)
    response: Json | None = None
    """What the app sent with its acknowledgement, if anything."""
    is_over: bool = False
    """Acknowledged, or given up."""

    @property
    def acked(self) -> bool:
        return any(a.acked_at is not None for a in self.attempts)

    @property
    def latency_s(self) -> float | None:
        """From the first sending to the first acknowledgement of that sending."""
        return next((a.latency_s for a in self.attempts if a.latency_s is not None), None)

    @property
    def id(self) -> str:
        return str(self.payload.get("event_id") or self.payload.get("trigger_id") or "")


@dataclass(frozen=True)
class Ack:
    delivery: Delivery
    attempt: Attempt
    response: Json | None

    @property
    def kind(self) -> str:
        return self.delivery.kind

    @property
    def latency_s(self) -> float:
        return self.attempt.latency_s or 0.0


class Way(Protocol):
    """Sockets, or POSTs."""

    async def carry(self, delivery: Delivery, attempt: Attempt, within_s: float) -> tuple[bool, Json | None]:
        """Whether it was acknowledged in time, and with what."""


class Deliveries:
    def __init__(self) -> None:
        self.way: Way | None = None
        self.retry_waits_s: tuple[float, ...] = (0.0, 60.0, 300.0)
        """Before an event that was not acknowledged is sent again."""
        self.ack_within_s = 3.0
        self.duplicates = 0
        """So many of the next events are sent twice at once, the second as a retry."""
        self.lost_acks = 0
        """So many of the next acknowledgements get lost."""
        self.is_held = False
        """Events wait until they are let go."""
        self.all: list[Delivery] = []
        self.acks: list[Ack] = []
        self._held: list[Delivery] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._numbers = itertools.count()

    def send(self, delivery: Delivery) -> None:
        """Begin; must be called in the server's loop."""
        self.all.append(delivery)
        if self.is_held:
            self._held.append(delivery)
            return
        self._start(self._carry(delivery))
        if self.duplicates and delivery.kind == "events_api":
            self.duplicates -= 1
            self._start(self._again(delivery))

    def let_go(self, in_order: Callable[[list[Delivery]], list[Delivery]] = list) -> None:
        """Send what was held, in the order that is asked for."""
        self.is_held = False
        for delivery in in_order(self._held):
            self._start(self._carry(delivery))
        self._held = []

    def acknowledged(self, delivery: Delivery, attempt: Attempt, response: Json | None) -> bool:
        """Note it. False where it is to get lost."""
        if self.lost_acks:
            self.lost_acks -= 1
            return False
        attempt.acked_at = time.monotonic()
        self.acks.append(Ack(delivery, attempt, response))
        return True

    def redeliver(self, delivery: Delivery) -> None:
        """Once more the same, as a retry."""
        self._start(self._again(delivery))

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, coroutine: Any) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _again(self, delivery: Delivery) -> None:
        await self._attempt(delivery, 1, "timeout")

    async def _carry(self, delivery: Delivery) -> None:
        waits = (0.0, *self.retry_waits_s) if delivery.kind == "events_api" else (0.0,)
        reason = ""
        for number, wait in enumerate(waits):
            await asyncio.sleep(wait)
            is_acked, reason = await self._attempt(delivery, number, reason)
            if is_acked or reason == "no_retry":
                break
        delivery.is_over = True

    async def _attempt(self, delivery: Delivery, number: int, reason: str) -> tuple[bool, str]:
        attempt = Attempt(number, reason)
        delivery.attempts.append(attempt)
        assert self.way is not None
        is_acked, response = await self.way.carry(delivery, attempt, self.ack_within_s)
        if is_acked and delivery.response is None:
            delivery.response = response
            if delivery.on_response:
                delivery.on_response(response or {})
        if attempt.status is None:
            return is_acked, "timeout"
        return is_acked, "no_retry" if attempt.status == 0 else "http_error"
