"""Channels of all kinds, threads among them, with what stands in them."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.servers.discord.messages import Message

__all__ = ["TYPES", "Channel", "Overwrite", "Tag", "timestamp"]

Json = dict[str, Any]
TYPES = {
    "text": 0,
    "dm": 1,
    "voice": 2,
    "category": 4,
    "announcement": 5,
    "announcement_thread": 10,
    "public_thread": 11,
    "private_thread": 12,
    "stage": 13,
    "forum": 15,
}


def timestamp(seconds: float) -> str:
    """As Discord writes a time."""
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat(timespec="microseconds")


@dataclass
class Overwrite:
    """Of a role or a member, in one channel."""

    id: str
    is_role: bool
    allow: int = 0
    deny: int = 0

    def payload(self) -> Json:
        return {
            "id": self.id,
            "type": 0 if self.is_role else 1,
            "allow": str(self.allow),
            "deny": str(self.deny),
        }


@dataclass
class Tag:
    """Of a forum."""

    id: str
    name: str
    is_moderated: bool = False

    def payload(self) -> Json:
        return {
            "id": self.id,
            "name": self.name,
            "moderated": self.is_moderated,
            "emoji_id": None,
            "emoji_name": None,
        }


@dataclass
class Channel:
    id: str
    kind: str
    """text, announcement, forum, voice, stage, category, dm, or public_thread, private_thread, announcement_thread."""
    name: str = ""
    guild: str | None = None
    parent: str | None = None
    parent_channel: Channel | None = None
    """Of a thread."""
    topic: str | None = None
    position: int = 0
    overwrites: dict[str, Overwrite] = field(default_factory=dict)
    tags: list[Tag] = field(default_factory=list)
    requires_tag: bool = False
    recipient: str | None = None
    """Of a direct message: the person."""
    messages: dict[str, Message] = field(default_factory=dict)
    deleted: list[Message] = field(default_factory=list)
    ephemerals: dict[str, Message] = field(default_factory=dict)
    owner: str | None = None
    """Of a thread: who began it."""
    is_archived: bool = False
    is_locked: bool = False
    auto_archive_minutes: int = 1440
    applied_tags: list[str] = field(default_factory=list)
    members: list[str] = field(default_factory=list)
    """Of a thread: who joined it."""
    total_sent: int = 0
    message_count: int = 0
    created_at: float = 0.0
    archived_at: float = 0.0
    slowmode_s: int = 0
    recipient_payload: Json = field(default_factory=dict)

    @property
    def mention(self) -> str:
        return f"<#{self.id}>"

    @property
    def type(self) -> int:
        return TYPES[self.kind]

    @property
    def is_thread(self) -> bool:
        return self.kind.endswith("_thread")

    @property
    def is_dm(self) -> bool:
        return self.kind == "dm"

    @property
    def takes_messages(self) -> bool:
        return self.kind not in ("category", "forum")

    @property
    def last_message(self) -> str | None:
        return next(reversed(self.messages), None)

    def tag(self, name: str) -> Tag:
        return next(tag for tag in self.tags if name in (tag.name, tag.id))

    def payload(self, member: Json | None = None) -> Json:
        if self.is_dm:
            return {
                "id": self.id,
                "type": 1,
                "last_message_id": self.last_message,
                "flags": 0,
                "recipients": [self.recipient_payload],
            }
        return self._thread(member) if self.is_thread else self._standing()

    def _standing(self) -> Json:
        made: Json = {
            "id": self.id,
            "type": self.type,
            "guild_id": self.guild,
            "name": self.name,
            "position": self.position,
            "permission_overwrites": [o.payload() for o in self.overwrites.values()],
            "parent_id": self.parent,
            "nsfw": False,
            "flags": 0,
        }
        if self.kind != "category":
            made |= {"topic": self.topic, "last_message_id": self.last_message}
            made |= {"rate_limit_per_user": self.slowmode_s, "default_auto_archive_duration": 1440}
        if self.kind in ("voice", "stage"):
            made |= {"bitrate": 64000, "user_limit": 0, "rtc_region": None}
        if self.kind == "forum":
            made |= {
                "flags": 1 << 4 if self.requires_tag else 0,
                "available_tags": [tag.payload() for tag in self.tags],
                "default_reaction_emoji": None,
                "default_sort_order": None,
                "default_forum_layout": 0,
            }
        return made

    def _thread(self, member: Json | None) -> Json:
        made: Json = {
            "id": self.id,
            "type": self.type,
            "guild_id": self.guild,
            "name": self.name,
            "parent_id": self.parent,
            "owner_id": self.owner,
            "last_message_id": self.last_message,
            "rate_limit_per_user": 0,
            "flags": 0,
            "message_count": self.message_count,
            "member_count": min(len(self.members), 50),
            "total_message_sent": self.total_sent,
            "thread_metadata": {
                "archived": self.is_archived,
                "locked": self.is_locked,
                "auto_archive_duration": self.auto_archive_minutes,
                "archive_timestamp": timestamp(self.archived_at or self.created_at),
                "create_timestamp": timestamp(self.created_at),
                **({"invitable": True} if self.kind == "private_thread" else {}),
            },
        }
        if self.parent_channel and self.parent_channel.kind == "forum":
            made["applied_tags"] = list(self.applied_tags)
        return made | ({"member": member} if member else {})

    def joined(self, user: str) -> Json | None:
        """The thread member, where there is one."""
        if user not in self.members:
            return None
        return {"id": self.id, "user_id": user, "join_timestamp": timestamp(self.created_at), "flags": 1}
