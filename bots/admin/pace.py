"""How often a person may ask for what takes the time of the models: so that one of them cannot take it from all others."""

from __future__ import annotations

import math
import time
from collections import deque
from dataclasses import dataclass

from fastapi import FastAPI, HTTPException, Request

from rag_core.records.accounts import User

__all__ = ["PREVIEWS", "SEARCHES", "Pace", "Paced", "refuse_flood"]

WINDOW_S = 60.0


@dataclass(frozen=True, slots=True)
class Pace:
    """Of one kind of work."""

    name: str
    most: int
    """Within WINDOW_S."""


PREVIEWS = Pace("previews", 60)
"""Each may ask the language model. An item asks for one when it is opened, so that it is more than anybody reads."""
SEARCHES = Pace("searches", 240)
"""Pages search while somebody types."""


class Paced:
    """What each person asked for lately, in this process: a window that slides."""

    def __init__(self, window_s: float = WINDOW_S) -> None:
        self._window_s = window_s
        self._asked: dict[tuple[str, str], deque[float]] = {}

    def wait_s(self, who: str, pace: Pace, count: int = 1) -> int:
        """Whole seconds to wait before asking again; 0: it may be done, and is counted."""
        now = time.monotonic()
        for key, times in list(self._asked.items()):
            while times and times[0] <= now - self._window_s:
                times.popleft()
            if not times:
                del self._asked[key]
        asked = self._asked.setdefault((who, pace.name), deque())
        over = len(asked) + count - pace.most
        if over > 0 and asked:
            return max(1, math.ceil(asked[min(over, len(asked)) - 1] + self._window_s - now))
        asked.extend([now] * count)
        return 0


def refuse_flood(request: Request, user: User, pace: Pace, count: int = 1) -> None:
    """
    Raises:
        HTTPException: 429, with Retry-After; they asked for as many as they may.
    """
    if wait_s := _paced_of(request.app).wait_s(user.identity, pace, count):
        raise HTTPException(
            429,
            f"You asked for {pace.most} {pace.name} within a minute; go on in {wait_s} s.",
            {"retry-after": str(wait_s)},
        )


def _paced_of(app: FastAPI) -> Paced:
    if not hasattr(app.state, "paced"):
        app.state.paced = Paced()
    paced: Paced = app.state.paced
    return paced
