"""What keeps an endpoint that cannot be reached, or is too slow, from costing each question its whole time limit.

The breaker of the cache (rag_core/cache/breaker.py) asks in the background whether its server is back. Asking a language
model costs tokens, so here a question is the probe.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from rag_core.errors import Unavailable

__all__ = ["Breaker"]

FAILURES = 3
"""In a row, and requests are held back."""
FIRST_S = 0.25
"""Until the first probe; each that fails doubles the pause …"""
LONGEST_S = 30.0
"""… up to this."""


class Breaker:
    """Lets requests through while they come back; after FAILURES in a row one at a time, and none during a pause.

    name: of the endpoint, for the message. clock: seconds, as time.monotonic gives them.
    """

    def __init__(self, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._clock = clock
        self._failures = 0
        self._pause = 0.0
        self._closed_at = 0.0
        """When the next probe may go."""
        self._probing: object | None = None
        self._reason = ""

    @property
    def is_open(self) -> bool:
        return self._failures >= FAILURES

    def admit(self) -> object:
        """A ticket for one request, to be given back to passed, failed or released.

        Raises:
            Unavailable: the endpoint did not answer lately, and it is not yet time to try again.
        """
        ticket = object()
        if not self.is_open:
            return ticket
        if self._probing is not None or self._clock() < self._closed_at:
            raise Unavailable(
                f"{self._name} is left alone for a moment after it failed {self._failures} times in a row, the last time "
                f"like this: {self._reason}"
            )
        self._probing = ticket
        return ticket

    def passed(self, ticket: object) -> None:
        """It was answered, with whatever."""
        self._failures, self._pause, self._probing = 0, 0.0, None

    def failed(self, ticket: object, reason: str) -> None:
        """It was not answered, or too late."""
        self._failures += 1
        self._reason = reason
        was_probe = self._probing is ticket
        if was_probe:
            self._probing = None
        if self.is_open and (was_probe or not self._pause):
            self._pause = min(self._pause * 2 or FIRST_S, LONGEST_S)
            self._closed_at = self._clock() + self._pause

    def released(self, ticket: object) -> None:
        """Its asker went away before that was known."""
        if self._probing is ticket:
            self._probing = None
