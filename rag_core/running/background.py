"""Work that goes on beside what is served: what fails is started again."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

__all__ = ["kept_going"]

_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 300.0
log = logging.getLogger(__name__)


async def kept_going(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Run the work until it returns, starting it again after each failure and pausing longer each time.

    name: of the work, in the log.
    """
    pause = _FIRST_PAUSE_S
    while True:
        started = time.monotonic()
        try:
            await work()
            return
        except Exception:
            if time.monotonic() - started > _LONGEST_PAUSE_S:
                pause = _FIRST_PAUSE_S
            log.exception("%s failed; it starts again in %.0f s", name, pause)
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE_S)
