"""What a test makes go wrong at the Web API: limits, refusals, slowness."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from tests.servers.slack.errors import Refused

__all__ = ["Fault", "Faults"]


@dataclass
class Fault:
    method: str
    """Or * for all."""
    error: str
    times: float
    channel: str | None = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    args: dict[str, Any] = field(default_factory=dict)
    """Only calls with these."""

    def fits(self, method: str, args: dict[str, Any]) -> bool:
        return (
            self.times > 0
            and self.method in (method, "*")
            and (self.channel is None or args.get("channel") == self.channel)
            and all(args.get(name) == value for name, value in self.args.items())
        )


class Faults:
    def __init__(self) -> None:
        self._planned: list[Fault] = []
        self._slow: dict[str, float] = {}
        self._paces: dict[str, float] = {}
        self._last: dict[tuple[str, str | None], float] = {}
        self.status: int | None = None
        """Every call is answered with it, and nothing else."""

    def plan(self, fault: Fault) -> None:
        self._planned.append(fault)

    def limit(self, method: str, channel: str | None, times: float, retry_after: float) -> None:
        headers = {"Retry-After": f"{retry_after:g}"}
        self.plan(Fault(method, "ratelimited", times, channel, 429, headers))

    def pace(self, method: str, every_s: float) -> None:
        """Calls that follow each other faster in one channel are answered with 429."""
        self._paces[method] = every_s

    def slow(self, method: str, seconds: float) -> None:
        self._slow[method] = seconds

    def delay_of(self, method: str) -> float:
        return self._slow.get(method, self._slow.get("*", 0.0))

    def clear(self) -> None:
        self._planned.clear()
        self._slow.clear()
        self._paces.clear()
        self.status = None

    def strike(self, method: str, args: dict[str, Any]) -> None:
        """Raises what was planned for this call."""
        for fault in self._planned:
            if fault.fits(method, args):
                fault.times -= 1
                raise Refused(fault.error, status=fault.status, headers=fault.headers)
        self._keep_pace(method, args.get("channel"))

    def _keep_pace(self, method: str, channel: str | None) -> None:
        every = self._paces.get(method)
        if every is None:
            return
        now = time.monotonic()
        wait = self._last.get((method, channel), 0.0) + every - now
        if wait > 0:
            raise Refused("ratelimited", status=429, headers={"Retry-After": str(int(wait) + 1)})
        self._last[method, channel] = now
