"""One call of a Web API method: its arguments, who called, and what was answered."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.servers.slack.errors import Refused
from tests.servers.slack.state import Token, Workspace

if TYPE_CHECKING:
    from tests.servers.slack.world import World

__all__ = ["METHODS", "Call", "Method", "method", "paged"]

Json = dict[str, Any]
STRUCTURED = ("blocks", "attachments", "metadata", "view", "prompts", "files", "chunks", "loading_messages")
ABSENT: tuple[Any, ...] = (None, "", [], {})


@dataclass
class Call:
    method: str
    args: Json
    token: str | None
    at: float = field(default_factory=time.monotonic)
    """When it came, by time.monotonic."""
    status: int = 0
    answer: Json = field(default_factory=dict)
    answered_at: float | None = None

    @property
    def ok(self) -> bool:
        return bool(self.answer.get("ok"))

    @property
    def error(self) -> str | None:
        return self.answer.get("error")


@dataclass
class Request:
    """What a method's function is given."""

    world: World
    args: Json
    token: Token | None

    @property
    def workspace(self) -> Workspace:
        assert self.token
        return self.world.state.workspaces[self.token.team]

    @property
    def scopes(self) -> set[str]:
        return self.token.scopes if self.token else set()

    def need(self, *names: str, error: str = "invalid_arguments") -> None:
        """Raises unless all of these arguments are there."""
        missing = [name for name in names if self.args.get(name) in ABSENT]
        if missing:
            messages = [f"[ERROR] missing required field: {name}" for name in missing]
            raise Refused(error, response_metadata={"messages": messages})

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.args.get(name)
        return default if value is None else value in (True, 1, "1", "true", "True")


@dataclass(frozen=True)
class Method:
    name: str
    run: Callable[[Request], Json | None]
    scopes: tuple[str, ...]
    """One of them is needed; none: no scope is."""
    kind: str | None
    """Of token: bot, app; None: no token at all."""


METHODS: dict[str, Method] = {}


def method(
    name: str, *scopes: str, kind: str | None = "bot"
) -> Callable[[Callable[[Request], Json | None]], Callable[[Request], Json | None]]:
    """Serve /api/NAME by the decorated function."""

    def register(run: Callable[[Request], Json | None]) -> Callable[[Request], Json | None]:
        METHODS[name] = Method(name, run, scopes, kind)
        return run

    return register


def structured(args: Json) -> Json:
    """Arguments of a form, with their JSON read."""
    made = dict(args)
    for name in STRUCTURED:
        value = made.get(name)
        if isinstance(value, str) and value[:1] in ("[", "{"):
            try:
                made[name] = json.loads(value)
            except json.JSONDecodeError as e:
                broken = {"blocks": "invalid_blocks_format", "view": "invalid_arguments"}
                raise Refused(broken.get(name, "invalid_arguments")) from e
    return made


def paged(items: list[Any], args: Json, default: int = 100) -> tuple[list[Any], Json]:
    """One page, and the cursor to the next as response_metadata holds it. Raises invalid_cursor."""
    cursor = str(args.get("cursor") or "")
    if cursor and not cursor.startswith("next:"):
        raise Refused("invalid_cursor")
    start = int(cursor.removeprefix("next:") or 0)
    limit = int(args.get("limit") or default)
    end = start + limit
    return items[start:end], {"next_cursor": f"next:{end}" if end < len(items) else ""}
