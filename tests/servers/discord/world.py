"""What the parts of the local Discord share: the state, the gateway's sessions, and a test's settings."""

from __future__ import annotations

import mimetypes
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from tests.servers.background import Clock
from tests.servers.discord.buckets import Buckets
from tests.servers.discord.calls import Call
from tests.servers.discord.channels import Channel
from tests.servers.discord.errors import Refused
from tests.servers.discord.events import Events
from tests.servers.discord.faults import Faults
from tests.servers.discord.interactions import Interaction, Modal
from tests.servers.discord.messages import HAS_THREAD, Attachment, Message, Version
from tests.servers.discord.permissions import ALL, allowed_in, bits
from tests.servers.discord.sessions import Sessions
from tests.servers.discord.state import State

__all__ = ["World"]

Json = dict[str, Any]


class World:
    def __init__(self) -> None:
        self.clock = Clock()
        self.state = State(self.clock)
        self.sessions = Sessions()
        self.events = Events(self)
        self.faults = Faults()
        self.buckets = Buckets(self.clock)
        self.calls: list[Call] = []
        self.interactions: dict[str, Interaction] = {}
        """By id."""
        self.modals: dict[str, Modal] = {}
        """That a person has open."""
        self.typing: list[tuple[str, float]] = []
        """Channels, and when (by time.monotonic) the bot began to write there."""
        self.token = "MTIz.local.token-1"
        self.url = ""
        """Of the server, without a slash at the end."""
        self.shards = 1
        """That Discord advises."""
        self.session_starts_left = 1000
        self.max_concurrency = 1
        self.identify_every_s = 0.0
        """Faster identifies are refused; Discord: 5."""
        self.heartbeat_ms = 41_250
        self.is_silent = False
        """Heartbeats are not acknowledged."""
        self.is_gateway_down = False
        self.in_flight = 0
        """Calls that are being answered."""
        self.ack_within_s = 3.0
        self.token_lives_s = 900.0
        """Of an interaction."""
        self.nonce_lives_s = 300.0
        self.attachment_limit = 10 * 1024 * 1024

    @property
    def gateway_url(self) -> str:
        return f"{self.url.replace('http', 'ws', 1)}/gateway"

    # what the bot may

    def bot_permissions(self, channel: Channel) -> int:
        guild = self.state.guild_of(channel)
        if guild is None:
            return ALL & ~bits("administrator")
        if not guild.has_bot:
            return 0
        return allowed_in(guild, guild.members[self.state.bot.id], channel)

    def bot_may(self, channel: Channel, *names: str) -> bool:
        wanted = bits(names)
        return self.bot_permissions(channel) & wanted == wanted

    def bot_sees(self, channel: Channel) -> bool:
        if channel.is_dm:
            return True
        if not self.bot_may(channel, "view_channel"):
            return False
        is_open = channel.kind != "private_thread" or self.state.bot.id in channel.members
        return is_open or self.bot_may(channel, "manage_threads")

    def visible(self, id: Any) -> Channel:
        """Raises 10003, 50001."""
        found = self.state.channel(id)
        if not self.bot_sees(found):
            raise Refused(50001)
        return found

    def need(self, channel: Channel, *names: str) -> None:
        """Raises 50001, 50013."""
        if not self.bot_sees(channel):
            raise Refused(50001)
        if not channel.is_dm and not self.bot_may(channel, *names):
            raise Refused(50013)

    # messages

    def shown(self, message: Message, with_content: bool | None = None, *, in_event: bool = False) -> Json:
        """A message as the bot gets it. Without the intent, what others wrote in guilds is empty unless it calls the bot."""
        state = self.state
        if with_content is None:
            with_content = state.application.may("gateway_message_content")
        channel = state.channels[message.channel]
        guild = state.guild_of(channel)
        made = message.payload() | {"author": state.users[message.author].payload()}
        made["mentions"] = [state.users[u].payload() for u in message.mentioned.users if u in state.users]
        made["reactions"] = message.reaction_payloads(state.bot.id)
        if not made["reactions"]:
            made.pop("reactions")
        if in_event and guild:
            made["guild_id"] = guild.id
            for user in made["mentions"]:
                if user["id"] in guild.members:
                    user["member"] = guild.members[user["id"]].payload(with_user=False)
            if message.author in guild.members:
                made["member"] = guild.members[message.author].payload(with_user=False)
        if message.interaction and message.interaction_name:
            names = {name: message.interaction[name] for name in ("id", "type", "user")}
            made["interaction"] = names | {"name": message.interaction_name}
        if message.type in (19, 21):
            original = message.referenced
            gone = original is None or original.is_deleted
            made["referenced_message"] = (
                None if gone or original is None else self.shown(original, with_content)
            )
        if message.flags & HAS_THREAD and message.id in state.channels:
            made["thread"] = state.channels[message.id].payload()
        if not (with_content or self.is_readable(message)):
            made |= {"content": "", "embeds": [], "attachments": [], "components": []}
        return made

    def is_readable(self, message: Message) -> bool:
        """Without the message content intent: the bot's own, those that call it, and direct messages."""
        state = self.state
        return (
            message.author == state.bot.id
            or state.channels[message.channel].is_dm
            or state.bot.id in message.mentioned.users
        )

    def post(self, message: Message) -> Message:
        """Into its channel, and tell the app of it as of anybody's."""
        channel = self.state.channels[message.channel]
        message.guild = channel.guild
        message.sent_at = self.clock.now()
        self._version(message)
        if message.shown_to:
            channel.ephemerals[message.id] = message
            return message
        if channel.is_thread:
            self._grow(channel, message)
        channel.messages[message.id] = message
        self.events.message("MESSAGE_CREATE", message)
        return message

    def change(self, message: Message, edit: Callable[[Message], Any], is_edit: bool = True) -> None:
        """Edit a message and tell the app of it; without is_edit it does not count as edited."""
        edit(message)
        if is_edit:
            message.edited_at = self.clock.now()
        self._version(message)
        if not message.shown_to:
            self.events.message("MESSAGE_UPDATE", message)

    def remove(self, message: Message) -> None:
        channel = self.state.channels[message.channel]
        message.is_deleted = True
        channel.deleted.append(message)
        if message.shown_to:
            channel.ephemerals.pop(message.id, None)
            return
        channel.messages.pop(message.id, None)
        if channel.is_thread:
            channel.message_count = max(0, channel.message_count - 1)
        self.events.deleted(message)

    def _version(self, message: Message) -> None:
        made = Version(time.monotonic(), message.content, list(message.embeds), list(message.components))
        message.versions.append(made)
        message.pinged.add(message.mentioned)

    def _grow(self, thread: Channel, message: Message) -> None:
        """A thread by a message: it is opened again, and who wrote or is called joins."""
        if thread.is_archived:
            thread.is_archived = False
            self.events.thread("THREAD_UPDATE", thread)
        for user in [message.author, *message.mentioned.users]:
            if user not in thread.members and user in self.state.users:
                self.join(thread, user)
        if message.type != 21 and message.id != thread.id:
            thread.message_count += 1
            thread.total_sent += 1

    def join(self, thread: Channel, user: str) -> None:
        """A private thread becomes visible to the bot that is added."""
        was_visible = self.bot_sees(thread)
        thread.members.append(user)
        if not was_visible and user == self.state.bot.id:
            self.events.thread("THREAD_CREATE", thread)
        self.events.thread_member(thread, user)

    def drop_channel(self, channel: Channel) -> None:
        """With its threads."""
        guild = self.state.guild_of(channel)
        assert guild is not None
        for thread in [c for c in guild.channels.values() if c.parent_channel is channel]:
            guild.channels.pop(thread.id), self.state.channels.pop(thread.id)
        if channel.is_thread:
            self.events.thread("THREAD_DELETE", channel)
        else:
            self.events.channel("CHANNEL_DELETE", channel)
        guild.channels.pop(channel.id), self.state.channels.pop(channel.id)

    def attach(self, channel: str, name: str, content: bytes, media_type: str | None = None) -> Attachment:
        """A file that is served at its url."""
        id = self.state.next_id()
        guessed = media_type if media_type not in (None, "application/octet-stream") else None
        kind = guessed or mimetypes.guess_type(name)[0] or "application/octet-stream"
        made = Attachment(id, name, content, kind, f"{self.url}/attachments/{channel}/{id}/{quote(name)}")
        self.state.attachments[id] = made
        return made
