"""How long an event loop keeps what is ready waiting, and what it was doing meanwhile."""

from __future__ import annotations

import asyncio
import gc
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PULSE_S = 0.001
WORTH_KEEPING_S = 0.0002
ROOT = Path(__file__).parents[1]


@dataclass
class Pulse:
    """Sleeps a millisecond, again and again: how much later it wakes is how long the loop was busy with others."""

    late: list[tuple[float, float]] = field(default_factory=list)
    """(when it should have woken, seconds too late)"""

    async def beat(self) -> None:
        while True:
            due = time.perf_counter() + PULSE_S
            await asyncio.sleep(PULSE_S)
            self.late.append((due, time.perf_counter() - due))

    def longest(self, n: int = 1) -> list[tuple[float, float]]:
        return sorted(self.late, key=lambda pair: -pair[1])[:n]


class Callbacks:
    """Times every callback of asyncio's loops, by where a task goes on. Costs some microseconds each.

    asyncio's own debug mode names slow callbacks, too, but it slows each of them, and does not add up the many small
    ones that stand in one turn of the loop.
    """

    def __init__(self) -> None:
        self.spent: dict[str, list[float]] = defaultdict(list)
        self._long: list[tuple[float, float, str]] = []

    @contextmanager
    def watching(self) -> Iterator[None]:
        plain = asyncio.Handle._run

        def timed(handle: Any) -> None:
            where = _where(handle._callback)
            began = time.perf_counter()
            plain(handle)
            self._took(began, where)

        collecting = [0.0]

        def collected(phase: str, info: dict[str, int]) -> None:
            if phase == "start":
                collecting[0] = time.perf_counter()
            else:
                self._took(collecting[0], f"garbage collection, generation {info['generation']}")

        asyncio.Handle._run = timed  # type: ignore[method-assign]
        gc.callbacks.append(collected)
        try:
            yield
        finally:
            asyncio.Handle._run = plain  # type: ignore[method-assign]
            gc.callbacks.remove(collected)

    def _took(self, began: float, where: str) -> None:
        took = time.perf_counter() - began
        self.spent[where].append(took)
        if took >= WORTH_KEEPING_S:
            self._long.append((began, took, where))

    def within(self, due: float, late: float) -> list[tuple[str, int, float]]:
        """What ran between two moments, longest first: where, how many, seconds. Collections lie within callbacks."""
        times: dict[str, list[float]] = defaultdict(list)
        for began, took, where in self._long:
            overlap = min(began + took, due + late) - max(began, due)
            if overlap > 0:
                times[where].append(overlap)
        return sorted(((w, len(t), sum(t)) for w, t in times.items()), key=lambda row: -row[2])

    def by_total(self) -> list[tuple[str, int, float, float]]:
        """Where, how many, seconds in all, the longest."""
        rows = ((w, len(t), sum(t), max(t)) for w, t in self.spent.items())
        return sorted(rows, key=lambda row: -row[2])


def _where(callback: Any) -> str:
    """For a task the line on which its innermost coroutine goes on, else the callback's name."""
    task = getattr(callback, "__self__", None)
    if not isinstance(task, asyncio.Task):
        return str(getattr(callback, "__qualname__", callback))
    awaiting: Any = task.get_coro()
    frame, own = None, None
    while awaiting is not None:
        inner = getattr(awaiting, "cr_frame", None) or getattr(awaiting, "gi_frame", None)
        frame = inner or frame
        if inner is not None and ROOT in Path(inner.f_code.co_filename).parents:
            own = inner
        awaiting = getattr(awaiting, "cr_await", None) or getattr(awaiting, "gi_yieldfrom", None)
    if own is None:
        return _line(frame) if frame else "a task that ends"
    return _line(own) if own is frame else f"{_line(own)} in {frame.f_code.co_name}"


def _line(frame: Any) -> str:
    path = Path(frame.f_code.co_filename)
    name = path.relative_to(ROOT) if ROOT in path.parents else Path(*path.parts[-2:])
    return f"{name}:{frame.f_lineno} {frame.f_code.co_name}"
