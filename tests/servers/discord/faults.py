"""What a test makes go wrong at the REST API: limits, refusals, slowness, lost answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.servers.discord.calls import normal
from tests.servers.discord.errors import Refused

__all__ = ["Fault", "Faults"]

Json = dict[str, Any]
BANNED = "error code: 1015"


@dataclass
class Fault:
    route: str
    """Such as POST /channels/{id}/messages, or * for all."""
    times: float
    params: dict[str, str] = field(default_factory=dict)
    """Only with these in the path: channel, message, guild…"""
    error: Refused | None = None
    """None: it is done, and the connection is cut before the answer."""
    via: bool = True
    after: bool = False
    """The call is carried out before it fails."""

    def fits(self, route: str, params: dict[str, str]) -> bool:
        return (
            self.times > 0
            and self.route in ("*", normal(route))
            and all(params.get(name) == value for name, value in self.params.items())
        )


class Faults:
    def __init__(self) -> None:
        self._planned: list[Fault] = []
        self._slow: dict[str, float] = {}
        self.status: int | None = None
        """Every call is answered with it, and nothing else; 0: with a cut connection."""
        self.via = True
        """Answers have the header Via, as those that come from Discord itself."""

    def plan(self, fault: Fault) -> None:
        fault.route = normal(fault.route)
        self._planned.append(fault)

    def limit(
        self, route: str, retry_after: float, times: float, via: bool, is_global: bool, params: dict[str, str]
    ) -> None:
        scope = "global" if is_global else "user"
        headers = {"Retry-After": str(int(retry_after) + 1), "X-RateLimit-Scope": scope}
        headers |= {"X-RateLimit-Global": "true"} if is_global else {}
        extra: Json = {"retry_after": retry_after, "global": is_global}
        error = Refused(0, "You are being rate limited.", status=429, headers=headers, **extra)
        if not via:
            error.body = BANNED
        self.plan(Fault(route, times, params, error, via))

    def slow(self, route: str, seconds: float) -> None:
        self._slow[normal(route)] = seconds

    def delay_of(self, route: str) -> float:
        return self._slow.get(normal(route), self._slow.get("*", 0.0))

    def clear(self) -> None:
        self._planned.clear()
        self._slow.clear()
        self.status = None

    def take(self, route: str, params: dict[str, str]) -> Fault | None:
        """What was planned for this call, used up."""
        for fault in self._planned:
            if fault.fits(route, params):
                fault.times -= 1
                return fault
        return None
