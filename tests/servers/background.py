"""What our local servers share: a thread with a loop of its own, and waiting for what happens there."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any, Self, TypeVar

__all__ = ["Background", "Clock", "until"]

T = TypeVar("T")


class Clock:
    """A platform's own time. A test may move it on; what is signed keeps to the real one."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time() + self.ahead_s

    def advance(self, seconds: float) -> None:
        self.ahead_s += seconds


class Background:
    """Use as a context manager, plain or async; it runs in a thread of its own, so any loop or process may talk to it.

    A server says what listening and hanging up are; both may happen several times, until it is closed.
    """

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    async def _listen(self) -> None:
        """On the port it had, if it listened before."""
        raise NotImplementedError

    async def _hang_up(self) -> None:
        """Connections are dropped, new ones are refused."""
        raise NotImplementedError

    async def _end(self) -> None:
        """For good."""
        await self._hang_up()

    def start(self) -> None:
        """On the port it had, if it ran before."""
        if not self._thread.is_alive():
            self._thread.start()
        self.run(self._listen())

    def stop(self) -> None:
        """Connections are dropped, new ones are refused."""
        self.run(self._hang_up())

    def close(self) -> None:
        self.run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self.close)

    def run(self, coroutine: Any, within_s: float = 20) -> Any:
        """A coroutine in the server's loop, waited for."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(within_s)

    async def awaited(self, coroutine: Any) -> Any:
        """A coroutine in the server's loop, while the caller's own goes on."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(coroutine, self._loop))

    def within(self, action: Callable[[], T]) -> T:
        """Call it in the server's thread, where nothing changes meanwhile."""
        if not self._thread.is_alive() or threading.current_thread() is self._thread:
            return action()

        async def act() -> T:
            return action()

        made: T = self.run(act())
        return made


async def until(happened: Callable[[], T], within_s: float = 20, story: Callable[[], str] | None = None) -> T:
    """Wait until it gives something true, and give that. Raises AssertionError, with the story, after within_s."""
    end = time.monotonic() + within_s
    while not (found := happened()):
        assert time.monotonic() < end, f"Not within {within_s} s; {story() if story else 'waited too long'}"
        await asyncio.sleep(0.01)
    return found
