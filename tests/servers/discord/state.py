"""What a Discord remembers: the application, people, guilds, channels, commands, interactions and files."""

from __future__ import annotations

from typing import Any

from tests.servers.background import Clock
from tests.servers.discord.channels import Channel
from tests.servers.discord.errors import Refused
from tests.servers.discord.guilds import Application, Guild, Member, User
from tests.servers.discord.messages import Attachment, Message

__all__ = ["EPOCH_MS", "State"]

EPOCH_MS = 1_420_070_400_000
"""Discord's: snowflakes count from it."""


class State:
    """Everything, with snowflakes that are unique and increase."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._last = 0
        self.bot = User(self.next_id(), "Answerloop", is_bot=True)
        owner = User(self.next_id(), "Ada")
        self.application = Application(self.bot.id, "Answerloop", self.bot, owner)
        self.users: dict[str, User] = {self.bot.id: self.bot, owner.id: owner}
        self.guilds: dict[str, Guild] = {}
        self.channels: dict[str, Channel] = {}
        """Of all guilds, threads and direct messages too."""
        self.commands: dict[str | None, list[dict[str, Any]]] = {None: []}
        """By guild; None: global."""
        self.attachments: dict[str, Attachment] = {}
        self.nonces: dict[tuple[str, str], tuple[Message, float]] = {}
        """Messages by channel and nonce, and until when they are remembered."""

    def next_id(self) -> str:
        at = int(self.clock.now() * 1000) - EPOCH_MS
        self._last = max(at << 22, self._last + 1)
        return str(self._last)

    def next_id_of_shard(self, shard: int, shards: int) -> str:
        """A snowflake whose guild belongs to this one of so many shards."""
        self._last = int(self.next_id())
        while (self._last >> 22) % shards != shard:
            self._last = (self._last >> 22) + 1 << 22
        return str(self._last)

    def guild(self, id: Any) -> Guild:
        """One that the bot is in. Raises 10004, 50001."""
        found = self.guilds.get(str(id))
        if found is None:
            raise Refused(10004)
        if not found.has_bot:
            raise Refused(50001)
        return found

    def channel(self, id: Any) -> Channel:
        """Raises 10003."""
        found = self.channels.get(str(id))
        if found is None:
            raise Refused(10003)
        return found

    def message(self, channel: Channel, id: Any) -> Message:
        """Raises 10008."""
        found = channel.messages.get(str(id))
        if found is None:
            raise Refused(10008)
        return found

    def guild_of(self, channel: Channel) -> Guild | None:
        return self.guilds[channel.guild] if channel.guild else None

    def member(self, guild: Guild, user: Any) -> Member:
        """Raises 10007, or 10013 for nobody at all."""
        if str(user) not in self.users:
            raise Refused(10013)
        found = guild.members.get(str(user))
        if found is None:
            raise Refused(10007)
        return found

    def direct(self, user: str) -> Channel:
        """The channel of the bot and one person, made where there is none."""
        for channel in self.channels.values():
            if channel.recipient == user:
                return channel
        made = Channel(self.next_id(), "dm", recipient=user, created_at=self.clock.now())
        made.recipient_payload = self.users[user].payload()
        self.channels[made.id] = made
        return made
