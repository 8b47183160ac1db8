"""What a Slack remembers: workspaces, people, channels, files, views and tokens."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

from tests.servers.background import Clock
from tests.servers.slack.conversations import Channel, Message
from tests.servers.slack.errors import Refused

__all__ = [
    "File",
    "Group",
    "State",
    "Token",
    "Trigger",
    "User",
    "View",
    "Workspace",
]


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
