"""Where the event loop hands over work that keeps a core busy: one bounded executor for the whole process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

__all__ = ["Compute"]

P = ParamSpec("P")
T = TypeVar("T")


class Compute:
    """Threads for inference and other work that releases the interpreter lock.

    Two by default, so that a question does not wait behind a batch of passages being embedded.
    """

    def __init__(self, threads: int = 2) -> None:
        self.threads = threads
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="compute")

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, lambda: work(*args, **kwargs))

    def close(self) -> None:
        """Waits for the work that is running; drops what is queued."""
        self._executor.shutdown(wait=True, cancel_futures=True)
