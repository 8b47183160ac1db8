"""Sessions of the gateway: who identified, what was sent to them, and what they missed.

https://docs.discord.com/developers/events/gateway#list-of-intents
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

__all__ = ["INTENTS", "Identify", "Session", "Sessions", "Socket"]

Json = dict[str, Any]
INTENTS = {
    "guilds": 1 << 0,
    "guild_members": 1 << 1,
    "guild_presences": 1 << 8,
    "guild_messages": 1 << 9,
    "guild_reactions": 1 << 10,
    "guild_typing": 1 << 11,
    "dm_messages": 1 << 12,
    "dm_reactions": 1 << 13,
    "dm_typing": 1 << 14,
    "message_content": 1 << 15,
}
KNOWN = sum(1 << bit for bit in (*range(17), 20, 21, 24, 25))


class Socket(Protocol):
    def send(self, op: int, data: Any = None, seq: int | None = None, event: str | None = None) -> None: ...

    def close(self, code: int) -> None: ...

    def abort(self) -> None: ...


@dataclass
class Session:
    id: str
    shard: int
    shards: int
    intents: int
    token: str
    seq: int = 0
    sent: list[tuple[int, str, Any]] = field(default_factory=list)
    """Number, event and data of all dispatches so far."""
    socket: Socket | None = None
    """None: it is disconnected, and may resume."""
    is_over: bool = False
    may_resume: bool = True
    resumes: int = 0

    def wants(self, intent: str | None) -> bool:
        return intent is None or bool(self.intents & INTENTS[intent])

    def dispatch(self, event: str, data: Any) -> None:
        self.seq += 1
        self.sent.append((self.seq, event, data))
        if self.socket is not None:
            self.socket.send(0, data, self.seq, event)

    def replay(self, after: int) -> None:
        """What came after it, then that this was all."""
        assert self.socket is not None
        for seq, event, data in self.sent:
            if seq > after:
                self.socket.send(0, data, seq, event)
        self.dispatch("RESUMED", {"_trace": ['["local"]']})

    def end(self) -> None:
        self.is_over = True
        self.socket = None


@dataclass(frozen=True)
class Identify:
    """One that came, whatever became of it."""

    at: float
    """By time.monotonic."""
    shard: int
    shards: int
    intents: int
    properties: Json = field(default_factory=dict)


class Sessions:
    def __init__(self) -> None:
        self.all: dict[str, Session] = {}
        self.identifies: list[Identify] = []
        self.resumes: list[float] = []
        """When, by time.monotonic; those that were refused too."""
        self.duplicates: dict[str, int] = {}
        """So many of the next dispatches of an event are sent twice."""

    @property
    def live(self) -> list[Session]:
        return [s for s in self.all.values() if s.socket is not None and not s.is_over]

    def dispatch(
        self,
        event: str,
        data: Json | Callable[[Session], Json | None],
        guild: str | None = None,
        intent: str | None = None,
    ) -> int:
        """To the sessions of the guild's shard (direct messages: the first) that asked for it. Gives their number."""
        times = 1
        if self.duplicates.get(event, 0) > 0:
            self.duplicates[event] -= 1
            times = 2
        reached = 0
        for session in list(self.all.values()):
            shard = (int(guild) >> 22) % session.shards if guild else 0
            if session.is_over or session.shard != shard or not session.wants(intent):
                continue
            made = data(session) if callable(data) else data
            if made is None:
                continue
            reached += 1
            for _ in range(times):
                session.dispatch(event, made)
        return reached

    def broadcast(self, event: str, data: Any) -> None:
        """To every session."""
        for session in self.all.values():
            if not session.is_over:
                session.dispatch(event, data)

    def resumed(self) -> None:
        self.resumes.append(time.monotonic())
