"""What the gateway tells of what happens, each event with its intent and its readers.

https://docs.discord.com/developers/events/gateway-events
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.servers.discord.channels import Channel
from tests.servers.discord.guilds import Guild, Member, Role
from tests.servers.discord.messages import Message
from tests.servers.discord.sessions import Session

if TYPE_CHECKING:
    from tests.servers.discord.world import World

__all__ = ["Events"]

Json = dict[str, Any]


class Events:
    def __init__(self, world: World) -> None:
        self._world = world

    def _send(self, event: str, data: Any, guild: str | None, intent: str | None) -> None:
        if guild is None or self._world.state.guilds[guild].has_bot:
            self._world.sessions.dispatch(event, data, guild, intent)

    def _in_channel(self, event: str, data: Any, channel: Channel, what: str) -> None:
        """Only where the bot may look; what is messages or reactions."""
        if self._world.bot_sees(channel):
            self._send(event, data, channel.guild, f"dm_{what}" if channel.is_dm else f"guild_{what}")

    def message(self, event: str, message: Message) -> None:
        """MESSAGE_CREATE or MESSAGE_UPDATE, without what the session may not read."""
        world = self._world
        channel = world.state.channels[message.channel]

        def shown(session: Session) -> Json:
            return world.shown(message, session.wants("message_content"), in_event=True)

        self._in_channel(event, shown, channel, "messages")

    def deleted(self, message: Message) -> None:
        channel = self._world.state.channels[message.channel]
        data = {"id": message.id, "channel_id": channel.id} | _guild(channel)
        self._in_channel("MESSAGE_DELETE", data, channel, "messages")

    def reaction(self, message: Message, user: str, emoji: str, is_added: bool) -> None:
        world = self._world
        channel = world.state.channels[message.channel]
        guild = world.state.guild_of(channel)
        data: Json = {
            "user_id": user,
            "channel_id": channel.id,
            "message_id": message.id,
            "emoji": {"id": None, "name": emoji},
            "burst": False,
            "type": 0,
        } | _guild(channel)
        if is_added:
            data["message_author_id"] = message.author
            if guild and user in guild.members:
                data["member"] = guild.members[user].payload()
        self._in_channel(f"MESSAGE_REACTION_{'ADD' if is_added else 'REMOVE'}", data, channel, "reactions")

    def interaction(self, payload: Json) -> int:
        """Gives how many sessions it went to."""
        return self._world.sessions.dispatch("INTERACTION_CREATE", payload, payload.get("guild_id"))

    def channel(self, event: str, channel: Channel) -> None:
        """CHANNEL_CREATE, _UPDATE, _DELETE."""
        self._send(event, channel.payload(), channel.guild, "guilds")

    def thread(self, event: str, thread: Channel, **extra: Any) -> None:
        """THREAD_CREATE, _UPDATE, _DELETE."""
        if not self._world.bot_sees(thread):
            return
        if event == "THREAD_DELETE":
            names = ("id", "guild_id", "parent_id", "type")
            data = {name: thread.payload()[name] for name in names}
        else:
            data = thread.payload(thread.joined(self._world.state.bot.id)) | extra
        self._send(event, data, thread.guild, "guilds")

    def thread_member(self, thread: Channel, user: str) -> None:
        """That the bot joined or was added, or, with the intent for members, that somebody did."""
        is_bot = user == self._world.state.bot.id
        data = {
            "id": thread.id,
            "guild_id": thread.guild,
            "member_count": len(thread.members),
            "added_members": [thread.joined(user)],
        }
        self._send("THREAD_MEMBERS_UPDATE", data, thread.guild, "guilds" if is_bot else "guild_members")

    def guild_create(self, guild: Guild, session: Session, is_new: bool = False) -> None:
        """To one session."""
        bot = self._world.state.bot.id
        everybody = list(guild.members.values())
        members = everybody if session.wants("guild_members") else [guild.members[bot]]
        threads = [
            thread.payload(thread.joined(bot))
            for thread in guild.channels.values()
            if thread.is_thread and not thread.is_archived and self._world.bot_sees(thread)
        ]
        data = guild.whole(members, threads)
        if is_new:
            data.pop("unavailable")
        session.dispatch("GUILD_CREATE", data)

    def guild_joined(self, guild: Guild, is_new: bool = True) -> None:
        for session in self._world.sessions.all.values():
            if not session.is_over and session.wants("guilds") and shard_of(guild, session) == session.shard:
                self.guild_create(guild, session, is_new)

    def guild_left(self, guild: Guild, is_outage: bool = False) -> None:
        data: Json = {"id": guild.id} | ({"unavailable": True} if is_outage else {})
        self._world.sessions.dispatch("GUILD_DELETE", data, guild.id, "guilds")

    def role(self, event: str, guild: Guild, role: Role) -> None:
        """GUILD_ROLE_CREATE, _UPDATE, _DELETE."""
        data: Json = {"guild_id": guild.id}
        data |= {"role_id": role.id} if event == "GUILD_ROLE_DELETE" else {"role": role.payload()}
        self._send(event, data, guild.id, "guilds")

    def member(self, event: str, guild: Guild, member: Member) -> None:
        """GUILD_MEMBER_ADD, _UPDATE, _REMOVE; of the bot itself without an intent."""
        data: Json = {"guild_id": guild.id}
        data |= {"user": member.user.payload()} if event == "GUILD_MEMBER_REMOVE" else member.payload()
        is_bot = member.user.id == self._world.state.bot.id
        self._send(event, data, guild.id, None if is_bot else "guild_members")

    def typing(self, channel: Channel, user: str) -> None:
        data = {"channel_id": channel.id, "user_id": user, "timestamp": int(self._world.clock.now())}
        self._in_channel("TYPING_START", data | _guild(channel), channel, "typing")


def shard_of(guild: Guild, session: Session) -> int:
    return (int(guild.id) >> 22) % session.shards


def _guild(channel: Channel) -> Json:
    return {"guild_id": channel.guild} if channel.guild else {}
