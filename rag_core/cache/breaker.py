"""What keeps a server that is down, hung or slow from costing each question its time limit."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Literal, TypeVar

__all__ = ["Breaker", "reason_of", "within"]

T = TypeVar("T")
FIRST_S = 0.25
"""From the first failure to the first probe; each that fails doubles the pause …"""
LONGEST_S = 10.0
"""… up to this."""
SLICES = 3
log = logging.getLogger(__name__)


async def within(limit_s: float, work: Coroutine[Any, Any, T]) -> T:
    """What the work gives, unless it takes longer; then it is cancelled.

    The limit is counted in slices, each of which begins when the event loop comes round to it. While the loop is held
    up by something else, only one slice can pass: a reply that lies waiting is read, not counted as late.

    Raises:
        TimeoutError: it took longer.
    """
    task = asyncio.create_task(work)
    try:
        for _ in range(SLICES):
            done, _ = await asyncio.wait((task,), timeout=limit_s / SLICES)
            if task.cancelled():  # by the client itself: not to be taken for the asker's own end
                break
            if done:
                return task.result()
    finally:
        if not task.done():
            task.add_done_callback(lambda t: t.cancelled() or t.exception())  # nobody waits for it any more
            task.cancel()
    raise TimeoutError(f"no reply within {limit_s * 1e3:.0f} ms")


class Breaker:
    """Open while a server does not answer: then it is not asked, except by one probe in the background now and then.

    name: of the server, for the log. probe: asks it as a question would; raises when it does not answer. A change is
    logged once, however many questions meet it.
    """

    def __init__(self, name: str, probe: Callable[[], Awaitable[object]]) -> None:
        self._name = name
        self._probe = probe
        self._state: Literal["connecting", "ready", "down", "closed"] = "connecting"
        self._reason = ""
        self._pause = FIRST_S
        self._ready_since = 0.0
        self._probing: asyncio.Task[None] | None = None
        self._decided = asyncio.Event()

    @property
    def state(self) -> str:
        """'connecting', 'ready', 'closed', or 'down' and why."""
        return f"down ({self._reason})" if self._state == "down" else self._state

    def start(self) -> None:
        """Connect in the background."""
        self._probing = asyncio.create_task(self._probe_until_ready(0.0))

    async def closed(self, limit_s: float) -> bool:
        """Whether the server may be asked; waits at most so long while the first connection is made."""
        if self._state == "connecting":
            try:
                async with asyncio.timeout(limit_s):
                    await self._decided.wait()
            except TimeoutError:
                return False
        return self._state == "ready"

    def failed(self, error: Exception) -> None:
        """Open, and look in the background when the server answers again."""
        if self._state != "ready":
            return
        # One that fails again right after a probe found it well is too slow for questions: the pause goes on growing.
        lasted = time.monotonic() - self._ready_since
        self._pause = FIRST_S if lasted > LONGEST_S else min(self._pause * 2, LONGEST_S)
        self._went_down(error)
        self._probing = asyncio.create_task(self._probe_until_ready(self._pause))

    async def close(self) -> None:
        """Ask no more."""
        self._state = "closed"
        self._decided.set()
        if self._probing is not None and not self._probing.done():
            self._probing.cancel()
            await asyncio.wait((self._probing,), timeout=1)

    async def _probe_until_ready(self, pause: float) -> None:
        while True:
            await asyncio.sleep(pause)
            try:
                await self._probe()
            except Exception as error:
                self._went_down(error)
                pause = self._pause = min(max(pause * 2, FIRST_S), LONGEST_S)
            else:
                self._came_up()
                return

    def _went_down(self, error: Exception) -> None:
        self._reason = reason_of(error)
        if self._state != "down":
            self._state = "down"
            log.warning("%s: %s; answers are given without it", self._name, self._reason)
        self._decided.set()

    def _came_up(self) -> None:
        if self._state == "down":
            log.warning("%s: in use again", self._name)
        self._state, self._reason, self._ready_since = "ready", "", time.monotonic()
        self._decided.set()


def reason_of(error: Exception) -> str:
    """The first line of what it says, for a log."""
    return (str(error).splitlines() or [""])[0][:200] or type(error).__name__
