"""Work that keeps a core busy: off the event loop in one bounded executor, or on it one piece at a time."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

import numpy  # noqa: F401 -- its products are limited below, once it is loaded
from threadpoolctl import threadpool_limits

__all__ = ["Compute", "Turn"]

_ARENA_MAX, _MMAP_THRESHOLD = -8, -3
"""As malloc.h names them."""
P = ParamSpec("P")
T = TypeVar("T")


class Turn:
    """`async with turn`: work on the event loop, in the order of those who came, one piece in a round of the loop."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self.waiting = 0
        """How many would like to work now."""

    async def __aenter__(self) -> None:
        self.waiting += 1
        try:
            await self._lock.acquire()
        finally:
            self.waiting -= 1

    async def __aexit__(self, *_: object) -> None:
        # Let go of in the next round: whoever is ready in this one waits, and nobody does who is alone.
        asyncio.get_running_loop().call_soon(self._lock.release)


class Compute:
    """How this process uses its cores.

    Two threads by default for inference and other work that lets go of the interpreter, so that a question does not wait
    behind a batch of passages being embedded.

    `async with compute.turn` goes before a millisecond or two of work on the event loop. When hundreds ask at once the
    loop sees to everything else between two such pieces, and one asker alone waits for nothing.
    """

    def __init__(self, threads: int = 2) -> None:
        self.threads = threads
        self.turn = Turn()
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="compute")
        # NumPy's products here are small: spread over all cores they wait for each other, up to a hundred times longer
        # than they take on a busy machine.
        threadpool_limits(1, user_api="blas")
        _give_memory_back()

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, lambda: work(*args, **kwargs))

    def close(self) -> None:
        """Waits for the work that is running; drops what is queued."""
        self._executor.shutdown(wait=True, cancel_futures=True)


def _give_memory_back() -> None:
    """With many native threads glibc keeps an arena for each, and what is freed in them: a tenth of the process. Two
    arenas, and large blocks straight from the system, cost no measurable time. Elsewhere nothing is done."""
    with contextlib.suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_ARENA_MAX, 2)
        mallopt(_MMAP_THRESHOLD, 256 * 1024)
