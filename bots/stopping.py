"""When a process is asked to stop: by SIGINT or SIGTERM, and by a second one at once."""

from __future__ import annotations

import asyncio
import signal
import threading
from types import FrameType
from typing import Any

__all__ = ["Stopping"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopping:
    """Use it as a context manager within the event loop: signals are listened to meanwhile."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        """Finish what is being answered, and stop."""
        self.at_once = asyncio.Event()
        """Wait for nothing."""
        self._before: dict[signal.Signals, Any] = {}

    def ask(self) -> None:
        """As a signal does."""
        if self.asked.is_set():
            self.at_once.set()
        self.asked.set()

    def __enter__(self) -> Stopping:
        loop = asyncio.get_running_loop()

        def handle(number: int, frame: FrameType | None) -> None:
            loop.call_soon_threadsafe(self.ask)

        if threading.current_thread() is threading.main_thread():  # signals reach no other
            self._before = {each: signal.signal(each, handle) for each in _SIGNALS}
        return self

    def __exit__(self, *error: object) -> None:
        for each, handler in self._before.items():
            signal.signal(each, handler)
