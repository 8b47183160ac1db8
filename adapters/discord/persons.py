"""Who wrote, pressed or reacted, as Discord tells it with each event. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["MANAGE_GUILD", "Person", "person_of"]

Payload = Mapping[str, Any]

MANAGE_GUILD = 1 << 5
_ADMINISTRATOR = 1 << 3


@dataclass(frozen=True, slots=True)
class Person:
    id: str
    name: str = ""
    """As others see it there."""
    roles: frozenset[str] = frozenset()
    """By id, at the moment of the event; none in a direct message."""
    is_bot: bool = False
    permissions: int = 0
    """In the channel; told with interactions alone."""

    @property
    def manages_server(self) -> bool:
        """Whether they have Manage Server; known of interactions alone."""
        return bool(self.permissions & (MANAGE_GUILD | _ADMINISTRATOR))


def person_of(body: Payload) -> Person:
    """Of a message (author and member), an interaction (member, or user in a direct message) or a reaction (member)."""
    member = _table(body.get("member"))
    user = _table(body.get("author") or body.get("user") or member.get("user"))
    return Person(
        id=str(user.get("id") or body.get("user_id") or ""),
        name=str(member.get("nick") or user.get("global_name") or user.get("username") or ""),
        roles=frozenset(str(role) for role in member.get("roles") or ()),
        is_bot=bool(user.get("bot")),
        permissions=int(member.get("permissions") or 0),
    )


def _table(value: object) -> Payload:
    return value if isinstance(value, Mapping) else {}
