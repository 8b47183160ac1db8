"""What a test lets happen to the API, the gateway, and the guilds."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from tests.servers.discord.buckets import REAL
from tests.servers.discord.channels import Channel, Overwrite
from tests.servers.discord.errors import Refused
from tests.servers.discord.faults import Fault
from tests.servers.discord.gateway import INVALID, RECONNECT, Connection, Gateway
from tests.servers.discord.guilds import FLAGS, Guild
from tests.servers.discord.permissions import bits
from tests.servers.discord.world import World

if TYPE_CHECKING:
    from tests.servers.discord.person import Person, Place

__all__ = ["Mishaps"]

T = TypeVar("T")
Json = dict[str, Any]


class Mishaps:
    """The part of LocalDiscord that makes trouble."""

    world: World
    gateway: Gateway

    if TYPE_CHECKING:

        def run(self, coroutine: Any, within_s: float = 20) -> Any: ...

        def inside(self, action: Callable[[World], T]) -> T: ...

        def guild(self, name: str | Guild | None = None) -> Guild: ...

        def channel(self, name: Place) -> Channel: ...

        async def _listen(self) -> None: ...

        async def _hang_up(self) -> None: ...

    # the REST API. Routes are written as in calls(): "POST /channels/{id}/messages"; "*" is all.

    def limit(
        self,
        route: str,
        retry_after: float = 1.0,
        times: float = 1,
        *,
        via: bool = True,
        global_: bool = False,
        **params: str,
    ) -> None:
        """The next calls are answered with 429; without via as Cloudflare does it, in plain text."""
        self.inside(lambda world: world.faults.limit(route, retry_after, times, via, global_, params))

    def pace(self, route: str, limit: int = 5, per_s: float = 5.0) -> None:
        """A bucket for each channel (or what else is major in the route); more calls are answered with 429."""
        self.inside(lambda world: world.buckets.pace(route, limit, per_s))

    def real_paces(self) -> None:
        """About the buckets that Discord has; without it they are generous."""
        for route, (limit, per_s) in REAL.items():
            self.pace(route, limit, per_s)

    def fail(
        self,
        route: str,
        status: int = 500,
        code: int = 0,
        times: float = 1,
        *,
        message: str | None = None,
        performed: bool = False,
        **params: str,
    ) -> None:
        """The next calls are refused; with performed they are carried out all the same."""
        known = Refused(code, message) if code else Refused(0, message or f"{status}: Internal Server Error")
        error = Refused(code, known.message, status=status)
        self.inside(lambda world: world.faults.plan(Fault(route, times, params, error, after=performed)))

    def lose_response(self, route: str, times: float = 1, **params: str) -> None:
        """The next calls are carried out, and the connection is cut before the answer."""
        self.inside(lambda world: world.faults.plan(Fault(route, times, params)))

    def slow(self, route: str, seconds: float) -> None:
        """Answers to the route, or to all with *, take this long from now on."""
        self.inside(lambda world: world.faults.slow(route, seconds))

    def heal(self) -> None:
        """No fault, delay or bucket of the REST API is left."""

        def clear(world: World) -> None:
            world.faults.clear()
            world.buckets.clear()

        self.inside(clear)

    def rest_down(self, status: int = 503) -> None:
        """Every call is answered with it, 0: with a cut connection. The gateway lives."""
        self.inside(lambda world: setattr(world.faults, "status", status))

    def rest_up(self) -> None:
        self.inside(lambda world: setattr(world.faults, "status", None))

    def down(self) -> None:
        """The whole server: connections are dropped and refused."""
        self.run(self._hang_up())

    def up(self) -> None:
        self.rest_up()
        self.gateway_up()
        self.run(self._listen())

    def reset_token(self) -> str:
        """The old one is worth nothing, and its sessions end with 4004. Gives the new one."""

        def reset(world: World) -> str:
            number = int(world.token.rpartition("-")[2]) + 1
            world.token = f"{world.token.rpartition('-')[0]}-{number}"
            for session in world.sessions.all.values():
                session.is_over = True
            return world.token

        made = self.inside(reset)
        self.drop(4004)
        return made

    # the gateway

    def gateway_down(self) -> None:
        """Its connections are dropped, new ones answered with 503. REST lives."""
        self.inside(lambda world: setattr(world, "is_gateway_down", True))
        self.drop()

    def gateway_up(self) -> None:
        self.inside(lambda world: setattr(world, "is_gateway_down", False))

    def drop(self, code: int | None = None, shard: int | None = None) -> None:
        """Every connection, or that of a shard: with a close code, or without a word."""
        self._each(lambda c: c.abort() if code is None else c.close(code), shard)

    def reconnect(self, shard: int | None = None) -> None:
        """Discord asks the app to connect anew and resume (op 7)."""
        self._each(lambda connection: connection.send(RECONNECT), shard)

    def invalidate(self, resumable: bool = False, shard: int | None = None) -> None:
        """The session is worth nothing any more, unless it is resumable (op 9)."""

        def end(connection: Connection) -> None:
            if connection.session is not None and not resumable:
                connection.session.end()
            connection.send(INVALID, resumable)

        self._each(end, shard)

    def forget_sessions(self) -> None:
        """None can be resumed; those that are connected stay so. Resuming is answered with op 9."""

        def forget(world: World) -> None:
            for session in world.sessions.all.values():
                session.may_resume = False

        self.inside(forget)

    def silence(self, is_silent: bool = True) -> None:
        """Heartbeats are not acknowledged."""
        self.inside(lambda world: setattr(world, "is_silent", is_silent))

    def send_raw(self, event: str, data: Any) -> None:
        """Any dispatch, to every session: unknown events, malformed data."""
        self.inside(lambda world: world.sessions.broadcast(event, data))

    def send_text(self, text: str) -> None:
        """A frame of the test's own over every connection."""
        self._each(lambda connection: connection.send_text(text), None)

    def duplicate(self, event: str, times: int = 1) -> None:
        """The next of these dispatches come twice."""
        self.inside(lambda world: world.sessions.duplicates.__setitem__(event, times))

    def identify_pace(self, every_s: float = 5.0, max_concurrency: int = 1) -> None:
        """Faster identifies are answered with op 9."""

        def change(world: World) -> None:
            world.identify_every_s, world.max_concurrency = every_s, max_concurrency

        self.inside(change)

    def without_message_content(self) -> None:
        """The application may not have the intent: asking for it is answered with 4014, REST gives no content."""

        def take(world: World) -> None:
            names = ("gateway_message_content", "gateway_message_content_limited")
            for name in names:
                world.state.application.flags &= ~FLAGS[name]

        self.inside(take)

    def with_flag(self, name: str) -> None:
        """Of the application, such as gateway_guild_members_limited."""
        self.inside(lambda w: setattr(w.state.application, "flags", w.state.application.flags | FLAGS[name]))

    def _each(self, action: Callable[[Connection], None], shard: int | None) -> None:
        def act(_: World) -> None:
            for connection in list(self.gateway.connections):
                if shard is None or (connection.session is not None and connection.session.shard == shard):
                    action(connection)

        self.inside(act)

    # guilds and channels

    def remove_permission(self, channel: Place, *names: str) -> None:
        """From the bot, in one channel: view_channel, send_messages, embed_links…"""
        self._overwrite(channel, names, is_allowed=False)

    def give_permission(self, channel: Place, *names: str) -> None:
        self._overwrite(channel, names, is_allowed=True)

    def _overwrite(self, channel: Place, names: tuple[str, ...], is_allowed: bool) -> None:
        where = self.channel(channel)
        where = where.parent_channel or where

        def change(world: World) -> None:
            id = world.state.bot.id
            found = where.overwrites.setdefault(id, Overwrite(id, is_role=False))
            wanted = bits(names)
            found.allow = found.allow | wanted if is_allowed else found.allow & ~wanted
            found.deny = found.deny & ~wanted if is_allowed else found.deny | wanted
            world.events.channel("CHANNEL_UPDATE", where)

        self.inside(change)

    def hide(self, channel: Place, *roles: str) -> None:
        """From everybody but these roles, by name, and the bot's own."""
        where = self.channel(channel)

        def change(world: World) -> None:
            guild = world.state.guild_of(where)
            assert guild is not None
            view = bits("view_channel")
            where.overwrites[guild.id] = Overwrite(guild.id, is_role=True, deny=view)
            for name in (*roles, world.state.bot.name):
                role = guild.role_named(name)
                assert role is not None, f"There is no role {name!r}."
                where.overwrites[role.id] = Overwrite(role.id, is_role=True, allow=view)
            world.events.channel("CHANNEL_UPDATE", where)

        self.inside(change)

    def take_role(self, person: Person, name: str) -> None:
        """From a member; user(…, roles=[…]) gives them."""

        def take(world: World) -> None:
            role = person.guild.role_named(name)
            member = person.guild.members[person.id]
            assert role is not None, f"There is no role {name!r}."
            member.roles.remove(role.id)
            world.events.member("GUILD_MEMBER_UPDATE", person.guild, member)

        self.inside(take)

    def archive(self, thread: Place, locked: bool = False) -> None:
        where = self.channel(thread)

        def close(world: World) -> None:
            where.is_archived, where.is_locked = True, locked
            where.archived_at = world.clock.now()
            world.events.thread("THREAD_UPDATE", where)

        self.inside(close)

    def delete_channel(self, channel: Place) -> None:
        """Or a thread."""
        where = self.channel(channel)
        self.inside(lambda world: world.drop_channel(where))

    def kick_bot(self, guild: str | Guild | None = None) -> None:
        """GUILD_DELETE, and missing access from then on."""
        where = self.guild(guild)

        def kick(world: World) -> None:
            world.events.guild_left(where)
            where.has_bot = False

        self.inside(kick)

    def invite_bot(self, guild: str | Guild | None = None) -> None:
        """Back again."""
        where = self.guild(guild)

        def invite(world: World) -> None:
            where.has_bot = True
            world.events.guild_joined(where)

        self.inside(invite)

    def guild_down(self, guild: str | Guild | None = None) -> None:
        """An outage: GUILD_DELETE with unavailable."""
        where = self.guild(guild)

        def fall(world: World) -> None:
            world.events.guild_left(where, is_outage=True)
            where.is_available = False

        self.inside(fall)

    def guild_up(self, guild: str | Guild | None = None) -> None:
        where = self.guild(guild)

        def rise(world: World) -> None:
            where.is_available = True
            world.events.guild_joined(where, is_new=False)

        self.inside(rise)
