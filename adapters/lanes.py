"""What is in one lane is worked on in order, one at a time; lanes run side by side."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Awaitable, Callable
from enum import Enum, auto

from rag_core.records.platforms.delivery import Taken

__all__ = ["Fate", "Held", "LaneId", "Lanes"]

LaneId = tuple[str, str]
"""Platform and lane."""


class Fate(Enum):
    """Why a delivery is no longer handled here."""

    INTERRUPTED = auto()
    LOST = auto()
    """Another process took it."""
    RETURNED = auto()
    """This process closes."""


class Held:
    """A delivery that this process holds, until it is done."""

    def __init__(self, taken: Taken) -> None:
        self.taken = taken
        self.delivery = taken.delivery
        """With the number of its present attempt, and what was noted last."""
        self.begun = taken.begun
        self.resting = False
        """Between two attempts."""
        self.fate: Fate | None = None
        self.task: asyncio.Task[None] | None = None
        """What handles it now."""

    @property
    def number(self) -> int:
        return self.taken.number

    def __lt__(self, other: Held) -> bool:
        return self.number < other.number

    def end(self, fate: Fate) -> bool:
        """Stop handling it. False: that is over, or was said before."""
        if self.fate is not None:
            return False
        self.fate = fate
        return self.task is None or self.task.cancel()


class Lanes:
    """work: is given one after the other of each lane; it does not raise. ahead: whether something that another process
    holds comes before this one; asked again every look_s.
    """

    def __init__(
        self,
        work: Callable[[Held], Awaitable[None]],
        ahead: Callable[[Held], Awaitable[bool]],
        look_s: float,
    ) -> None:
        self._work = work
        self._ahead = ahead
        self._look_s = look_s
        self._waiting: dict[LaneId, list[Held]] = {}
        self._workers: dict[LaneId, asyncio.Task[None]] = {}

    def __contains__(self, lane: LaneId) -> bool:
        """Whether something is in it."""
        return lane in self._workers

    @property
    def workers(self) -> set[asyncio.Task[None]]:
        return set(self._workers.values())

    def put(self, held: Held) -> bool:
        """Into its lane, by its number. Whether it has to wait there."""
        lane = held.delivery.platform, held.delivery.lane
        heapq.heappush(self._waiting.setdefault(lane, []), held)
        if lane in self._workers:
            return True
        self._workers[lane] = asyncio.create_task(self._run(lane))
        return held.taken.behind

    def clear(self) -> list[Held]:
        """Take out what has not begun."""
        waiting = [held for lane in self._waiting.values() for held in lane]
        for lane in self._waiting.values():
            lane.clear()
        return waiting

    async def _run(self, lane: LaneId) -> None:
        waiting = self._waiting[lane]
        try:
            while waiting:
                first = waiting[0]
                if first.fate is None and first.taken.behind and await self._ahead(first):
                    await asyncio.sleep(self._look_s)
                    continue
                if waiting and waiting[0] is first:  # while it was asked, one before it may have come
                    heapq.heappop(waiting)
                    if first.fate is None:
                        await self._work(first)
        finally:
            del self._waiting[lane], self._workers[lane]
