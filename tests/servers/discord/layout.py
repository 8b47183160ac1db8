"""Who and what there is: guilds, people, roles, channels, made where a test names them first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from tests.servers.discord.channels import Channel, Tag
from tests.servers.discord.guilds import Guild, Member, Role, User
from tests.servers.discord.messages import Message
from tests.servers.discord.permissions import BOT, EVERYONE, bits
from tests.servers.discord.person import Person, Place
from tests.servers.discord.world import World

if TYPE_CHECKING:
    from tests.servers.discord.driver import LocalDiscord

__all__ = ["Layout"]

T = TypeVar("T")


class Layout:
    """The part of LocalDiscord that says who and what there is."""

    world: World

    if TYPE_CHECKING:

        def inside(self, action: Callable[[World], T]) -> T: ...

    @property
    def bot(self) -> User:
        return self.world.state.bot

    @property
    def mention(self) -> str:
        return self.bot.mention

    @property
    def main_guild(self) -> Guild:
        """The first."""
        return next(iter(self.world.state.guilds.values()))

    def guild(self, name: str | Guild | None = None) -> Guild:
        """By name or id, made where there is none; None: the first."""
        if isinstance(name, Guild):
            return name
        if name is None:
            return self.main_guild
        found = [g for g in self.world.state.guilds.values() if name in (g.id, g.name)]
        return found[0] if found else self.add_guild(name)

    def add_guild(
        self,
        name: str,
        *,
        shard: int | None = None,
        locale: str = "en-US",
        bot: bool = True,
        bot_permissions: Iterable[str] = BOT,
    ) -> Guild:
        """Another, with a channel general; shard: to whose guilds it belongs, of as many as are advised."""

        def add(world: World) -> Guild:
            state = world.state
            id = state.next_id() if shard is None else state.next_id_of_shard(shard, world.shards)
            owner = state.application.owner
            made = Guild(id, name, owner.id, locale, has_bot=bot)
            made.roles[id] = Role(id, "@everyone", bits(EVERYONE), 0)
            own = Role(state.next_id(), state.bot.name, bits(bot_permissions), 1, is_managed=True)
            own.tags = {"bot_id": state.bot.id}
            made.roles[own.id] = own
            made.members = {owner.id: Member(owner), state.bot.id: Member(state.bot, [own.id])}
            state.guilds[id] = made
            self._new_channel(world, made, "general", "text")
            if bot:
                world.events.guild_joined(made)
            return made

        return self.inside(add)

    def user(
        self,
        name: str = "Anna",
        *,
        roles: Iterable[str | Role] = (),
        admin: bool = False,
        permissions: Iterable[str] = (),
        guild: str | Guild | None = None,
        nick: str | None = None,
        **fields: Any,
    ) -> Person:
        """A person, made where there is none, in a guild with these roles besides.

        permissions: by a role of their own, such as manage_guild. fields are User's: locale, is_bot, accepts_dms.
        """
        where = self.guild(guild)
        theirs = [self.role(role, guild=where) if isinstance(role, str) else role for role in roles]
        wanted = [*permissions, *(["administrator"] if admin else [])]
        if wanted:
            theirs.append(self.role(f"of {name}", permissions=wanted, guild=where))

        def find(world: World) -> User:
            found = next((u for u in world.state.users.values() if name in (u.name, u.id)), None)
            if found is None:
                found = User(world.state.next_id(), name)
                world.state.users[found.id] = found
            for field, value in fields.items():
                setattr(found, field, value)
            member = where.members.get(found.id)
            if member is None:
                member = where.members[found.id] = Member(found, nick=nick)
                world.events.member("GUILD_MEMBER_ADD", where, member)
            new = [role.id for role in theirs if role.id not in member.roles]
            if new:
                member.roles += new
                world.events.member("GUILD_MEMBER_UPDATE", where, member)
            return found

        return Person(cast("LocalDiscord", self), self.inside(find), where)

    def other_bot(self, name: str = "Other Bot") -> Person:
        return self.user(name, is_bot=True)

    def role(
        self,
        name: str,
        *,
        permissions: Iterable[str] = (),
        mentionable: bool = False,
        guild: str | Guild | None = None,
    ) -> Role:
        """Made where there is none; permissions are added to it."""
        where = self.guild(guild)

        def find(world: World) -> Role:
            found = where.role_named(name) or where.roles.get(name)
            kind = "GUILD_ROLE_UPDATE"
            if found is None:
                kind = "GUILD_ROLE_CREATE"
                found = Role(world.state.next_id(), name, position=len(where.roles))
                where.roles[found.id] = found
            elif not (permissions or mentionable):
                return found
            found.permissions |= bits(permissions)
            found.is_mentionable = found.is_mentionable or mentionable
            world.events.role(kind, where, found)
            return found

        return self.inside(find)

    def channel(
        self,
        name: Place = "general",
        kind: str = "text",
        *,
        guild: str | Guild | None = None,
        tags: Iterable[str] = (),
        requires_tag: bool = False,
        parent: str | Channel | None = None,
        topic: str | None = None,
    ) -> Channel:
        """By name, id or as itself, made where there is none: text, announcement, forum, voice or category."""
        if isinstance(name, Channel):
            return name
        if isinstance(name, Message):
            return self.world.state.channels[name.channel]

        def find(world: World) -> Channel:
            known = world.state.channels.get(str(name))
            if known is not None:
                return known
            where = self.guild(guild)
            named = [c for c in where.channels.values() if c.name == name]
            if named:
                return named[0]
            made = self._new_channel(world, where, str(name), kind, is_told=False)
            made.topic, made.requires_tag = topic, requires_tag
            made.tags = [Tag(world.state.next_id(), tag) for tag in tags]
            if parent is not None:
                made.parent = self.channel(parent, "category", guild=where).id
            world.events.channel("CHANNEL_CREATE", made)
            return made

        return self.inside(find)

    def forum(self, name: str = "questions", *, tags: Iterable[str] = (), **fields: Any) -> Channel:
        return self.channel(name, "forum", tags=tags, **fields)

    def direct(self, person: Person | str) -> Channel:
        """The direct messages of the bot and one person."""
        id = person if isinstance(person, str) else person.id
        return self.inside(lambda world: world.state.direct(id))

    def threads(self, channel: Place) -> list[Channel]:
        """Below it, oldest first."""
        above = self.channel(channel)
        return self.inside(lambda w: [c for c in w.state.channels.values() if c.parent_channel is above])

    def thread_of(self, message: Message) -> Channel | None:
        """That was made from it."""
        return self.inside(lambda world: world.state.channels.get(message.id))

    def _new_channel(self, world: World, guild: Guild, name: str, kind: str, is_told: bool = True) -> Channel:
        made = Channel(world.state.next_id(), kind, name, guild.id, position=len(guild.channels))
        made.created_at = world.clock.now()
        guild.channels[made.id] = world.state.channels[made.id] = made
        if is_told:
            world.events.channel("CHANNEL_CREATE", made)
        return made
