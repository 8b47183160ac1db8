"""Which scopes a method or an event needs, from the methods' and events' own pages."""

from __future__ import annotations

from tests.servers.slack.conversations import Channel
from tests.servers.slack.errors import Refused

__all__ = ["ALL", "event_scope", "require", "require_for"]

BY_KIND = {"public": "channels", "private": "groups", "im": "im", "mpim": "mpim"}

ALL = frozenset(
    {
        "app_mentions:read",
        "assistant:write",
        "chat:write",
        "commands",
        "files:read",
        "files:write",
        "im:write",
        "reactions:read",
        "reactions:write",
        "team:read",
        "usergroups:read",
        "users:read",
    }
    | {f"{kind}:{what}" for kind in BY_KIND.values() for what in ("read", "history")}
)
"""What a token has unless a test says otherwise."""

EVENTS = {
    "app_mention": "app_mentions:read",
    "reaction_added": "reactions:read",
    "reaction_removed": "reactions:read",
    "assistant_thread_started": "assistant:write",
    "assistant_thread_context_changed": "assistant:write",
    "member_joined_channel": "channels:read",
    "member_left_channel": "channels:read",
    "channel_archive": "channels:read",
    "channel_unarchive": "channels:read",
}


def require(provided: set[str], *any_of: str) -> None:
    """Raises missing_scope unless one of them is there."""
    if any_of and not provided & set(any_of):
        raise Refused("missing_scope", needed=any_of[0], provided=",".join(sorted(provided)))


def require_for(provided: set[str], channel: Channel, what: str) -> None:
    """read, history or write, for this kind of channel."""
    require(provided, f"{BY_KIND[channel.kind]}:{what}")


def event_scope(kind: str, channel: Channel | None) -> str | None:
    """The scope without which the event is not sent."""
    if kind == "message" and channel is not None:
        return f"{BY_KIND[channel.kind]}:history"
    return EVENTS.get(kind)
