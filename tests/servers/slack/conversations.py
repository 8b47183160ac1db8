"""Channels, and the messages in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["Channel", "Message", "Stream"]

CHANNEL_TYPES = {"public": "channel", "private": "group", "im": "im", "mpim": "mpim"}


@dataclass
class Stream:
    """The state of a message that chat.startStream began."""

    last_at: float
    """By Slack's clock, when something was appended last."""
    is_open: bool = True
    is_stopped: bool = False
    """By a person, with the button below it."""
    chunks: list[str] = field(default_factory=list)
    tasks: list[dict[str, Any]] = field(default_factory=list)
    """Chunks that are not text, as they were sent."""


@dataclass
class Message:
    channel: str
    team: str
    ts: str
    user: str
    text: str = ""
    thread_ts: str | None = None
    blocks: list[dict[str, Any]] = field(default_factory=list)
    attachments: list[dict[str, Any]] = field(default_factory=list)
    bot_id: str | None = None
    app_id: str | None = None
    subtype: str | None = None
    edited: dict[str, str] | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    files: list[dict[str, Any]] = field(default_factory=list)
    metadata: dict[str, Any] | None = None
    shown_to: str | None = None
    """Whose ephemeral message it is; None: everybody's."""
    stream: Stream | None = None
    args: dict[str, Any] = field(default_factory=dict)
    """What the app called the method with that posted it."""
    versions: list[str] = field(default_factory=list)
    """Its texts so far, the newest last."""
    is_deleted: bool = False
    client_msg_id: str | None = None

    @property
    def is_streaming(self) -> bool:
        return self.stream is not None and self.stream.is_open

    @property
    def is_ours(self) -> bool:
        """The app's own, not a person's or another bot's."""
        return self.app_id == "A0APP"

    def payload(self) -> dict[str, Any]:
        """As Slack's methods and events give it."""
        made: dict[str, Any] = {"type": "message", "user": self.user, "text": self.text, "ts": self.ts}
        optional = {
            "subtype": self.subtype,
            "client_msg_id": self.client_msg_id,
            "team": self.team,
            "thread_ts": self.thread_ts,
            "blocks": self.blocks,
            "attachments": self.attachments,
            "bot_id": self.bot_id,
            "app_id": self.app_id,
            "edited": self.edited,
            "files": self.files,
            "metadata": self.metadata,
            "streaming_state": "in_progress" if self.is_streaming else None,
        }
        made |= {name: value for name, value in optional.items() if value}
        if self.reactions:
            made["reactions"] = [
                {"name": name, "users": list(users), "count": len(users)}
                for name, users in self.reactions.items()
            ]
        return made


@dataclass
class Channel:
    id: str
    team: str
    name: str
    kind: str = "public"
    """public, private, im or mpim."""
    creator: str = "U0ADMIN"
    members: list[str] = field(default_factory=list)
    is_archived: bool = False
    is_ext_shared: bool = False
    messages: dict[str, Message] = field(default_factory=dict)
    ephemerals: dict[str, Message] = field(default_factory=dict)
    deleted: list[Message] = field(default_factory=list)

    @property
    def type(self) -> str:
        """As events call it: channel, group, im, mpim."""
        return CHANNEL_TYPES[self.kind]

    def thread(self, ts: str) -> list[Message]:
        """The parent, where it is still there, and its replies."""
        return [m for m in self.messages.values() if ts in (m.ts, m.thread_ts)]

    def replies(self, ts: str) -> list[Message]:
        return [m for m in self.messages.values() if m.thread_ts == ts and m.ts != ts]

    def shown(self, message: Message) -> dict[str, Any]:
        """The message with what its thread adds to it."""
        made = message.payload()
        if message.ts != message.thread_ts and message.thread_ts:
            parent = self.messages.get(message.thread_ts)
            return made | ({"parent_user_id": parent.user} if parent else {})
        if replies := self.replies(message.ts):
            made |= {
                "thread_ts": message.ts,
                "reply_count": len(replies),
                "reply_users": sorted({m.user for m in replies}),
                "latest_reply": replies[-1].ts,
            }
        return made

    def payload(self, bot_user: str) -> dict[str, Any]:
        made: dict[str, Any] = {
            "id": self.id,
            "created": 1700000000,
            "is_archived": self.is_archived,
            "is_channel": self.kind == "public",
            "is_group": self.kind == "private",
            "is_im": self.kind == "im",
            "is_mpim": self.kind == "mpim",
            "is_private": self.kind != "public",
            "is_ext_shared": self.is_ext_shared,
            "is_shared": self.is_ext_shared,
            "context_team_id": self.team,
        }
        if self.kind == "im":
            return made | {"user": next(m for m in self.members if m != bot_user), "is_open": True}
        return made | {
            "name": self.name,
            "name_normalized": self.name,
            "creator": self.creator,
            "is_general": self.name == "general",
            "is_member": bot_user in self.members,
            "topic": {"value": "", "creator": "", "last_set": 0},
            "purpose": {"value": "", "creator": "", "last_set": 0},
        }
