"""What the parts of the local Slack share: the state, the app's ways in and out, and a test's settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.servers.background import Clock
from tests.servers.slack.calls import Call
from tests.servers.slack.conversations import Message
from tests.servers.slack.deliveries import Deliveries
from tests.servers.slack.events import Events
from tests.servers.slack.faults import Faults
from tests.servers.slack.limits import MESSAGE
from tests.servers.slack.state import State, Token, Trigger, User, Workspace

__all__ = ["ResponseUrl", "World"]


@dataclass
class ResponseUrl:
    """Where an app may answer an interaction for a while."""

    team: str
    channel: str
    user: str
    until: float
    message: Message | None = None
    """The one that was clicked in."""
    uses_left: int = 5


class World:
    def __init__(self) -> None:
        self.clock = Clock()
        self.state = State(self.clock)
        self.faults = Faults()
        self.deliveries = Deliveries()
        self.events = Events(self)
        self.calls: list[Call] = []
        self.refused_blocks: set[str] = set()
        """Types of blocks and elements that this Slack does not know."""
        self.stream_idle_s = 300.0
        """A stream to which nothing was appended for longer is over."""
        self.message_limit = MESSAGE
        self.trigger_s = 3.0
        self.response_urls: dict[str, ResponseUrl] = {}
        self.codes: dict[str, tuple[str, str]] = {}
        """OAuth codes, and the workspace and person they stand for."""
        self.client = ("client-id", "client-secret")
        self.url = ""
        """Of the server, without a slash at the end."""
        self.new_ticket: Callable[[], str] = str
        """Makes what a socket is opened with."""

    def new_code(self, team: str, user: str | None = None) -> str:
        """What an installation comes back with, for oauth.v2.access."""
        code = self.state.next_id("code-")
        people = (u.id for u in self.state.users.values() if u.team == team and not u.is_bot)
        self.codes[code] = (team, user or next(people, "U0ADMIN"))
        return code

    def install(self, id: str, name: str, scopes: set[str]) -> Workspace:
        """A workspace that has the app, its bot user and Slackbot."""
        number = len(self.state.workspaces) or ""
        made = Workspace(id, name, f"U0BOT{number}", f"B0BOT{number}", f"xoxb-{number or 0}-test-token")
        self.state.workspaces[id] = made
        self.state.tokens[made.bot_token] = Token("bot", id, scopes)
        self.state.users[made.bot_user] = User(
            made.bot_user, id, "Answerloop", is_bot=True, bot_id=made.bot_id
        )
        self.state.users.setdefault("USLACKBOT", User("USLACKBOT", id, "Slackbot"))
        return made

    def new_trigger(self, team: str, user: str, view: str | None = None) -> str:
        made = self.state.next_id("") + ".1.trigger"
        self.state.triggers[made] = Trigger(user, team, self.clock.now() + self.trigger_s, view)
        return made

    def new_response_url(self, team: str, channel: str, user: str, message: Message | None = None) -> str:
        id = self.state.next_id("R")
        self.response_urls[id] = ResponseUrl(team, channel, user, self.clock.now() + 1800, message)
        return f"{self.url}/response/{team}/{id}"

    def post(self, message: Message) -> Message:
        """Into its channel, and tell the app of it as of anybody's."""
        channel = self.state.channels[message.channel]
        message.versions.append(message.text)
        if message.shown_to:
            channel.ephemerals[message.ts] = message
            return message
        channel.messages[message.ts] = message
        self.events.message(message)
        return message

    def change(self, message: Message, edit: Callable[[Message], Any], is_edit: bool = True) -> None:
        """Edit a message and tell the app of it."""
        channel = self.state.channels[message.channel]
        before = channel.shown(message)
        edit(message)
        message.versions.append(message.text)
        if message.shown_to:
            return
        if is_edit:
            message.edited = {"user": message.user, "ts": self.state.next_ts()}
        self.events.changed(message, before)

    def remove(self, message: Message) -> None:
        """Delete it; a parent with replies leaves a tombstone."""
        channel = self.state.channels[message.channel]
        message.is_deleted = True
        channel.deleted.append(message)
        if message.shown_to:
            channel.ephemerals.pop(message.ts, None)
            return
        before = channel.shown(message)
        replies = channel.replies(message.ts)
        if replies:
            stone = Message(message.channel, message.team, message.ts, "USLACKBOT")
            stone.text, stone.subtype, stone.thread_ts = "This message was deleted.", "tombstone", message.ts
            channel.messages[message.ts] = stone
            self.events.changed(stone, before)
        else:
            channel.messages.pop(message.ts, None)
            self.events.deleted(message, before)
