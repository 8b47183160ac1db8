"""One call of the REST API: its route, its body, and what was answered."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.servers.discord.errors import Refused

if TYPE_CHECKING:
    from tests.servers.discord.messages import Attachment
    from tests.servers.discord.world import World

__all__ = ["ROUTES", "Call", "Request", "Route", "find", "normal", "route"]

Json = dict[str, Any]
NAME = re.compile(r"\{[^}]*\}")


def normal(template: str) -> str:
    """A route without the names of what is in it: POST /channels/{}/messages."""
    return NAME.sub("{}", template)


@dataclass
class Call:
    route: str
    """As it is written here, such as POST /channels/{channel}/messages; or the path, where there is no such route."""
    path: str
    params: dict[str, str]
    body: Any
    query: dict[str, str]
    at: float = field(default_factory=time.monotonic)
    """When it came, by time.monotonic."""
    status: int = 0
    """0: it was not answered."""
    answer: Any = None
    answered_at: float | None = None
    error: str | None = None

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def method(self) -> str:
        return self.route.split(" ", 1)[0]


@dataclass
class Request:
    """What a route's function is given."""

    world: World
    params: dict[str, str]
    body: Json
    query: dict[str, str]
    files: list[Attachment]

    def number(self, name: str, default: int, least: int, most: int) -> int:
        value = self.query.get(name)
        if value is None:
            return default
        if not value.isdigit() or not least <= int(value) <= most:
            text = f"int value should be between {least} and {most}."
            raise Refused(50035, errors={name: {"_errors": [{"code": "NUMBER_TYPE_MAX", "message": text}]}})
        return int(value)

    def flag(self, name: str) -> bool:
        return self.query.get(name, "").lower() in ("1", "true")


Answer = Json | list[Any] | None


@dataclass(frozen=True)
class Route:
    method: str
    template: str
    pattern: re.Pattern[str]
    run: Callable[[Request], Answer]
    needs_token: bool
    status: int

    @property
    def name(self) -> str:
        return f"{self.method} {self.template}"


ROUTES: list[Route] = []


def route(
    name: str, *, needs_token: bool = True, status: int = 200
) -> Callable[[Callable[[Request], Answer]], Callable[[Request], Answer]]:
    """Serve it, such as GET /channels/{channel}, by the decorated function. What gives None is answered with 204."""
    method, template = name.split(" ", 1)
    pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template))

    def register(run: Callable[[Request], Answer]) -> Callable[[Request], Answer]:
        ROUTES.append(Route(method, template, pattern, run, needs_token, status))
        return run

    return register


def find(method: str, path: str) -> tuple[Route, dict[str, str]]:
    """Raises 404, 405. What has fewer names in it goes first, so that @me is nobody's id."""
    fitting = [(r, m) for r in ROUTES if (m := r.pattern.fullmatch(path))]
    if not fitting:
        raise Refused(0)
    same = [(r, m) for r, m in fitting if r.method == method]
    if not same:
        raise Refused(0, "405: Method Not Allowed", status=405)
    found, match = min(same, key=lambda pair: pair[0].template.count("{"))
    return found, match.groupdict()
