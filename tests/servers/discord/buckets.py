"""Rate limits: buckets with their headers, and requests that count as invalid.

https://docs.discord.com/developers/topics/rate-limits
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import Any

from tests.servers.background import Clock
from tests.servers.discord.calls import normal
from tests.servers.discord.errors import Refused

__all__ = ["REAL", "Buckets"]

REAL = {
    "POST /channels/{}/messages": (5, 5.0),
    "PATCH /channels/{}/messages/{}": (5, 5.0),
    "DELETE /channels/{}/messages/{}": (5, 1.0),
    "POST /channels/{}/typing": (5, 5.0),
    "PUT /channels/{}/messages/{}/reactions/{}/@me": (1, 0.25),
    "POST /webhooks/{}/{}": (5, 2.0),
    "PATCH /webhooks/{}/{}/messages/{}": (5, 2.0),
    "POST /users/@me/channels": (10, 10.0),
}
"""About what Discord has: calls, and the seconds that they are for."""
WINDOW_S = 600.0


@dataclass
class Bucket:
    limit: int
    per_s: float
    used: int = 0
    ends_at: float = 0.0


class Buckets:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._paces: dict[str, tuple[int, float]] = {}
        self._buckets: dict[tuple[str, str], Bucket] = {}
        self._invalid: list[tuple[float, int]] = []
        self.limited = 0
        """Calls that were answered with 429 because of a bucket."""
        self.invalid_limit = 10_000
        """With more in ten minutes, nobody answers but Cloudflare."""

    def pace(self, route: str, limit: int, per_s: float) -> None:
        self._paces[normal(route)] = (limit, per_s)

    def clear(self) -> None:
        self._paces.clear()
        self._buckets.clear()

    def enter(self, route: str, major: str) -> dict[str, str]:
        """Takes one of the bucket, and gives the headers that tell of it. Raises 429."""
        limit, per_s = self._paces.get(normal(route), (100_000, 1.0))
        now = self._clock.now()
        bucket = self._buckets.setdefault((normal(route), major), Bucket(limit, per_s))
        if now >= bucket.ends_at:
            bucket.limit, bucket.per_s, bucket.used, bucket.ends_at = limit, per_s, 0, now + per_s
        left = bucket.limit - bucket.used
        wait = bucket.ends_at - now
        headers = {
            "X-RateLimit-Limit": str(bucket.limit),
            "X-RateLimit-Remaining": str(max(0, left - 1)),
            "X-RateLimit-Reset": f"{bucket.ends_at:.3f}",
            "X-RateLimit-Reset-After": f"{wait:.3f}",
            "X-RateLimit-Bucket": hashlib.sha256(normal(route).encode()).hexdigest()[:32],
        }
        if left <= 0:
            self.limited += 1
            headers |= {"X-RateLimit-Scope": "user", "Retry-After": str(math.ceil(wait))}
            extra: dict[str, Any] = {"retry_after": round(wait, 3), "global": False}
            raise Refused(0, "You are being rate limited.", status=429, headers=headers, **extra)
        bucket.used += 1
        return headers

    def note(self, status: int, scope: str | None) -> None:
        """An answer: 401, 403 and 429 (unless shared) are invalid requests."""
        if status in (401, 403) or (status == 429 and scope != "shared"):
            self._invalid.append((self._clock.now(), status))

    @property
    def invalid(self) -> list[int]:
        """Statuses of the invalid requests of the last ten minutes."""
        since = self._clock.now() - WINDOW_S
        return [status for at, status in self._invalid if at >= since]

    @property
    def is_banned(self) -> bool:
        return len(self._invalid) > self.invalid_limit and len(self.invalid) > self.invalid_limit
