"""What keeps the bot from being shut out: Discord bans an address that had 10,000 calls refused within ten minutes.

Refused in this sense are replies of 401, 403 and 429 (https://discord.com/developers/docs/topics/rate-limits).
"""

from __future__ import annotations

import time
from collections import deque

from adapters.discord.rest.calls import Call
from adapters.discord.rest.errors import DiscordRefusal, NotSent

__all__ = ["ClosedPlaces", "InvalidRequests"]

WINDOW_S = 600.0
SLOWED_FROM, MOST = 1_000, 4_000
"""Refused calls within ten minutes from which on calls wait, and from which on none is made. Other processes may share the
address."""
_SLOWEST_S = 5.0


class InvalidRequests:
    """How many calls were refused lately, and what follows from it."""

    def __init__(self, slowed_from: int = SLOWED_FROM, most: int = MOST, window_s: float = WINDOW_S) -> None:
        self._slowed_from, self._most, self._window_s = slowed_from, most, window_s
        self._times: deque[float] = deque()

    @property
    def lately(self) -> int:
        """Refused calls within the window."""
        oldest = time.monotonic() - self._window_s
        while self._times and self._times[0] < oldest:
            self._times.popleft()
        return len(self._times)

    def count(self, status: int, scope: str = "") -> None:
        """A reply came. scope: X-RateLimit-Scope; limits that are 'shared' with other bots do not count."""
        if status in (401, 403) or (status == 429 and scope != "shared"):
            self._times.append(time.monotonic())

    def pause_s(self, call: Call) -> float:
        """How long a call should wait before it is made.

        Raises:
            NotSent: so many were refused that it should not be made at all.
        """
        if (lately := self.lately) < self._slowed_from or call.urgent:
            return 0.0
        if lately < self._most:
            return _SLOWEST_S * (lately - self._slowed_from + 1) / (self._most - self._slowed_from)
        opens_s = self._times[lately - self._most] + self._window_s - time.monotonic()
        raise NotSent(
            f"Discord refused {lately} calls within {self._window_s / 60:.0f} minutes and shuts out who goes on, so I do not"
            f" make {call.name} for {max(opens_s, 1):.0f} s; look in the log for what is refused, and give the bot its"
            " token and permissions"
        )


class ClosedPlaces:
    """Calls that were refused a few times in a channel, server or person, and are not made there for a minute."""

    CODES = frozenset({10003, 10004, 50001, 50013})

    def __init__(self, times: int = 3, kept_s: float = 60.0) -> None:
        """times: within kept_s, so that a mended permission helps at once unless the call is repeated on and on."""
        self._times, self._kept_s = times, kept_s
        self._refused: dict[tuple[str, str], list[tuple[float, DiscordRefusal]]] = {}

    def learn(self, call: Call, refused: DiscordRefusal) -> None:
        """It was refused here."""
        if not call.place or refused.code not in self.CODES:
            return
        if len(self._refused) > 1_000:
            self._refused = {key: each for key, each in self._refused.items() if self._recent(each)}
        before = self._recent(self._refused.get((call.name, call.place), []))
        self._refused[call.name, call.place] = [*before, (time.monotonic(), refused)][-self._times :]

    def opened(self, place: str) -> None:
        """Discord told of a change there."""
        self._refused = {key: each for key, each in self._refused.items() if key[1] != place}

    def took(self, call: Call) -> None:
        """It was taken here."""
        self._refused.pop((call.name, call.place), None)

    def refusal_of(self, call: Call) -> DiscordRefusal | None:
        """What Discord said the last times; None: it may be called."""
        recent = self._recent(self._refused.get((call.name, call.place), []))
        return recent[-1][1] if len(recent) >= self._times else None

    def _recent(self, refused: list[tuple[float, DiscordRefusal]]) -> list[tuple[float, DiscordRefusal]]:
        oldest = time.monotonic() - self._kept_s
        return [each for each in refused if each[0] > oldest]
