"""What a Slack remembers: workspaces, people, channels, messages, files, views and tokens."""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass, field
from typing import Any

from tests.servers.slack.errors import Refused

__all__ = [
    "Channel",
    "Clock",
    "File",
    "Group",
    "Message",
    "State",
    "Stream",
    "Token",
    "Trigger",
    "User",
    "View",
    "Workspace",
]

CHANNEL_TYPES = {"public": "channel", "private": "group", "im": "im", "mpim": "mpim"}


class Clock:
    """Slack's own time. A test may move it on; signatures of HTTP events keep to the real one."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def now(self) -> float:
        return time.time() + self.ahead_s

    def advance(self, seconds: float) -> None:
        self.ahead_s += seconds


@dataclass
class Workspace:
    id: str
    name: str
    bot_user: str
    bot_id: str
    bot_token: str
    is_installed: bool = True


@dataclass
class User:
    id: str
    team: str
    name: str
    locale: str = "en-US"
    is_admin: bool = False
    is_owner: bool = False
    is_bot: bool = False
    is_restricted: bool = False
    """A guest."""
    deleted: bool = False
    bot_id: str | None = None

    def payload(self, with_locale: bool = False) -> dict[str, Any]:
        made: dict[str, Any] = {
            "id": self.id,
            "team_id": self.team,
            "name": self.name.lower().replace(" ", "."),
            "deleted": self.deleted,
            "real_name": self.name,
            "tz": "Europe/Berlin",
            "tz_offset": 3600,
            "profile": {
                "real_name": self.name,
                "display_name": self.name,
                "team": self.team,
                **({"bot_id": self.bot_id, "api_app_id": "A0APP"} if self.bot_id else {}),
            },
            "is_admin": self.is_admin or self.is_owner,
            "is_owner": self.is_owner,
            "is_primary_owner": False,
            "is_restricted": self.is_restricted,
            "is_ultra_restricted": False,
            "is_bot": self.is_bot,
            "is_app_user": False,
            "updated": 1700000000,
        }
        return made | ({"locale": self.locale} if with_locale else {})


@dataclass
class Group:
    """A user group."""

    id: str
    team: str
    handle: str
    users: list[str] = field(default_factory=list)

    def payload(self, with_users: bool) -> dict[str, Any]:
        made: dict[str, Any] = {
            "id": self.id,
            "team_id": self.team,
            "is_usergroup": True,
            "name": self.handle,
            "handle": self.handle,
            "date_delete": 0,
            "user_count": len(self.users),
        }
        return made | ({"users": list(self.users)} if with_users else {})


@dataclass
class Stream:
    """The state of a message that chat.startStream began."""

    last_at: float
    """By Slack's clock, when something was appended last."""
    is_open: bool = True
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


@dataclass
class File:
    id: str
    team: str
    name: str
    content: bytes
    media_type: str
    user: str
    url: str = ""
    is_complete: bool = True
    title: str = ""

    def payload(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "created": 1700000000,
            "name": self.name,
            "title": self.title or self.name,
            "mimetype": self.media_type,
            "filetype": self.name.rpartition(".")[2],
            "user": self.user,
            "user_team": self.team,
            "size": len(self.content),
            "mode": "hosted",
            "is_external": False,
            "is_public": False,
            "url_private": self.url,
            "url_private_download": self.url,
            "permalink": f"https://test.slack.com/files/{self.user}/{self.id}/{self.name}",
        }


@dataclass
class View:
    """A modal or a Home tab."""

    id: str
    team: str
    user: str
    content: dict[str, Any]
    hash: str
    root: str | None = None
    previous: str | None = None
    is_closed: bool = False
    errors: dict[str, str] = field(default_factory=dict)
    """What the app found wrong with the last submission, by block id."""
    values: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What the person entered, as view.state.values has it."""

    def payload(self) -> dict[str, Any]:
        shown = {
            name: self.content.get(name)
            for name in ("type", "title", "submit", "close", "blocks", "external_id", "callback_id")
        }
        return shown | {
            "id": self.id,
            "team_id": self.team,
            "app_id": "A0APP",
            "app_installed_team_id": self.team,
            "bot_id": "B0BOT",
            "private_metadata": self.content.get("private_metadata", ""),
            "callback_id": self.content.get("callback_id", ""),
            "external_id": self.content.get("external_id", ""),
            "clear_on_close": self.content.get("clear_on_close", False),
            "notify_on_close": self.content.get("notify_on_close", False),
            "state": {"values": self.values},
            "hash": self.hash,
            "root_view_id": self.root or self.id,
            "previous_view_id": self.previous,
        }


@dataclass
class Token:
    kind: str
    """bot or app."""
    team: str
    scopes: set[str]
    is_revoked: bool = False


@dataclass
class Trigger:
    user: str
    team: str
    until: float
    view: str | None = None
    """The modal that it was made in."""
    is_used: bool = False


class State:
    """Everything, with ids and time stamps that are unique and increase."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.workspaces: dict[str, Workspace] = {}
        self.users: dict[str, User] = {}
        self.groups: dict[str, Group] = {}
        self.channels: dict[str, Channel] = {}
        self.files: dict[str, File] = {}
        self.views: dict[str, View] = {}
        self.modals: dict[str, list[str]] = {}
        """Ids of the modals that a person has open, the topmost last."""
        self.homes: dict[str, View] = {}
        self.tokens: dict[str, Token] = {}
        self.triggers: dict[str, Trigger] = {}
        self.statuses: dict[tuple[str, str], str] = {}
        """By channel and thread, what the assistant says that it is doing."""
        self.status_history: list[tuple[str, str, str]] = []
        """Channel, thread and status of every call."""
        self.titles: dict[tuple[str, str], str] = {}
        self.prompts: dict[tuple[str, str], list[dict[str, str]]] = {}
        self._numbers = itertools.count(1)
        self._last_us = 0

    def next_ts(self) -> str:
        self._last_us = max(int(self.clock.now() * 1e6), self._last_us + 1)
        return f"{self._last_us // 1_000_000}.{self._last_us % 1_000_000:06d}"

    def next_id(self, prefix: str) -> str:
        return f"{prefix}0{next(self._numbers):08X}"

    def channel(self, id: str | None) -> Channel:
        """Raises channel_not_found."""
        found = self.channels.get(id or "")
        if found is None:
            named = [c for c in self.channels.values() if id and c.name == id.lstrip("#")]
            if not named:
                raise Refused("channel_not_found")
            found = named[0]
        return found

    def message(self, channel: str | None, ts: str | None) -> Message:
        """Raises channel_not_found, message_not_found."""
        found = self.channel(channel).messages.get(ts or "")
        if found is None:
            raise Refused("message_not_found")
        return found

    def direct(self, team: str, user: str) -> Channel:
        """The channel of the bot and one person, made where there is none."""
        bot = self.workspaces[team].bot_user
        for channel in self.channels.values():
            if channel.kind == "im" and channel.team == team and set(channel.members) == {user, bot}:
                return channel
        made = Channel(self.next_id("D"), team, "", "im", user, [user, bot])
        self.channels[made.id] = made
        return made

    def bot_is_in(self, channel: Channel) -> bool:
        return self.workspaces[channel.team].bot_user in channel.members
